"""What a change of many runs did, kept for a day so that it can be taken back."""

from django.db import models

from runs.models.workspace import User, Workspace


class Undo(models.Model):
    """One change of many runs, with what each had before."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    action = models.CharField(max_length=16)
    # [number of the run, what it had before] of each run that was changed.
    changes = models.JSONField(default=list)
    # What the change was about: {"key": …, "value": …} of a tag.
    about = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.action} of {len(self.changes)} runs"

"""What happened to a run: its history and, until processed, the outbox of messages and engines."""

from django.db import models
from django.db.models import Q

from runs.models.run import Run
from runs.models.workspace import User, Workspace


class RunEvent(models.Model):
    """One change, written in the transaction of the change itself. Never altered."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="events")
    workspace = models.ForeignKey(Workspace, models.CASCADE)
    kind = models.CharField(max_length=32)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    details = models.JSONField(default=dict)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The Activity tab, newest first.
            models.Index(fields=["run", "-id"], name="event_of_run"),
            # The outbox.
            models.Index(fields=["id"], name="event_outbox", condition=Q(processed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"

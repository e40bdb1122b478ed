"""What happened: to a run, whose events are also the outbox of messages and engines; and to a workspace."""

from django.db import models
from django.db.models import Q

from runs.models.run import Run
from runs.models.stored import Stored
from runs.models.workspace import User, Workspace


class RunEvent(Stored):
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


class WorkspaceEvent(Stored):
    """A change of a workspace's people, of what opens it, or of whole experiments. Never altered."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=32)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Who they were called at the time: the row says so also when the person is gone.
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict)

    class Meta:
        # Settings → Activity, newest first.
        indexes = [models.Index(fields=["workspace", "-id"], name="workspace_event_newest")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"

"""Changes of many runs: what is to be done, how far it is, what was refused, and what takes it back."""

from django.db import models
from django.utils import timezone

from runs.models.stored import Stored
from runs.models.workspace import User, Workspace


class BulkChange(Stored):
    """One change of many runs, kept for a day. It goes on in parts, each in a transaction with its changes."""

    RUNNING, DONE, STOPPED, FAILED = "running", "done", "stopped", "failed"
    # What nothing takes back.
    FINAL = ("cancel", "undo")

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    action = models.CharField(max_length=16)
    # What the change is about: {"key": …, "value": …} of a tag, {"reason": …} of a cancellation.
    about = models.JSONField(default=dict)
    # Of an "undo": the change that it takes back.
    undoes = models.ForeignKey("self", models.CASCADE, null=True, related_name="+")

    # The numbers of the runs, in the order in which they are changed.
    numbers = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    # {"reason": …, "count": …, "names": [the first of them]}
    refused = models.JSONField(default=list)
    # There were more runs than one change takes.
    is_cut = models.BooleanField(default=False)

    at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    # An error of the studio's own ended it, after it was tried for half an hour.
    is_given_up = models.BooleanField(default=False)
    # Undone, or being undone, since.
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.action} of {self.total} runs"

    @property
    def state(self) -> str:
        """Whether it goes on, went through all runs, was stopped before, or could not be gone on with."""
        if self.ended_at is None:
            return self.RUNNING
        if self.is_given_up:
            return self.FAILED
        return self.DONE if self.taken == self.total else self.STOPPED

    @property
    def can_be_undone(self) -> bool:
        """Whether there is something to take back, and nobody has yet."""
        is_over = self.ended_at is not None and self.used_at is None
        return is_over and self.done > 0 and self.action not in self.FINAL

    def end(self) -> None:
        """It goes no further."""
        self.ended_at = timezone.now()


class BulkPart(Stored):
    """What the runs of one part of a change had before."""

    change = models.ForeignKey(BulkChange, models.CASCADE, related_name="parts", db_index=False)
    # How many runs the parts before it changed.
    start = models.PositiveIntegerField()
    # [number of the run, what it had before] of each run that was changed.
    before = models.JSONField()

    class Meta:
        # Parts are read one by one, in order.
        constraints = [models.UniqueConstraint(fields=["change", "start"], name="bulk_part_once")]

    def __str__(self) -> str:
        return f"{len(self.before)} runs from {self.start} of change {self.change_id}"

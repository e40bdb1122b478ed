"""How far a run has got on its way to an engine: written before and after the engine is asked."""

from django.db import models
from django.db.models import Q

from runs.models.compute import ComputeTarget
from runs.models.run import Run
from runs.models.stored import Stored


class Dispatch(Stored):
    """One run that was submitted to a compute target. A worker that dies leaves it to the next."""

    # In the queue; perhaps with the engine; surely with the engine; nothing more to do.
    WAITING, SUBMITTING, SUBMITTED, ENDED = "waiting", "submitting", "submitted", "ended"
    LIVE = (WAITING, SUBMITTING, SUBMITTED)

    run = models.OneToOneField(Run, models.CASCADE, related_name="dispatch")
    target = models.ForeignKey(ComputeTarget, models.SET_NULL, null=True, related_name="dispatches")
    state = models.CharField(max_length=12, default=WAITING)
    # What the engine calls it.
    job_id = models.CharField(max_length=300, blank=True)
    # Failures in a row to reach the engine, and the last one's words.
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    # When it is looked at next; a worker that takes it moves this on by a lease.
    next_at = models.DateTimeField()
    # Since when the engine says that the job is over, while the run has not said so.
    gone_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # What falls due, and what waits for a target.
            models.Index(
                fields=["state", "next_at"],
                name="dispatch_due",
                condition=Q(state__in=["waiting", "submitting", "submitted"]),
            )
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} ({self.state})"

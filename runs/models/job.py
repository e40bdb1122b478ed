"""Background work with leases, and the keys that make a repeated request harmless."""

from django.db import models
from django.db.models import Q

from runs.models.stored import Stored


class Job(Stored):
    """Something the worker must do at least once. A lease that ran out goes to another worker."""

    READY, LEASED, DONE, GIVEN_UP = "ready", "leased", "done", "given up"

    name = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default=READY)
    priority = models.SmallIntegerField(default=0)
    run_after = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    # One waiting job for the same thing is enough.
    dedupe = models.CharField(max_length=256, null=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe"],
                name="job_once",
                condition=Q(state__in=["ready", "leased"]) & Q(dedupe__isnull=False),
            )
        ]
        indexes = [
            # The next job to take.
            models.Index(
                fields=["state", "-priority", "run_after"],
                name="job_next",
                condition=Q(state__in=["ready", "leased"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"


class IdempotencyKey(Stored):
    """A request that was carried out, by the key its sender gave it: sent again, it changes nothing."""

    scope = models.CharField(max_length=64)  # "run:12" or "workspace:1"
    key = models.CharField(max_length=200)
    # The ids of the runs that it made: hundreds of children at once.
    answer = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"

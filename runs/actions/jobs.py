"""Background jobs with leases: done at least once, never lost with a worker that dies."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from runs.models import Job
from runs.transaction import write

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 10
FILES_A_JOB = 1000


def enqueue(
    name: str,
    payload: Mapping[str, Any],
    *,
    dedupe: str | None = None,
    run_after: datetime | None = None,
    priority: int = 0,
) -> None:
    """Ask the worker for something, inside the transaction of the change that needs it.

    A job with the same `dedupe` that still waits or runs is enough; then nothing is added.
    """
    now = timezone.now()
    job = Job(
        name=name,
        payload=dict(payload),
        dedupe=dedupe,
        run_after=run_after or now,
        priority=priority,
        created_at=now,
    )
    Job.objects.bulk_create([job], ignore_conflicts=True)


def enqueue_deletion(keys: Iterable[str]) -> None:
    """Ask for the bytes of these keys to be deleted, inside the transaction that deletes their rows.

    So a row never points at bytes that are not there, and a process that is killed in between leaves none behind.
    """
    known = list(keys)
    for start in range(0, len(known), FILES_A_JOB):
        enqueue("delete files", {"keys": known[start : start + FILES_A_JOB]})


def hurry(dedupe: str) -> None:
    """Let this job, which waits for its time, be the next."""
    Job.objects.filter(state=Job.READY, dedupe=dedupe).update(run_after=timezone.now(), priority=1)


def lease_job(worker: str, now: datetime | None = None) -> Job | None:
    """Take the next job for a minute, or None. One whose lease ran out is taken again."""
    now = now or timezone.now()
    waiting = Q(state=Job.READY, run_after__lte=now) | Q(state=Job.LEASED, lease_until__lt=now)
    with write():
        rows = Job.objects.filter(waiting).order_by("-priority", "run_after", "id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        job = rows.first()
        if job is None:
            return None
        job.state, job.worker, job.lease_until = Job.LEASED, worker, now + LEASE
        job.attempts += 1
        job.save(update_fields=["state", "worker", "lease_until", "attempts"])
    return job


def renew_lease(job: Job) -> bool:
    """Keep the job for another minute. False when the lease ran out and another worker has it."""
    return bool(_mine(job).update(lease_until=timezone.now() + LEASE))


def finish_job(job: Job) -> bool:
    """The job is done. False when the lease ran out and another worker has it."""
    return bool(_mine(job).update(state=Job.DONE, done_at=timezone.now(), lease_until=None))


def fail_job(job: Job, error: str) -> bool:
    """It did not work: try again later, each time after twice as long, and give up visibly after ten attempts."""
    now = timezone.now()
    given_up = job.attempts >= MOST_ATTEMPTS
    return bool(
        _mine(job).update(
            state=Job.GIVEN_UP if given_up else Job.READY,
            run_after=now + timedelta(seconds=min(3600, 2**job.attempts)),
            done_at=now if given_up else None,
            lease_until=None,
            last_error=error[:3000],
            attempts=F("attempts"),
        )
    )


def purge_jobs(before: datetime) -> int:
    """Forget jobs that were done before that time; those given up stay to be seen."""
    return Job.objects.filter(state=Job.DONE, done_at__lt=before).delete()[0]


def _mine(job: Job) -> Any:
    # A worker that lost its lease must not finish the next one's attempt.
    return Job.objects.filter(pk=job.pk, state=Job.LEASED, worker=job.worker, attempts=job.attempts)

"""Runs whose promised heartbeats stopped: first they do not respond, then they are lost."""

from datetime import datetime, timedelta

from django.utils import timezone

from runs.actions.moves import finish, lock, move
from runs.lifecycle import WATCHED, Status
from runs.models import Run
from runs.transaction import write


def reap_silent_runs(now: datetime | None = None) -> int:
    """Mark runs whose promised heartbeats stopped: NotResponding first, Failed (HeartbeatLost) after a day.

    Returns how many were changed. Runs that never promised heartbeats are left alone.
    """
    now = now or timezone.now()
    changed = 0
    watched = Run.objects.filter(heartbeat_at__isnull=False, ended_at__isnull=True, deleted_at=None)
    for run in watched.filter(heartbeat_at__lt=now - timedelta(seconds=30)).select_related("workspace"):
        silent = (now - run.heartbeat_at).total_seconds() if run.heartbeat_at else 0.0
        if silent > run.workspace.lost_after_s:
            changed += _lose(run, now)
        elif silent > run.workspace.silent_after_s and run.status in {*WATCHED}:
            changed += _mark_silent(run, now)
    return changed


def _mark_silent(run: Run, now: datetime) -> int:
    with write():
        row = lock(run)
        if row.status not in WATCHED or not _is_still(row, run):
            return 0
        said = f"No heartbeat for over {run.workspace.silent_after_s} seconds."
        move(row, Status.NOT_RESPONDING, by=None, at=now, kind="not responding", reason=said)
    return 1


def _lose(run: Run, now: datetime) -> int:
    with write():
        row = lock(run)
        if row.is_ended or not _is_still(row, run):
            return 0
        row.error_code = "HeartbeatLost"
        row.error_message = f"No heartbeat since {row.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC."
        row.save(update_fields=["error_code", "error_message"])
        finish(row, Status.FAILED, by=None, at=now, kind="failed", reason=row.error_message)
    return 1


def _is_still(row: Run, run: Run) -> bool:
    """Whether it neither was heard since, nor thrown away."""
    return row.deleted_at is None and row.heartbeat_at == run.heartbeat_at

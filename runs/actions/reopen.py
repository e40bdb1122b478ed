"""A run that has ended goes on: whoever ran it resumes it."""

from typing import Any

from django.utils import timezone

from runs.actions.moves import lock, move
from runs.errors import Conflict
from runs.lifecycle import Status
from runs.models import Run, User
from runs.transaction import write

KIND = "reopened"
_AS_NEW: dict[str, Any] = {
    "ended_at": None,
    "end_received_at": None,
    "duration_s": None,
    "error_code": "",
    "error_message": "",
    "error_details": {},
    "cancel_requested_at": None,
    "cancel_requested_by": None,
    "cancel_told_at": None,
}


def reopen_run(run: Run, *, by: User, heartbeat: bool = False) -> Run:
    """Running again, from an end of any kind; what it logged stays. One that is Running already is left as it is.

    How it had ended stays in the history. With `heartbeat` the caller promises to send them from now on. Raises
    Conflict for a run that waits to begin or was asked to stop, and for one that the studio executed: its program is
    over, and is run again by resubmitting it.
    """
    now = timezone.now()
    with write():
        row = lock(run)
        if row.status == Status.RUNNING:
            return row
        if row.definition:
            raise Conflict(
                f"{row.display_name} was executed on {row.target or 'a compute target'} and its program is over;"
                " resubmit it instead.",
                status=row.status,
            )
        move(row, Status.RUNNING, by=by, at=now, kind=KIND, reason="", reopen=True)
        row.started_at = row.started_at or now
        row.heartbeat_at = now if heartbeat else None
        for field, value in _AS_NEW.items():
            setattr(row, field, value)
        row.save(update_fields=["started_at", "heartbeat_at", *_AS_NEW])
    return row

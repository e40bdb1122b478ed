"""Repair by hand: a run that nobody ends any more is marked as what it became."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from runs.actions.run import MARKED, end_run
from runs.errors import Conflict, Invalid
from runs.lifecycle import ENDED, Status
from runs.limits import REASON_LENGTH, clean_text
from runs.models import Run, User

# A script that has been heard within this time is alive: it is canceled, not marked.
HEARD_LATELY = timedelta(seconds=30)
# So long a script may take to end after it was told to.
TIME_TO_STOP = timedelta(seconds=60)


def mark_run(run: Run, status: str, *, by: User, reason: str) -> Run:
    """End a stuck run as Completed, Failed or Canceled. The reason is kept in its history; again is no error.

    Raises Conflict for a run whose script is alive and was not asked to stop, and for one that has ended otherwise.
    A script that beats afterwards hears the end and stops logging heartbeats; the run stays ended.
    """
    if status not in ENDED:
        raise Invalid(
            f"A run is marked as Completed, Failed or Canceled, not as {status[:40]!r}.", field="status"
        )
    reason = clean_text(reason.strip(), "The reason", length=REASON_LENGTH)
    if run.status != status:
        check_stuck(run)
    error: dict[str, Any] = {}
    if status == Status.FAILED:
        error = {"error_code": "MarkedByHand", "error_message": reason}
    return end_run(run, Status(status), by=by, kind=MARKED, reason=reason, **error)


def check_stuck(run: Run) -> None:
    """Raise Conflict, saying what to do instead, while the run's script is alive."""
    now, heard = timezone.now(), run.heartbeat_at
    if run.is_ended or heard is None or run.status == Status.NOT_RESPONDING or now - heard > HEARD_LATELY:
        return
    asked = run.cancel_requested_at
    if asked is not None and now - asked > TIME_TO_STOP:
        return
    seconds = max(1, round((now - heard).total_seconds()))
    instead = (
        "it was asked to stop just now and gets a minute for it."
        if asked
        else "cancel it instead, so that it stops."
    )
    raise Conflict(
        f"{run.display_name} is alive, its script was heard {seconds} s ago: {instead}", field="status"
    )


def is_stuck(run: Run) -> bool:
    """Whether it may be marked by hand."""
    try:
        check_stuck(run)
    except Conflict:
        return False
    return not run.is_ended

"""Scripts that send no heartbeats are told of a cancel by what their next write is answered.

A run without heartbeats is Canceled as soon as somebody cancels it, while its script goes on and knows of nothing.
"""

from django.utils import timezone

from runs.actions import events
from runs.actions.moves import lock
from runs.errors import Conflict
from runs.lifecycle import Status
from runs.models import Run, User
from runs.transaction import write

TOLD, HEARD = "cancel told", "script ended"


def check_not_canceled(run: Run) -> None:
    """Raise Conflict, with a sentence for the script, while it should stop: the run was cancelled here.

    Not where the workspace says that such scripts may go on, nor once the script has said that it has ended: what is
    written then is somebody's work on the run.
    """
    if run.status != Status.CANCELED or run.cancel_requested_at is None or not run.workspace.stops_canceled:
        return
    if run.events.filter(kind=HEARD, at__gte=run.cancel_requested_at).exists():
        return
    if run.cancel_told_at is None:
        now = timezone.now()
        with write():
            row = lock(run)
            if row.cancel_told_at is None:
                row.cancel_told_at = now
                row.save(update_fields=["cancel_told_at"])
                events.record(row, TOLD, by=None, at=now)
    by = run.cancel_requested_by
    raise Conflict(
        f"The run {run.display_name} was canceled in the studio{f' by {by.username}' if by else ''}: its script is"
        " asked to stop, and nothing more is taken from it.",
        status=run.status,
    )


def note_end_of_script(run: Run, *, by: User) -> None:
    """Its script says that it has ended, some time after the run was cancelled here. Again changes nothing."""
    if run.status != Status.CANCELED or run.cancel_requested_at is None:
        return
    with write():
        row = lock(run)
        if not row.events.filter(kind=HEARD, at__gte=run.cancel_requested_at).exists():
            events.record(row, HEARD, by=by, at=timezone.now())

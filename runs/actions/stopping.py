"""Cancels that nobody confirms: no run stays between running and canceled."""

from datetime import datetime, timedelta

from django.utils import timezone

from runs.actions.cancel_deadline import LAST
from runs.actions.run import end_run
from runs.errors import Conflict
from runs.lifecycle import Status
from runs.models import Run


def close_unconfirmed_cancels(now: datetime | None = None) -> int:
    """End as Canceled what was asked to stop two minutes ago and did not say that it has. Returns how many.

    The reason says what is known of the script, which may still run: its heartbeats go on being told to stop.
    """
    now, closed = now or timezone.now(), 0
    for run in unconfirmed_cancels(now):
        try:
            end_run(run, Status.CANCELED, by=None, kind="canceled", reason=_why(run, now))
            closed += 1
        except Conflict:  # it has ended at this moment, in its own way
            continue
    return closed


def unconfirmed_cancels(now: datetime) -> list[Run]:
    """The runs that were asked to stop two minutes ago, and have not ended; what lies in the trash is left alone."""
    asked = Run.objects.filter(cancel_requested_at__lt=now - LAST, ended_at__isnull=True, deleted_at=None)
    return list(asked.select_related("workspace", "experiment", "cancel_requested_by").order_by("id"))


def _why(run: Run, now: datetime) -> str:
    by = run.cancel_requested_by.username if run.cancel_requested_by else "somebody"
    said = f"Nobody confirmed the cancel by {by} within two minutes"
    if run.cancel_told_at is None:
        return f"{said}: its script was not heard any more."
    heard = run.heartbeat_at
    if heard is not None and now - heard < timedelta(seconds=run.workspace.silent_after_s):
        return f"{said}: its script was told to stop, and still sends heartbeats."
    return f"{said}: its script was told to stop, and has fallen silent."

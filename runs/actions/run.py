"""The life of runs: create, start, heartbeat, complete, fail, cancel. Each leaves one event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from runs.access import gone
from runs.actions import events
from runs.actions.moves import finish, lock, move
from runs.actions.queue import wait_for_target
from runs.actions.run_tokens import renew_run_tokens
from runs.lifecycle import Status, check_move, is_ended
from runs.limits import DETAILS_LENGTH, NAME_LENGTH, REASON_LENGTH, check_mapping, clean_text
from runs.models import Run, User
from runs.models.tree import rows_below
from runs.transaction import write

# How often a heartbeat is written down; the beats between only ask whether somebody cancelled.
BEAT_WRITTEN_EVERY = timedelta(seconds=10)
NEXT_BEAT_S = 2
# Errors by which a supervisor, or what outlives it, says that it was ended from outside. Of a run that somebody has
# cancelled that is the cancel; of any other one nobody has asked for it.
STOPPED = "SupervisorStopped"
ENDED_FROM_OUTSIDE = frozenset({STOPPED, "SupervisorKilled"})
# Kinds of events: a stuck run was ended by hand, and its script was heard after all.
MARKED, HEARD_AGAIN = "marked by hand", "heard after its end"


@dataclass(frozen=True)
class Beat:
    """The answer to a heartbeat: how the run stands, and whether it is asked to stop, by whom."""

    status: str
    cancel_requested: bool
    cancel_requested_by: str | None = None
    next_s: int = NEXT_BEAT_S


def start_run(run: Run, *, by: User, heartbeat: bool = False) -> Run:
    """Running, from now on. With `heartbeat` the caller promises to send them. Starting twice is no error."""
    now = timezone.now()
    with write():
        row = lock(run)
        if row.status == Status.RUNNING:
            return row
        move(row, Status.RUNNING, by=by, at=now, kind="started", reason="")
        row.started_at = row.started_at or now
        row.heartbeat_at = now if heartbeat else row.heartbeat_at
        row.save(update_fields=["started_at", "heartbeat_at"])
    return row


def move_run(run: Run, status: Status, *, by: User | None, reason: str = "", heartbeat: bool = False) -> Run:
    """A step on the way to running or to the end: queued, preparing, finalizing. The same step again is no error.

    With `heartbeat` the caller promises to send them from now on. Queued hands a run with a compute target over to the
    worker.
    """
    reason, now = clean_text(reason, "The reason", length=REASON_LENGTH, empty=True), timezone.now()
    with write():
        row = lock(run)
        if row.status != status:
            move(row, status, by=by, at=now, kind=status.value, reason=reason)
        if status == Status.QUEUED:
            wait_for_target(row, now)
        if heartbeat:
            row.heartbeat_at = now
            row.save(update_fields=["heartbeat_at"])
    return row


def heartbeat(run: Run, *, by: User) -> Beat:
    """Note that somebody is behind the run, and say whether it should stop.

    A run that was silent returns to Running. The clock of the server decides, never the caller's. A beat for an
    ended run changes nothing, except that the history tells once when a run that was marked by hand is alive.
    """
    now = timezone.now()
    if run.is_ended:
        if run.heartbeat_at is not None:
            _note_afterlife(run, now)
        return beat_of(run)
    is_untold = run.status == Status.CANCEL_REQUESTED and run.cancel_told_at is None
    is_due = run.heartbeat_at is None or now - run.heartbeat_at >= BEAT_WRITTEN_EVERY
    if not (is_due or is_untold or run.status == Status.NOT_RESPONDING):
        return beat_of(run)
    with write():
        row = lock(run)
        if row.deleted_at is not None:
            raise gone(row)
        if not row.is_ended:
            row.heartbeat_at = now
            row.save(update_fields=["heartbeat_at"])
            _note_told(row, now)
            if row.definition:
                renew_run_tokens(row, now=now)
        if row.status == Status.NOT_RESPONDING:
            back = Status.RUNNING if row.cancel_requested_at is None else Status.CANCEL_REQUESTED
            move(row, back, by=by, at=now, kind="responding again", reason="")
    return beat_of(row)


def _note_told(run: Run, now: datetime) -> None:
    """The answer to this beat tells the script to stop: from now on it knows."""
    if run.status == Status.CANCEL_REQUESTED and run.cancel_told_at is None:
        run.cancel_told_at = now
        run.save(update_fields=["cancel_told_at"])
        events.record(run, "cancel told", by=None, at=now)


def _note_afterlife(run: Run, now: datetime) -> None:
    """A run that was marked by hand beats: whoever marked it should know, once, that its script was alive."""
    kinds = set(run.events.filter(kind__in=(MARKED, HEARD_AGAIN)).values_list("kind", flat=True))
    if kinds == {MARKED}:
        with write():
            events.record(lock(run), HEARD_AGAIN, by=None, at=now, status=run.status)


def beat_of(run: Run) -> Beat:
    """What a heartbeat answers for this run."""
    asked = run.status == Status.CANCEL_REQUESTED or run.status == Status.CANCELED
    name = run.cancel_requested_by.username if asked and run.cancel_requested_by else None
    return Beat(run.status, asked, name)


def complete_run(run: Run, *, by: User, ended_at: datetime | None = None) -> Run:
    """Completed. Again is no error; Conflict when it has ended otherwise.

    `ended_at`, of this end and of the others: when it really ended, where it is told later than it happened.
    """
    return end_run(run, Status.COMPLETED, by=by, kind="completed", ended_at=ended_at)


def fail_run(
    run: Run,
    *,
    by: User | None,
    message: str = "",
    code: str = "",
    details: Mapping[str, Any] | None = None,
    reason: str = "",
    ended_at: datetime | None = None,
) -> Run:
    """Failed, with what is known of the error. Again is no error; Conflict when it has ended otherwise.

    `message` is for people, `code` for scripts ("UserError"), `details` holds the stack trace and the like. Texts
    over the limits lose their middle, with a note: an error must always arrive. A run that was cancelled, and whose
    supervisor was then ended from outside, is Canceled.
    """
    message = shortened(clean_text(message, "The error message", length=10**9, empty=True), REASON_LENGTH)
    code = clean_text(code, "The error code", length=NAME_LENGTH, empty=True)
    reason = reason or message.split("\n", 1)[0]
    with write():
        if code in ENDED_FROM_OUTSIDE and lock(run).cancel_requested_at is not None:
            return confirm_canceled(run, by=by, reason=reason, ended_at=ended_at)
        return end_run(
            run,
            Status.FAILED,
            by=by,
            kind="failed",
            reason=reason,
            ended_at=ended_at,
            error_message=message,
            error_code=code,
            error_details=_clean_details(details or {}),
        )


def cancel_run(run: Run, *, by: User, reason: str = "", children: bool = False) -> Run:
    """Ask the run to stop, and with `children` all its active descendants.

    A run with somebody behind it becomes CancelRequested until they confirm; one with nobody is Canceled at once.
    Cancelling twice is no error; Conflict when it has ended otherwise.
    """
    reason = clean_text(reason, "The reason", length=REASON_LENGTH, empty=True)
    with write():
        row = lock(run)
        if row.status not in (Status.CANCELED, Status.CANCEL_REQUESTED):
            _cancel(row, by=by, reason=reason)
        if children:
            for child in active_descendants(row):
                locked = lock(child)
                if not locked.is_ended and locked.status != Status.CANCEL_REQUESTED:
                    _cancel(locked, by=by, reason=reason or f"{row.display_name} was canceled")
    return row


def _cancel(run: Run, *, by: User, reason: str) -> None:
    now = timezone.now()
    check_move(run.status, Status.CANCEL_REQUESTED, name=run.display_name)
    run.cancel_requested_at, run.cancel_requested_by, run.cancel_told_at = now, by, None
    run.save(update_fields=["cancel_requested_at", "cancel_requested_by", "cancel_told_at"])
    said = reason or f"canceled by {by.username}"
    if run.heartbeat_at is None:  # nobody is behind it who could confirm
        finish(run, Status.CANCELED, by=by, at=now, kind="canceled", reason=said)
    else:
        move(run, Status.CANCEL_REQUESTED, by=by, at=now, kind="cancel requested", reason=said)


def confirm_canceled(run: Run, *, by: User | None, reason: str = "", ended_at: datetime | None = None) -> Run:
    """Canceled: whoever ran it says that it has stopped, asked or by itself (Ctrl-C)."""
    reason = shortened(clean_text(reason, "The reason", length=10**9, empty=True), REASON_LENGTH)
    return end_run(run, Status.CANCELED, by=by, kind="canceled", reason=reason, ended_at=ended_at)


def active_descendants(run: Run) -> list[Run]:
    """The runs below this one that have not ended, at any depth."""
    tree = Run.objects.filter(root_id=run.top_id, deleted_at=None).only("id", "parent_id", "status")
    return [row for row in rows_below(tree, run.pk) if not is_ended(row.status)]


def end_run(
    run: Run,
    status: Status,
    *,
    by: User | None,
    kind: str,
    reason: str = "",
    ended_at: datetime | None = None,
    **fields: Any,
) -> Run:
    """End the run in this status, with the values of further fields. Again is no error; Conflict otherwise."""
    with write():
        row = lock(run)
        if row.status == status:
            return row
        check_move(row.status, status, name=row.display_name)
        for field, value in fields.items():
            setattr(row, field, value)
        if fields:
            row.save(update_fields=[*fields])
        if ended_at is not None:
            row.end_received_at = timezone.now()
        finish(row, status, by=by, at=timezone.now(), kind=kind, reason=reason, ended_at=ended_at)
    return row


def shortened(text: str, length: int) -> str:
    """The text, its middle replaced by a note where it is longer than `length` characters."""
    if len(text) <= length:
        return text
    note = f"\n… {len(text) - length:,} characters left out …\n"
    half = (length - len(note)) // 2
    return text[:half] + note + text[-half:]


def _clean_details(details: Mapping[str, Any]) -> dict[str, str]:
    pairs = check_mapping(details, "details")
    texts = {str(key): str(value) for key, value in list(pairs.items())[:50]}
    return {
        clean_text(key, "details", length=NAME_LENGTH): shortened(
            clean_text(value, f"details.{key}", length=10**9, empty=True), DETAILS_LENGTH
        )
        for key, value in texts.items()
    }


def count_child(parent: Run) -> None:
    """Note on the parent that it has one child more."""
    Run.objects.filter(pk=parent.pk).update(child_count=F("child_count") + 1)

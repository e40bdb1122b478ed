"""Changes of many runs: begun in the request, gone on with by the worker, stopped, and taken back.

Each run is changed wholly or not at all; what is refused, and why, is told at the end.
"""

import time
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from runs.access import Caller, run_numbers
from runs.actions import jobs
from runs.actions.bulk_parts import SIZE, need_of, note_refusal, take_part
from runs.errors import Conflict, Invalid, NotFound
from runs.limits import REASON_LENGTH, clean_key, clean_text, clean_value
from runs.models import BulkChange, BulkPart, User, Workspace
from runs.transaction import write

ACTIONS = tuple(SIZE)
MOST_RUNS = 10_000
# How long the request goes on by itself. The worker does the rest, for a while at a time: it has other work, too.
AT_ONCE_S = 1.0
IN_WORKER_S = 2.0
# Others who wait to write get their turn between two parts.
PAUSE_S = 0.02
UNDO_FOR = timedelta(hours=24)
JOB = "change runs"
# Should the server be stopped half-way: when the worker looks after it.
LOOKED_AFTER = timedelta(seconds=30)


def change_runs(
    workspace: Workspace,
    numbers: Sequence[int],
    *,
    action: str,
    by: User,
    key: str = "",
    value: str | None = None,
    reason: str = "",
    missing: Collection[str] = (),
    is_cut: bool = False,
) -> BulkChange:
    """Do the action of this name with these runs, whose right to be changed was checked.

    What cannot be done in a second goes on in the worker: then the change that is returned has not ended. `missing`
    are names that were asked for and are none. Raises Invalid for an action, a tag or a number that cannot be.
    """
    if len(numbers) > MOST_RUNS:
        raise Invalid(
            f"One change takes at most {MOST_RUNS:,} runs; these are {len(numbers):,}.", field="ids"
        )
    change = BulkChange(
        workspace=workspace,
        user=by,
        action=action,
        about=_about(action, key, value, reason),
        numbers=list(numbers),
        total=len(numbers),
        is_cut=is_cut,
    )
    for name in missing:
        note_refusal(change, "There is no such run in this workspace.", name)
    _keep(change, is_long=change.total > SIZE[action])
    return _go_on(change, within_s=AT_ONCE_S)


def _about(action: str, key: str, value: str | None, reason: str) -> dict[str, Any]:
    """What else is to be known of the change, checked before anything is done."""
    if action not in ACTIONS:
        raise Invalid(
            f"There is no action {action[:40]!r}; take one of {', '.join(ACTIONS)}.", field="action"
        )
    if action == "cancel":
        return {"reason": clean_text(reason, "The reason", length=REASON_LENGTH, empty=True)}
    if action not in ("tag", "untag"):
        return {}
    key = clean_key(key.strip(), "tag")
    if action == "untag":
        return {"key": key}
    return {"key": key, "value": clean_value(value, f"The value of tag {key!r}") if value else None}


def undo_change(caller: Caller, workspace: Workspace, number: int) -> BulkChange:
    """Take a change of the caller's back, exactly: each run gets what it had, unless it was changed again since.

    Raises NotFound when the change is another's or too old, NotAllowed when the caller may no longer do this, and
    Conflict when it goes on or was taken back already.
    """
    known = BulkChange.objects.filter(pk=number, workspace=workspace, user=caller.user).first()
    if known is None or known.action in BulkChange.FINAL or known.at < timezone.now() - UNDO_FOR:
        raise NotFound("This change is too old to be undone, or it was not yours.")
    parts = BulkPart.objects.filter(change=known).order_by("start").values_list("before", flat=True)
    numbers = [each for part in parts for each, _ in part]
    within = run_numbers(caller, workspace, numbers=numbers, need=need_of(known.action))
    is_bound = caller.token is not None and caller.token.run_id is not None
    if is_bound and len(within) < len(numbers):
        raise NotFound("This change reaches further than the run that this token belongs to.")
    if known.ended_at is None:
        raise Conflict("This change still goes on: stop it first, or wait for its end.")
    with write():
        if not BulkChange.objects.filter(pk=known.pk, used_at=None).update(used_at=timezone.now()):
            raise Conflict("This change was undone already.")
        back = BulkChange(workspace=workspace, user=caller.user, action="undo", undoes=known, numbers=numbers)
        back.total = len(numbers)
        _keep(back, is_long=len(parts) > 1)
    return _go_on(back, within_s=AT_ONCE_S)


def _keep(change: BulkChange, *, is_long: bool) -> None:
    """Write the change down, before any of it is done."""
    change.at = timezone.now()
    if not change.total:
        change.end()
    with write():
        change.save(force_insert=True)
        if is_long:
            jobs.enqueue(
                JOB, {"change": change.pk}, dedupe=_dedupe(change), run_after=change.at + LOOKED_AFTER
            )


def _dedupe(change: BulkChange) -> str:
    return f"{JOB} {change.pk}"


def _go_on(change: BulkChange, *, within_s: float) -> BulkChange:
    """Do as much as can be done in this time, at least one part. The worker is told where something is left."""
    until = time.monotonic() + within_s
    change = take_part(change)
    while change.ended_at is None and time.monotonic() < until:
        time.sleep(PAUSE_S)
        change = take_part(change)
    if change.ended_at is None:
        jobs.hurry(_dedupe(change))
    return change


def go_on_with(number: int) -> str:
    """Do the next parts of the change of this number, and ask for more where some are left. Returns how it stands."""
    change = BulkChange.objects.filter(pk=number, ended_at=None).first()
    if change is None:
        return "it is over"
    change = _go_on(change, within_s=IN_WORKER_S)
    if change.ended_at is None:
        jobs.enqueue(JOB, {"change": change.pk}, priority=1)
    return f"{change.action}: {change.taken} of {change.total} runs"


def stop_change(change: BulkChange) -> BulkChange:
    """Leave the runs that are not done yet as they are. Stopping what is over is no error."""
    return _end(change.pk, is_given_up=False)


def give_up(number: int) -> None:
    """The worker could not go on with this change however often it tried: nobody shall wait for it."""
    if BulkChange.objects.filter(pk=number).exists():
        _end(number, is_given_up=True)


def _end(number: int, *, is_given_up: bool) -> BulkChange:
    with write():
        row = BulkChange.objects.select_for_update().get(pk=number)
        if row.ended_at is None:
            row.end()
            row.is_given_up = is_given_up
            row.save(update_fields=["ended_at", "is_given_up"])
    return row

"""One part of a change of many runs: done, noted and counted in one transaction, so that it is never done twice."""

from collections.abc import Mapping, Sequence
from typing import Any

from runs.access import Caller, Need, allows
from runs.actions import organise
from runs.actions.outcome import Outcome
from runs.actions.run import cancel_run
from runs.actions.stars import star_runs
from runs.actions.tags import change_tags_of
from runs.actions.trash import restore_runs, trash_runs
from runs.errors import Conflict, Refused
from runs.lifecycle import Status, check_move
from runs.models import BulkChange, BulkPart, Run, User
from runs.transaction import write

# The actions, and how many runs of each share a transaction: others wait for it no longer than for a batch of metrics.
SIZE = {
    "cancel": 20,
    "tag": 200,
    "untag": 200,
    "star": 500,
    "unstar": 500,
    "archive": 200,
    "unarchive": 200,
    "trash": 200,
    "restore": 200,
}
# What a reader may do: it changes nothing of the runs.
OWN = ("star", "unstar")
OPPOSITE = {"archive": "unarchive", "trash": "restore", "star": "unstar"}
OPPOSITE |= {after: before for before, after in OPPOSITE.items()}
MOST_NAMES = 5
# Reasons may name other runs: of very many different ones the first are told.
MOST_REASONS = 20
OTHER_REASONS = "For other reasons."


def need_of(action: str) -> Need:
    """The right that it takes."""
    return "read" if action in OWN else "write"


def note_refusal(change: BulkChange, reason: str, name: str = "", *, count: int = 1) -> None:
    """Note a run that was left alone, or so many."""
    found = next((each for each in change.refused if each["reason"] == reason), None)
    if found is None and len(change.refused) >= MOST_REASONS and reason != OTHER_REASONS:
        return note_refusal(change, OTHER_REASONS, name, count=count)
    if found is None:
        found = {"reason": reason, "count": 0, "names": []}
        change.refused.append(found)
    found["count"] += count
    if name and len(found["names"]) < MOST_NAMES:
        found["names"].append(name)
    return None


def take_part(change: BulkChange) -> BulkChange:
    """Change the next few of its runs. Returns the change as it is then; one that has ended stays as it is."""
    with write():
        rows = BulkChange.objects.select_for_update(of=("self",)).select_related(
            "workspace", "user", "undoes"
        )
        row = rows.get(pk=change.pk)
        if row.ended_at is None:
            _take(row)
    return row


def _take(change: BulkChange) -> None:
    before = _to_take_back(change)
    until = change.taken + (len(before) if change.undoes else SIZE[change.action])
    numbers = change.numbers[change.taken : until]
    if _may_still(change):
        runs = _held(change, numbers)
        _note(change, numbers, runs, _do(change, runs, before))
        change.taken += len(numbers)
    else:
        left = change.total - change.taken
        note_refusal(change, "You may no longer change this workspace's runs.", count=left)
        change.taken = change.total
    if change.taken >= change.total:
        change.end()
    change.save(update_fields=["taken", "done", "unchanged", "refused", "ended_at"])


def _to_take_back(change: BulkChange) -> dict[int, Any]:
    """What the next runs had before the change that is undone."""
    if change.undoes is None:
        return {}
    return dict(BulkPart.objects.get(change=change.undoes, start=change.taken).before)


def _may_still(change: BulkChange) -> bool:
    """Whether the person may do this at this moment, too."""
    action = change.undoes.action if change.undoes else change.action
    return change.user.is_active and allows(Caller(change.user), change.workspace, need_of(action))


def _held(change: BulkChange, numbers: Sequence[int]) -> list[Run]:
    """The rows as they are now, held until the transaction ends; without the texts that no action looks at."""
    rows = Run.objects.select_for_update(of=("self",)).select_related("experiment", "created_by")
    rows = rows.defer("description_html", "error_message", "error_details", "arguments", "script")
    return list(rows.filter(pk__in=numbers, workspace=change.workspace_id).order_by("pk"))


def _do(change: BulkChange, runs: Sequence[Run], before: Mapping[int, Any]) -> Outcome:
    by, about = change.user, change.about
    if change.undoes is not None:
        return _take_back(change.undoes, runs, before, by=by)
    if change.action == "cancel":
        return _cancel(runs, by=by, reason=about["reason"])
    if change.action == "tag":
        key, value = about["key"], about["value"]
        return _one_tag(key, change_tags_of(runs, [key], lambda _run, _had: ({key: value}, ()), by=by))
    if change.action == "untag":
        key = about["key"]
        return _one_tag(key, change_tags_of(runs, [key], lambda _run, _had: ({}, [key]), by=by))
    return _simple(change.action, runs, by=by)


def _one_tag(key: str, outcome: Outcome) -> Outcome:
    """[the value that the tag had], or None where there was no such tag."""
    had = {number: [tags[key]] if key in tags else None for number, tags in outcome.changed.items()}
    return Outcome(had, outcome.refused)


def _simple(action: str, runs: Sequence[Run], *, by: User) -> Outcome:
    if action in OWN:
        return Outcome(dict.fromkeys(star_runs(by, [run.pk for run in runs], on=action == "star")))
    many = {
        "archive": organise.archive_runs,
        "unarchive": organise.unarchive_runs,
        "trash": trash_runs,
        "restore": restore_runs,
    }
    return many[action](runs, by=by)


def _cancel(runs: Sequence[Run], *, by: User, reason: str) -> Outcome:
    """Ask each to stop, with the runs below it."""
    outcome = Outcome()
    for run in runs:
        if run.status in (Status.CANCELED, Status.CANCEL_REQUESTED):
            continue
        try:
            check_move(run.status, Status.CANCEL_REQUESTED, name=run.display_name)
            with write():  # a savepoint: a run that refuses half-way keeps nothing of it
                cancel_run(run, by=by, reason=reason, children=True)
        except Refused as refusal:
            outcome.refused[run.pk] = refusal
        else:
            outcome.changed[run.pk] = None
    return outcome


def _take_back(kept: BulkChange, runs: Sequence[Run], before: Mapping[int, Any], *, by: User) -> Outcome:
    """What undoes the change of these runs."""
    if kept.action in OPPOSITE:
        return _simple(OPPOSITE[kept.action], runs, by=by)
    key = kept.about["key"]
    left = {key: kept.about["value"]} if kept.action == "tag" else {}

    def back(run: Run, had: Mapping[str, str | None]) -> tuple[dict[str, str | None], list[str]]:
        if had != left:
            raise Conflict(f"Its tag {key} was changed again since.")
        was = before[run.pk]
        return ({}, [key]) if was is None else ({key: was[0]}, [])

    return change_tags_of(runs, [key], back, by=by)


def _note(change: BulkChange, numbers: Sequence[int], runs: Sequence[Run], outcome: Outcome) -> None:
    names = {run.pk: run.display_name for run in runs}
    for number, refusal in outcome.refused.items():
        note_refusal(change, refusal.message.replace(names[number], "It", 1), names[number])
    if len(numbers) > len(runs):
        note_refusal(change, "It is not there any more.", count=len(numbers) - len(runs))
    if outcome.changed and change.action not in BulkChange.FINAL:
        kept = [[number, outcome.changed[number]] for number in sorted(outcome.changed)]
        BulkPart.objects.create(change=change, start=change.done, before=kept)
    change.done += len(outcome.changed)
    change.unchanged += len(runs) - len(outcome.changed) - len(outcome.refused)

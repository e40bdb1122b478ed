"""Changes of many runs at once: each run by its own action, wholly or not at all, with a report of all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from runs.actions import organise
from runs.actions.run import cancel_run
from runs.actions.stars import star_runs
from runs.actions.trash import restore_run, trash_run
from runs.errors import Conflict, Invalid, NotFound, Refused
from runs.limits import clean_key, clean_value
from runs.models import Kind, Run, Star, Tag, Undo, User, Workspace
from runs.transaction import write

MOST_RUNS = 10_000
# Runs that share a transaction: others wait for it no longer than for a batch of metrics.
TOGETHER = 50
UNDO_FOR = timedelta(hours=24)
MOST_NAMES = 5
ACTIONS = ("cancel", "tag", "untag", "star", "unstar", "archive", "unarchive", "trash", "restore")
# What a reader may do: it changes nothing of the runs.
OWN = ("star", "unstar")

# What one run had before, as JSON; UNCHANGED when there was nothing to do.
Before = Any
UNCHANGED = object()
Change = Callable[[Run], Before]


@dataclass
class Refusal:
    """A reason, how many runs it holds for, and the names of the first of them."""

    reason: str
    count: int = 0
    names: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What was done: how many changed, how many were so already, which were refused and why."""

    action: str
    done: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    # The number of the record that takes it back, None where nothing can be.
    undo: int | None = None
    # There were more runs than one change takes.
    is_cut: bool = False
    # [number of the run, what it had before] of each run that was changed.
    changes: list[list[Before]] = field(default_factory=list)

    def refuse(self, reason: str, name: str) -> None:
        """Note a run that was left alone."""
        found = next((each for each in self.refused if each.reason == reason), None)
        if found is None:
            found = Refusal(reason)
            self.refused.append(found)
        found.count += 1
        if len(found.names) < MOST_NAMES:
            found.names.append(name)


def cancel_runs(runs: Sequence[Run], *, by: User, reason: str = "") -> Report:
    """Ask all of them to stop, each with the runs below it. It cannot be undone."""

    def cancel(run: Run) -> Before:
        if run.status in ("Canceled", "CancelRequested"):
            return UNCHANGED
        cancel_run(run, by=by, reason=reason, children=True)
        return None

    return _each("cancel", runs, cancel)


def tag_runs(runs: Sequence[Run], *, key: str, value: str | None, by: User) -> Report:
    """Set the tag on all of them."""
    key = clean_key(key.strip(), "tag")
    value = clean_value(value, f"The value of tag {key!r}") if value else None

    def tag(run: Run) -> Before:
        row = _tag(run, key)
        if row is not None and row.text == value:
            return UNCHANGED
        organise.set_tags(run, {key: value}, by=by)
        return None if row is None else [row.text]

    about = {"key": key, "value": value}
    return _kept(_each("tag", runs, tag), runs, by, about)


def untag_runs(runs: Sequence[Run], *, key: str, by: User) -> Report:
    """Remove the tag, whatever its value, from all of them."""
    key = clean_key(key.strip(), "tag")

    def untag(run: Run) -> Before:
        row = _tag(run, key)
        if row is None:
            return UNCHANGED
        organise.remove_tags(run, [key], by=by)
        return [row.text]

    return _kept(_each("untag", runs, untag), runs, by, {"key": key})


def archive_runs(runs: Sequence[Run], *, by: User) -> Report:
    """Take all of them out of the lists."""
    return _kept(_each("archive", runs, _archiving(True, by)), runs, by)


def unarchive_runs(runs: Sequence[Run], *, by: User) -> Report:
    """Bring all of them back from the archive."""
    return _kept(_each("unarchive", runs, _archiving(False, by)), runs, by)


def _archiving(on: bool, by: User) -> Change:
    def archive(run: Run) -> Before:
        if (run.archived_at is not None) == on:
            return UNCHANGED
        (organise.archive_run if on else organise.unarchive_run)(run, by=by)
        return None

    return archive


def trash_runs(runs: Sequence[Run], *, by: User) -> Report:
    """Move all of them to the trash, each with the runs below it."""
    return _kept(_each("trash", runs, _trashing(True, by)), runs, by)


def restore_runs(runs: Sequence[Run], *, by: User) -> Report:
    """Bring all of them back from the trash."""
    return _kept(_each("restore", runs, _trashing(False, by)), runs, by)


def _trashing(on: bool, by: User) -> Change:
    def trash(run: Run) -> Before:
        if (run.deleted_at is not None) == on:
            return UNCHANGED
        (trash_run if on else restore_run)(run, by=by)
        return None

    return trash


def set_stars(runs: Sequence[Run], *, on: bool, by: User) -> Report:
    """Star all of them for this person, or take their stars away."""
    numbers = [run.pk for run in runs]
    before = set(Star.objects.filter(user=by, run_id__in=numbers).values_list("run_id", flat=True))
    changed = [number for number in numbers if (number in before) != on]
    star_runs(by, changed, on=on)
    report = Report("star" if on else "unstar", len(changed), len(numbers) - len(changed))
    report.changes = [[number, None] for number in changed]
    return _kept(report, runs, by)


def _each(action: str, runs: Sequence[Run], change: Change) -> Report:
    """Change one run after the other; what refuses is left as it is and told in the report."""
    report = Report(action)
    for start in range(0, len(runs), TOGETHER):
        with write():
            for run in runs[start : start + TOGETHER]:
                _one(report, run, change)
    return report


def _one(report: Report, run: Run, change: Change) -> None:
    try:
        with write():  # a savepoint: a run that refuses half-way keeps nothing of it
            before = change(run)
    except Refused as refusal:
        report.refuse(refusal.message.replace(run.display_name, "It", 1), run.display_name)
        return
    if before is UNCHANGED:
        report.unchanged += 1
    else:
        report.done += 1
        report.changes.append([run.pk, before])


def _kept(report: Report, runs: Sequence[Run], by: User, about: dict[str, Any] | None = None) -> Report:
    """The report, with the record that takes the change back."""
    if report.changes:
        kept = Undo.objects.create(
            workspace_id=runs[0].workspace_id,
            user=by,
            action=report.action,
            changes=report.changes,
            about=about or {},
            at=timezone.now(),
        )
        report.undo = kept.pk
    return report


def kept_change(workspace: Workspace, number: int, *, by: User) -> Undo:
    """The record of this person's change. Raises NotFound when it is another's, or too old."""
    kept = Undo.objects.filter(pk=number, workspace=workspace, user=by).first()
    if kept is None or kept.at < timezone.now() - UNDO_FOR:
        raise NotFound("This change is too old to be undone, or it was not yours.")
    return kept


def undo(kept: Undo, runs: Sequence[Run], *, by: User) -> Report:
    """Take the change back on these runs of it, exactly: each gets what it had, unless changed again since.

    Raises Conflict when it was taken back already.
    """
    if not Undo.objects.filter(pk=kept.pk, used_at=None).update(used_at=timezone.now()):
        raise Conflict("This change was undone already.")
    before = dict(kept.changes)
    runs = [run for run in runs if run.pk in before]
    if kept.action in ("star", "unstar"):
        report = set_stars(runs, on=kept.action == "unstar", by=by)
    else:
        report = _each("undo", runs, _back(kept, before, by))
    report.action, report.undo = "undo", None
    return report


def _back(kept: Undo, before: dict[int, Before], by: User) -> Change:
    """What undoes the change of one run."""
    if kept.action in ("archive", "unarchive"):
        return _archiving(kept.action == "unarchive", by)
    if kept.action in ("trash", "restore"):
        return _trashing(kept.action == "restore", by)
    key, put = kept.about["key"], kept.about.get("value")

    def back(run: Run) -> Before:
        row, had = _tag(run, key), before[run.pk]
        is_as_left = row is None if kept.action == "untag" else row is not None and row.text == put
        if not is_as_left:
            raise Conflict(f"Its tag {key} was changed again since.")
        if had is None:
            organise.remove_tags(run, [key], by=by)
        else:
            organise.set_tags(run, {key: had[0]}, by=by)
        return None

    return back


def _tag(run: Run, key: str) -> Tag | None:
    return Tag.objects.filter(run=run, name__kind=Kind.TAG, name__text=key).first()


def change_runs(
    action: str, runs: Sequence[Run], *, by: User, key: str = "", value: str | None = None, reason: str = ""
) -> Report:
    """Do the action of this name, as pages and REST call them. Raises Invalid for another name."""
    if len(runs) > MOST_RUNS:
        raise Invalid(f"One change takes at most {MOST_RUNS:,} runs; these are {len(runs):,}.", field="ids")
    simple: dict[str, Callable[..., Report]] = {
        "archive": archive_runs,
        "unarchive": unarchive_runs,
        "trash": trash_runs,
        "restore": restore_runs,
    }
    if action in simple:
        return simple[action](runs, by=by)
    if action == "cancel":
        return cancel_runs(runs, by=by, reason=reason)
    if action == "tag":
        return tag_runs(runs, key=key, value=value, by=by)
    if action == "untag":
        return untag_runs(runs, key=key, by=by)
    if action in ("star", "unstar"):
        return set_stars(runs, on=action == "star", by=by)
    raise Invalid(f"There is no action {action[:40]!r}; take one of {', '.join(ACTIONS)}.", field="action")

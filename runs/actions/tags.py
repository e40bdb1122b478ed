"""Tags of one run or of many: what is asked of each is decided first, then written together."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.utils import timezone

from runs.actions import events, search
from runs.actions.names import intern_for
from runs.actions.outcome import Outcome
from runs.errors import Refused
from runs.limits import KEYS_PER_RUN, check_room
from runs.models import Kind, Run, Tag, User
from runs.transaction import write

Pairs = Mapping[str, str | None]
# Given a run and those of its tags that are spoken of: what to put, and what to remove. May refuse.
Wish = Callable[[Run, Pairs], tuple[Pairs, Collection[str]]]


def change_tags_of(runs: Sequence[Run], keys: Collection[str], wish: Wish, *, by: User) -> Outcome:
    """Change tags with these keys. Each run is changed wholly or not at all, and leaves its events.

    `changed` holds, by key, the values of the tags that a run had among those that it was changed in.
    """
    outcome = Outcome()
    with write():
        had = _tags_of(runs, keys)
        wished = {run.pk: _wished(run, had[run.pk], wish, outcome) for run in runs}
        _check_room(runs, had, wished, outcome)
        changed = [run for run in runs if any(wished[run.pk]) and run.pk not in outcome.refused]
        if changed:
            _write(changed, had, wished, by=by)
    for run in changed:
        put, gone = wished[run.pk]
        outcome.changed[run.pk] = {key: had[run.pk][key] for key in (*gone, *put) if key in had[run.pk]}
    return outcome


def _tags_of(runs: Sequence[Run], keys: Collection[str]) -> dict[int, dict[str, str | None]]:
    rows = Tag.objects.filter(run__in=[run.pk for run in runs], name__kind=Kind.TAG)
    if len(keys) <= KEYS_PER_RUN:  # a database takes only so many in one statement
        rows = rows.filter(name__text__in=list(keys))
    found: dict[int, dict[str, str | None]] = {run.pk: {} for run in runs}
    for row in rows.select_related("name"):
        found[row.run_id][row.name.text] = row.text
    return found


def _wished(run: Run, had: Pairs, wish: Wish, outcome: Outcome) -> tuple[Pairs, list[str]]:
    """What is really to be put and removed: nothing that is so already."""
    try:
        put, remove = wish(run, had)
    except Refused as refusal:
        outcome.refused[run.pk] = refusal
        return {}, []
    gone = [key for key in dict.fromkeys(remove) if key in had and key not in put]
    return {key: value for key, value in put.items() if key not in had or had[key] != value}, gone


def _check_room(
    runs: Sequence[Run],
    had: Mapping[int, Pairs],
    wished: Mapping[int, tuple[Pairs, list[str]]],
    outcome: Outcome,
) -> None:
    """Refuse where a run would have too many."""
    more = {
        run.pk: sum(key not in had[run.pk] for key in wished[run.pk][0]) - len(wished[run.pk][1])
        for run in runs
    }
    growing = [number for number, added in more.items() if added > 0]
    if not growing:
        return
    counted = Tag.objects.filter(run__in=growing).values_list("run_id").annotate(Count("id"))
    present = dict(counted.order_by())
    for number in growing:
        try:
            check_room(present.get(number, 0) + more[number], KEYS_PER_RUN, "tags")
        except Refused as refusal:
            outcome.refused[number] = refusal


def _write(
    runs: Sequence[Run],
    had: Mapping[int, Pairs],
    wished: Mapping[int, tuple[Pairs, list[str]]],
    *,
    by: User,
) -> None:
    now = timezone.now()
    losing = {run: wished[run.pk][1] for run in runs if wished[run.pk][1]}
    gaining = {run: wished[run.pk][0] for run in runs if wished[run.pk][0]}
    if losing:
        _remove(losing)
        before = {run.pk: {"before": _among(had[run.pk], gone)} for run, gone in losing.items()}
        events.record_many(losing, "untagged", by=by, at=now, details=before)
    if gaining:
        _put(gaining)
        said = {
            run.pk: {"before": _among(had[run.pk], put), "after": dict(put)} for run, put in gaining.items()
        }
        events.record_many(gaining, "tagged", by=by, at=now, details=said)
    search.refresh_all(runs)


def _among(had: Pairs, keys: Collection[str]) -> dict[str, str | None]:
    return {key: had[key] for key in keys if key in had}


def _remove(gone: Mapping[Run, Collection[str]]) -> None:
    """Runs that lose the same keys lose them together."""
    together: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for run, keys in gone.items():
        together[tuple(keys)].append(run.pk)
    for same, numbers in together.items():
        Tag.objects.filter(run__in=numbers, name__kind=Kind.TAG, name__text__in=same).delete()


def _put(pairs: Mapping[Run, Pairs]) -> None:
    names = intern_for(list(pairs), Kind.TAG, {key for put in pairs.values() for key in put})
    rows: list[Any] = [
        Tag(run_id=run.pk, experiment_id=run.experiment_id, name=names[key]).put(value)
        for run, put in pairs.items()
        for key, value in put.items()
    ]
    Tag.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["run", "name"], update_fields=["value", "full"]
    )

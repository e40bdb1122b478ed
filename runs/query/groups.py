"""Runs in groups by one of their values: how many in each, and mean and spread of the shown numbers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Case, F, FloatField, Max, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import In

from runs.errors import Invalid
from runs.query.candidates import compiled
from runs.query.columns import NEWEST_FIRST, Column, Sort
from runs.query.conditions import Context, look_up
from runs.query.expressions import Listed, Unindexed, is_one_of
from runs.query.fields import Field, Source
from runs.query.grammar import parse_field
from runs.query.nodes import Compare, Node, Not, Op, all_of
from runs.query.planner import Plan
from runs.query.runs import RunPage, firsts_of
from runs.query.time_limit import limited_time
from runs.query.value_terms import TABLES, number_of, rows_of

MOST_RUNS = 2_500
MOST_GROUPS = 200
_ATTRIBUTES = {
    "status": "status",
    "experiment": "experiment__name",
    "created_by": "created_by__username",
    "target": "target",
    "type": "run_type",
}
_SOURCES = (Source.TAG, Source.PARAM, Source.PROPERTY)


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a column in a group, over the n runs that have a finite number there.

    The deviation is that of the sample (n - 1 in the denominator); None where there is one run only.
    """

    mean: float
    deviation: float | None
    n: int


@dataclass(frozen=True)
class Group:
    """The runs with one value. `has_field` is false for those that lack the tag or parameter altogether."""

    value: str | None
    count: int
    has_field: bool = True
    spreads: dict[str, Spread] = field(default_factory=dict)
    # The numbers of its runs, newest first.
    members: list[int] = field(default_factory=list, repr=False, compare=False)


@dataclass(frozen=True)
class Groups:
    """Some groups in their order. `run_count` runs were looked at; with `is_more` there are older ones besides."""

    field: Field
    rows: list[Group]
    group_count: int
    run_count: int
    is_more: bool


def parse_group(text: str) -> Field:
    """What an address groups by: experiment, status, created_by, target, type, a tag, a parameter or a property.

    Raises Invalid with field "group".
    """
    words = (
        "Runs are grouped by experiment, status, created_by, target, type, tags.…, params.… or properties.…"
    )
    try:
        found = parse_field(text)
    except Invalid as refusal:
        raise Invalid(f"{refusal.message} {words}.", field="group") from None
    if found.source not in _SOURCES and not (found.source == Source.ATTRIBUTE and found.key in _ATTRIBUTES):
        raise Invalid(f"{words}, not by {found}.", field="group")
    return found


def group_runs(
    plan: Plan, by: Field, columns: Iterable[Column], sort: Sequence[Sort] = NEWEST_FIRST
) -> Groups:
    """The plan's runs in groups, over its newest 2,500; at most 200 groups, in three queries whatever the data.

    The order follows the list's: by the mean of a number, by the group's own value, else the largest group first.
    """
    numeric = [column for column in columns if is_number(column)]
    look_up(plan.context, [by, *(column.field for column in numeric if column.field)])
    with limited_time():
        rows = _newest(plan, by)
        newest, is_more = rows[:MOST_RUNS], len(rows) > MOST_RUNS
        keys, values = _read(plan.context, by, numeric, [run for run, *_ in newest])
    if by.source == Source.ATTRIBUTE:
        keys = [(bool(value), value or None) for _, value, _ in newest]
    if "duration" in values:
        values["duration"] = np.array([seconds for *_, seconds in newest], dtype=float)
    places: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    groups = [
        Group(value, len(inside), has_field, _spreads(inside, values), [newest[place][0] for place in inside])
        for (has_field, value), inside in places.items()
    ]
    return Groups(by, _ordered(groups, by, sort)[:MOST_GROUPS], len(groups), len(newest), is_more)


def is_number(column: Column) -> bool:
    """Whether a group can say the mean of it."""
    if column.field is None:
        return False
    return column.field.source in (Source.METRIC, Source.PARAM) or column.key == "duration"


def condition_of(by: Field, value: str | None, *, has_field: bool) -> Node:
    """The filter that leaves the runs of one group."""
    if value is not None:
        return Compare(by, Op.EQ, value)
    if has_field and by.source != Source.ATTRIBUTE:  # the tag is there, without a value
        bare = all_of([Compare(by, Op.IS_NOT_NULL), Not(Compare(by, Op.LIKE, "%"))])
        return bare or Compare(by, Op.IS_NOT_NULL)
    return Compare(by, Op.IS_NULL)


def open_groups(
    plan: Plan,
    groups: Sequence[Group],
    *,
    sort: Sequence[Sort],
    columns: Sequence[Column],
    limit: int,
    opened: Mapping[str, int],
) -> list[RunPage]:
    """The first runs of each of these groups, in the order of the list, with the children of the opened ones."""
    if not groups:
        return []
    parts = [group.members for group in groups]
    return firsts_of(plan, parts, sort=sort, columns=columns, limit=limit, opened=opened)


def _newest(plan: Plan, by: Field) -> list[tuple[int, str | None, float | None]]:
    """The newest runs, each with its attribute, if that is what is grouped by, and its duration."""
    attribute = _ATTRIBUTES[by.key] if by.source == Source.ATTRIBUTE else "status"
    rows = plan.runs().order_by("-created_at", "-id").values_list("pk", attribute, "duration_s")
    return list(rows[: MOST_RUNS + 1])


# Whether a run has the field that is grouped by, and its value there.
Key = tuple[bool, str | None]
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


def _read(
    context: Context, by: Field, columns: Sequence[Column], runs: list[int]
) -> tuple[list[Key], dict[str, Numbers]]:
    """Of each run its key; by column the number of each run, NaN where it has none. One query, or none."""
    keys: list[Key] = [(False, None)] * len(runs)
    values = {column.key: np.full(len(runs), np.nan) for column in columns}
    shown: dict[Source, list[Column]] = {}
    for column in columns:
        if column.field is not None and column.key != "duration":
            shown.setdefault(column.field.source, []).append(column)
    width = max(map(len, shown.values()), default=0)
    parts = [_numbers_in(context, source, shown[source], width, runs) for source in shown]
    if by.source != Source.ATTRIBUTE:
        parts.append(_texts_in(context, by, width, runs))
    places = {run: place for place, run in enumerate(runs)}
    for source, rows in _fetched(parts).items():
        at = [places[row[1]] for row in rows]
        if not source:
            for place, row in zip(at, rows, strict=True):
                keys[place] = (True, row[2])
            continue
        numbers = np.array([row[3:] for row in rows], dtype=float)
        for n, column in enumerate(shown[source]):
            values[column.key][at] = numbers[:, n]
    return keys, values


def _fetched(parts: Sequence[QuerySet[Any, Any]]) -> dict[Any, list[tuple[Any, ...]]]:
    """The rows of the parts by their source, as the database gives them: Django takes thrice as long to turn them."""
    sql = compiled(parts[0].union(*parts[1:], all=True)) if parts else None
    found: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    if sql is not None:
        with connection.cursor() as cursor:
            cursor.execute(*sql)
            for row in cursor.fetchall():
                found[row[0]].append(row)
    return found


def _numbers_in(
    context: Context, source: Source, shown: Sequence[Column], width: int, runs: list[int]
) -> QuerySet[Any, Any]:
    """Of each run that has some of these columns, which are of one table, their numbers: one row, `width` wide."""
    names = {column.key: context.name_id(column.field) or 0 for column in shown if column.field}
    # Hidden from SQLite, which would read all runs that have these names.
    is_shown = In(Unindexed(F("name_id")), list(names.values()))
    rows: QuerySet[Any, Any] = TABLES[source]._default_manager.filter(
        is_one_of(Listed(runs), "run_id"), is_shown
    )
    numbers: list[Any] = [
        Max(Case(When(name_id=names[column.key], then=Cast(number_of(column.field), FloatField()))))
        for column in shown
        if column.field
    ]
    return _as_part(rows.order_by().values("run_id"), source, Cast(Value(None), TextField()), numbers, width)


def _texts_in(context: Context, by: Field, width: int, runs: list[int]) -> QuerySet[Any, Any]:
    """Of each run that has the field its whole text, in rows as wide."""
    rows = rows_of(by, context).filter(is_one_of(Listed(runs), "run_id"))
    return _as_part(rows, "", Coalesce(F("full"), F("value"), output_field=TextField()), [], width)


def _as_part(
    rows: QuerySet[Any, Any], source: str, said: Any, numbers: Sequence[Any], width: int
) -> QuerySet[Any, Any]:
    """The rows as a part of the union: source, run, text, and so many numbers."""
    filled = [*numbers, *[Cast(Value(None), FloatField())] * (width - len(numbers))]
    named = {f"number_{place}": number for place, number in enumerate(filled)}
    rows = rows.annotate(source=Value(source, TextField()), said=said, **named)
    read: QuerySet[Any, Any] = rows.values_list("source", "run_id", "said", *named)
    return read


def _spreads(places: list[int], values: dict[str, Numbers]) -> dict[str, Spread]:
    spreads = {}
    for key, numbers in values.items():
        found = numbers[places]
        found = found[np.isfinite(found)]
        if found.size:
            # In parts of the largest: sums and squares of huge numbers would overflow.
            scale = float(np.max(np.abs(found))) or 1.0
            mean = float(np.mean(found / scale)) * scale
            deviation = float(np.std(found / scale, ddof=1)) * scale if found.size > 1 else None
            spreads[key] = Spread(mean, deviation, int(found.size))
    return spreads


def _ordered(groups: list[Group], by: Field, sort: Sequence[Sort]) -> list[Group]:
    """Runs without the field come last, and so do groups without a number where the order is by one."""
    first = sort[0]
    groups = sorted(groups, key=lambda group: (-group.count, group.value or ""))
    key = first.column.key
    if any(key in group.spreads for group in groups):
        having = [group for group in groups if key in group.spreads]
        having.sort(key=lambda group: group.spreads[key].mean, reverse=first.is_descending)
        groups = having + [group for group in groups if key not in group.spreads]
    elif first.column.field == by:
        groups.sort(key=lambda group: group.value or "", reverse=first.is_descending)
    return sorted(groups, key=lambda group: not group.has_field)

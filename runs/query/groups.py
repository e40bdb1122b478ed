"""Runs in groups by one of their values: how many in each, and mean and spread of the shown numbers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import F, FloatField, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce

from runs.errors import Invalid
from runs.query.columns import NEWEST_FIRST, Column, Sort
from runs.query.conditions import Context, look_up
from runs.query.expressions import Listed, is_one_of
from runs.query.fields import Field, Source
from runs.query.grammar import parse_field
from runs.query.nodes import Compare, Node, Not, Op, all_of
from runs.query.planner import Plan
from runs.query.runs import RunPage, firsts_of
from runs.query.time_limit import limited_time
from runs.query.value_terms import TABLES, number_of, rows_of

MOST_RUNS = 10_000
MOST_GROUPS = 200
_ATTRIBUTES = {
    "status": "status",
    "experiment": "experiment__name",
    "created_by": "created_by__username",
    "target": "target",
    "type": "run_type",
}
_READ = ("place", "run_id", "name_id", "amount", "said")
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
    """The plan's runs in groups, over its newest 10,000; at most 200 groups, in three queries whatever the data.

    The order follows the list's: by the mean of a number, by the group's own value, else the largest group first.
    """
    numeric = [column for column in columns if is_number(column)]
    look_up(plan.context, [by, *(column.field for column in numeric if column.field)])
    with limited_time():
        rows = _newest(plan, by)
        runs, is_more = [row[0] for row in rows[:MOST_RUNS]], len(rows) > MOST_RUNS
        keys, values = _read(plan.context, by, numeric, runs)
    if by.source == Source.ATTRIBUTE:
        keys = {run: (bool(value), value or None) for run, value, _ in rows}
    if "duration" in values:
        values["duration"] = {run: seconds for run, _, seconds in rows if seconds is not None}
    members: dict[tuple[bool, str | None], list[int]] = {}
    for run in runs:
        members.setdefault(keys.get(run, (False, None)), []).append(run)
    groups = [
        Group(value, len(inside), has_field, _spreads(inside, values), inside)
        for (has_field, value), inside in members.items()
    ]
    return Groups(by, _ordered(groups, by, sort)[:MOST_GROUPS], len(groups), len(runs), is_more)


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


Keys = dict[int, tuple[bool, str | None]]
Numbers = dict[str, dict[int, float]]


def _read(context: Context, by: Field, columns: Sequence[Column], runs: list[int]) -> tuple[Keys, Numbers]:
    """By run whether it has the field and its value there; by column and run the finite number. One query, or none."""
    keys: Keys = {}
    found: Numbers = {column.key: {} for column in columns}
    by_part: dict[tuple[Source, str], list[Column]] = {}
    for column in columns:
        if column.field is not None and column.key != "duration":
            by_part.setdefault((column.field.source, column.field.part), []).append(column)
    parts: list[QuerySet[Any, Any]] = []
    for place, shown in enumerate(by_part.values()):
        parts.append(_numbers_in(context, place, shown, runs))
    if by.source != Source.ATTRIBUTE:
        whole = Coalesce(F("full"), F("value"), output_field=TextField())
        rows = rows_of(by, context).filter(is_one_of(Listed(runs), "run_id"))
        nothing = Cast(Value(None), FloatField())
        parts.append(rows.annotate(place=Value(-1), amount=nothing, said=whole).values_list(*_READ))
    shown_in = list(by_part.values())
    for place, run, name, amount, said in parts[0].union(*parts[1:], all=True) if parts else ():
        if place < 0:
            keys[run] = (True, said)
        elif amount is not None and math.isfinite(amount):
            for column in shown_in[place]:
                if column.field and context.name_id(column.field) == name:
                    found[column.key][run] = amount
    return keys, found


def _numbers_in(context: Context, place: int, shown: Sequence[Column], runs: list[int]) -> QuerySet[Any, Any]:
    """The same part of the series of some keys of one table."""
    fields = [column.field for column in shown if column.field is not None]
    names = [context.name_id(field) or 0 for field in fields]
    rows: QuerySet[Any, Any] = TABLES[fields[0].source]._default_manager.filter(
        is_one_of(Listed(runs), "run_id")
    )
    number, nothing = Cast(number_of(fields[0]), FloatField()), Cast(Value(None), TextField())
    rows = rows.filter(name__in=names).annotate(place=Value(place), amount=number, said=nothing)
    read: QuerySet[Any, Any] = rows.values_list(*_READ)
    return read


def _spreads(members: list[int], values: dict[str, dict[int, float]]) -> dict[str, Spread]:
    spreads = {}
    for key, by_run in values.items():
        found = np.array([by_run[run] for run in members if run in by_run])
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

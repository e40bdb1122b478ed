"""Runs in groups by one of their values: how many in each, and mean and spread of the shown numbers."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db.models import F, TextField
from django.db.models.functions import Coalesce

from runs.errors import Invalid
from runs.models import Run
from runs.query.candidates import listed
from runs.query.columns import NEWEST_FIRST, Column, Sort
from runs.query.conditions import Context, look_up
from runs.query.fields import Field, Source
from runs.query.grammar import parse_field
from runs.query.nodes import Compare, Node, Not, Op, all_of
from runs.query.planner import Plan
from runs.query.runs import run_ids
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
    """The plan's runs in groups, over its newest 10,000; at most 200 groups, in seven queries whatever the data.

    The order follows the list's: by the mean of a number, by the group's own value, else the largest group first.
    """
    numeric = [column for column in columns if is_number(column)]
    look_up(plan.context, [by, *(column.field for column in numeric if column.field)])
    with limited_time():
        numbers = run_ids(plan, most=MOST_RUNS + 1)
        runs, is_more = numbers[:MOST_RUNS], len(numbers) > MOST_RUNS
        keys = _keys(plan.context, by, runs)
        values = _numbers(plan.context, numeric, runs)
    members: dict[tuple[bool, str | None], list[int]] = {}
    for run in runs:
        members.setdefault(keys.get(run, (False, None)), []).append(run)
    groups = [
        Group(value, len(inside), has_field, _spreads(inside, values))
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


def _keys(context: Context, by: Field, runs: list[int]) -> dict[int, tuple[bool, str | None]]:
    """By run: whether it has the field, and its value."""
    if by.source == Source.ATTRIBUTE:
        pairs = Run.objects.filter(pk__in=listed(runs)).values_list("pk", _ATTRIBUTES[by.key])
        return {run: (bool(value), value or None) for run, value in pairs}
    whole = Coalesce(F("full"), F("value"), output_field=TextField())
    rows = rows_of(by, context).filter(run__in=listed(runs)).values_list("run_id", whole)
    return {run: (True, value) for run, value in rows}


def _numbers(context: Context, columns: Sequence[Column], runs: list[int]) -> dict[str, dict[int, float]]:
    """By column key and run: the finite number it has there. One query for each table that is shown at all."""
    found: dict[str, dict[int, float]] = {column.key: {} for column in columns}
    if "duration" in found:
        pairs = Run.objects.filter(pk__in=listed(runs)).values_list("pk", "duration_s")
        found["duration"] = {run: value for run, value in pairs if value is not None}
    for source in (Source.METRIC, Source.PARAM):
        shown = [column for column in columns if column.field is not None and column.field.source == source]
        for (run, name), parts in _parts(context, source, shown, runs):
            for column in shown:
                if column.field and context.name_id(column.field) == name:
                    value = parts[column.field.part]
                    if value is not None and math.isfinite(value):
                        found[column.key][run] = value
    return found


def _parts(
    context: Context, source: Source, shown: Sequence[Column], runs: list[int]
) -> Iterator[tuple[tuple[int, int], dict[str, float | None]]]:
    """By run and name: the parts of the series that the columns show."""
    by_part = {column.field.part: number_of(column.field) for column in shown if column.field is not None}
    names = [context.name_id(column.field) or 0 for column in shown if column.field is not None]
    if not names:
        return
    rows = TABLES[source]._default_manager.filter(run__in=listed(runs), name__in=names)
    parts = {f"part_{part}": number for part, number in by_part.items()}
    for run, name, *values in rows.annotate(**parts).values_list("run_id", "name_id", *parts):
        yield (run, name), dict(zip(by_part, values, strict=True))


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

"""The values of the shown columns, in one query for each table of values that is shown at all."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from runs.models import Tag
from runs.query.columns import Column
from runs.query.conditions import KINDS, Context
from runs.query.fields import Source
from runs.query.value_terms import TABLES

Cell = str | float | int | None
Cells = dict[int, dict[str, Cell]]
Tags = dict[int, dict[str, str | None]]
# Of series with several points: how many they are, and their outline (runs/outline.py).
Outlines = dict[int, dict[str, tuple[int, bytes]]]

# Plain rows, not instances: a page of 50 runs with 12 columns then costs milliseconds less.
_COLUMNS = {
    Source.TAG: ("value", "full"),
    Source.PROPERTY: ("value", "full"),
    Source.PARAM: ("value", "full"),
    Source.METRIC: ("last", "last_text", "min", "max", "first", "count", "total", "finite_count", "outline"),
}
_COUNT = _COLUMNS[Source.METRIC].index("count")


def cells_of(
    context: Context, runs: Sequence[int], columns: Iterable[Column]
) -> tuple[Cells, Tags, Outlines]:
    """By run: the cells of the columns by column key, all tags where the tags are shown, the outlines of series.

    The names of the columns' fields must have been looked up in the context.
    """
    shown: dict[Source, dict[int, list[Column]]] = {source: defaultdict(list) for source in KINDS}
    tags: Tags = {}
    for column in columns:
        if column.key == "tags":
            tags = _all_tags(runs)
        elif column.field is not None and (name_id := context.name_id(column.field)) is not None:
            shown[column.field.source][name_id].append(column)
    cells: Cells = defaultdict(dict)
    outlines: Outlines = defaultdict(dict)
    for source, by_name in shown.items():
        if by_name:
            rows = TABLES[source]._default_manager.filter(run__in=runs, name__in=list(by_name))
            for run, name_id, *values in rows.values_list("run_id", "name_id", *_COLUMNS[source]):
                for column in by_name[name_id]:
                    _put(cells[run], column, values)
                    if (
                        source == Source.METRIC
                        and values[-1]
                        and column.field
                        and column.field.part == "last"
                    ):
                        outlines[run][column.key] = values[_COUNT], bytes(values[-1])
    return cells, tags, outlines


def _all_tags(runs: Sequence[int]) -> Tags:
    found: Tags = defaultdict(dict)
    rows = Tag.objects.filter(run__in=runs).order_by("name__text")
    for run, key, value, full in rows.values_list("run_id", "name__text", "value", "full"):
        found[run][key] = value if full is None else full
    return found


def _put(cells: dict[str, Cell], column: Column, values: list[Any]) -> None:
    if len(values) == 2:
        value, full = values
        cells[column.key] = value if full is None else full
        return
    numbers = dict(zip(_COLUMNS[Source.METRIC], values, strict=True))
    part = column.field.part if column.field else "last"
    number = numbers["last_text"] if part == "last" and numbers["last"] is None else numbers.get(part)
    if part == "mean" and numbers["finite_count"]:
        number = numbers["total"] / numbers["finite_count"]
    if number is not None:
        cells[column.key] = number

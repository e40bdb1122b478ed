"""The values of the shown columns, in one query for each table of values that is shown at all."""

from collections.abc import Sequence
from typing import Any

from runs.models import Metric, Name, Param, Property, Tag
from runs.query.columns import Column
from runs.query.conditions import KINDS, Context
from runs.query.fields import Field, Source

Cell = str | float | int | None


def cells_of(
    context: Context, runs: Sequence[int], columns: Sequence[Column]
) -> tuple[dict[int, dict[str, Cell]], dict[int, dict[str, str | None]]]:
    """By run: the cells of the columns by column key, and all tags where the tags are shown."""
    shown: dict[Source, list[Column]] = {}
    for column in columns:
        if column.field is not None and column.field.source in KINDS:
            shown.setdefault(column.field.source, []).append(column)
    cells: dict[int, dict[str, Cell]] = {}
    tags: dict[int, dict[str, str | None]] = {}
    if any(column.key == "tags" for column in columns):
        tags = _all_tags(runs)
    for source, wanted in shown.items():
        for run, name, row in _rows(context, source, runs, wanted):
            for column in wanted:
                if column.field is not None and column.field.key == name:
                    _put(cells.setdefault(run, {}), column, column.field, row)
    return cells, tags


def _all_tags(runs: Sequence[int]) -> dict[int, dict[str, str | None]]:
    found: dict[int, dict[str, str | None]] = {}
    for tag in Tag.objects.filter(run__in=runs).select_related("name").order_by("name__text"):
        found.setdefault(tag.run_id, {})[tag.name.text] = tag.text
    return found


def _rows(
    context: Context, source: Source, runs: Sequence[int], columns: Sequence[Column]
) -> list[tuple[int, str, Any]]:
    keys = {column.field.key for column in columns if column.field is not None}
    names = Name.objects.filter(workspace=context.workspace, kind=KINDS[source], text__in=keys)
    tables: dict[Source, Any] = {
        Source.TAG: Tag,
        Source.PROPERTY: Property,
        Source.PARAM: Param,
        Source.METRIC: Metric,
    }
    rows = tables[source].objects.filter(run__in=runs, name__in=names).select_related("name")
    return [(row.run_id, row.name.text, row) for row in rows]


def _put(cells: dict[str, Cell], column: Column, field: Field, row: Any) -> None:
    if not isinstance(row, Metric):
        cells[column.key] = row.text
    elif field.part == "last":
        value = row.last if row.last is not None else row.last_text
        if value is not None:
            cells[column.key] = value
    elif (number := getattr(row, field.part)) is not None:
        cells[column.key] = number

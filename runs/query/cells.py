"""The values of the shown columns, in one query."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast

from runs.models import Metric
from runs.models.name import RESERVED
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
_TEXT = ("value", "full")
_NUMBERS = ("last", "last_text", "min", "max", "first", "count", "total", "finite_count", "outline")
ByName = dict[int, list[Column]]


def cells_of(
    context: Context, runs: Sequence[int], columns: Sequence[Column]
) -> tuple[Cells, Tags, Outlines]:
    """By run: the cells of the columns by column key, all tags where they are shown, the outlines of series.

    One query, or none.

    The names of the columns' fields must have been looked up in the context.
    """
    by_name: ByName = defaultdict(list)
    for column in columns:
        if column.field is not None and (name_id := context.name_id(column.field)) is not None:
            by_name[name_id].append(column)
    with_tags = any(column.key == "tags" for column in columns)
    cells: Cells = defaultdict(dict)
    tags: Tags = defaultdict(dict)
    outlines: Outlines = defaultdict(dict)
    for run, name_id, key, value, full, *numbers in _values(runs, by_name, with_tags=with_tags):
        text = value if full is None else full
        for column in by_name.get(name_id, ()):
            _put(cells[run], column, text, numbers)
            if numbers and numbers[-1] and column.field and column.field.part == "last":
                outlines[run][column.key] = numbers[_NUMBERS.index("count")], bytes(numbers[-1])
        if key and not key.startswith(RESERVED):
            tags[run][key] = text
    return cells, {run: dict(sorted(found.items())) for run, found in tags.items()}, outlines


def _values(runs: Sequence[int], by_name: ByName, *, with_tags: bool) -> Iterable[tuple[Any, ...]]:
    """Run, name, the key where all tags are shown, value and full text, and the numbers of a metric."""
    shown: dict[Source, list[int]] = defaultdict(list)
    for name_id, columns in by_name.items():
        shown[columns[0].field.source if columns[0].field else Source.TAG].append(name_id)
    sources = [source for source in KINDS if shown[source] or (source == Source.TAG and with_tags)]
    # First the metrics: in a union the first part says what type a column has.
    sources.sort(key=lambda source: source != Source.METRIC)
    with_numbers = Source.METRIC in sources
    parts = [
        _part(source, runs, shown[source], all_tags=with_tags, with_numbers=with_numbers)
        for source in sources
    ]
    if not parts:
        return ()
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


def _part(
    source: Source, runs: Sequence[int], names: list[int], *, all_tags: bool, with_numbers: bool
) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = TABLES[source]._default_manager.filter(run__in=runs)
    all_tags = all_tags and source == Source.TAG
    if not all_tags:
        rows = rows.filter(name__in=names)
    rows = rows.annotate(key=F("name__text") if all_tags else Value("", CharField()))
    if source == Source.METRIC:
        empty = Value(None, CharField())
        rows = rows.annotate(text=empty, whole=empty)
        return rows.values_list("run_id", "name_id", "key", "text", "whole", *_NUMBERS)
    missing: dict[str, Any] = {f"no_{name}": _nothing(name) for name in _NUMBERS} if with_numbers else {}
    rows = rows.annotate(**missing)
    return rows.values_list("run_id", "name_id", "key", *_TEXT, *missing)


def _nothing(name: str) -> Any:
    kind: Any = Metric._meta.get_field(name)
    return Cast(Value(None), kind)


def _put(cells: dict[str, Cell], column: Column, text: str | None, values: list[Any]) -> None:
    if column.field is None or column.field.source != Source.METRIC:
        cells[column.key] = text
        return
    numbers = dict(zip(_NUMBERS, values, strict=True))
    part = column.field.part
    number = numbers["last_text"] if part == "last" and numbers["last"] is None else numbers.get(part)
    if part == "mean" and numbers["finite_count"]:
        number = numbers["total"] / numbers["finite_count"]
    if number is not None:
        cells[column.key] = number

"""Metrics that are rows of a table: read by pages, and drawn with the first column across."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from runs.limits import number_of
from runs.models import Metric, Segment
from runs.models.metric import unpack_texts
from runs.query.drawing import Cell, Drawing, counted, numbers

MOST_DRAWN = 20_000
MOST_COLUMNS = 30


@dataclass(frozen=True)
class Rows:
    """Some rows as they were logged, the first of them at place `start` of `count`; a missing cell is None."""

    columns: list[str]
    rows: list[list[Cell]]
    start: int
    count: int


def read_rows(metric: Metric, *, start: int = 0, most: int = MOST_DRAWN) -> Rows:
    """Rows in the order they were logged. Two queries; only the batches that hold them are read."""
    sizes = Segment.objects.filter(metric=metric).order_by("id").values_list("pk", "count")
    wanted: list[int] = []
    at = skip = 0
    for pk, count in sizes:
        if at + count > start and at < start + most:
            if not wanted:
                skip = start - at
            wanted.append(pk)
        at += count
    found: list[dict[str, Any]] = []
    for segment in Segment.objects.filter(pk__in=wanted).order_by("id"):
        found += [msgspec.json.decode(text) for text in unpack_texts(segment.data)[2]]
    found = found[skip : skip + most]
    columns = list(dict.fromkeys(name for row in found for name in row))
    return Rows(columns, [[row.get(name) for name in columns] for row in found], start, at)


def rows_drawing(rows: Rows) -> Drawing:
    """The first column across, every other numeric one a line; words in the first column are places of their own."""
    said = [counted(rows.count, "row")]
    if len(rows.rows) < rows.count:
        said = [f"the first {len(rows.rows):,} of {rows.count:,} rows"]
    made = {name: _column([row[at] for row in rows.rows]) for at, name in enumerate(rows.columns)}
    first, others = rows.columns[:1], rows.columns[1:]
    if len(rows.columns) == 1:  # one column alone is drawn over its place
        first, others = [], rows.columns
    drawn = [name for name in others if made[name] is not None][:MOST_COLUMNS]
    left = len(others) - len(drawn)
    said += [f"{counted(left, 'column')} not drawn"] if left and drawn else []
    shape = {
        "title_x": first[0] if first else "row",
        "title_y": drawn[0] if len(drawn) == 1 else "",
        **_places(rows, made[first[0]] if first else None),
        "lines": [{"label": name, "y": numbers(_values(made[name]))} for name in drawn],
    }
    empty = "" if drawn else "A chart needs a column of numbers beside the first; the table has all there is."
    return Drawing("curves", shape, rows.columns, rows.rows, said, empty)


def _values(column: Any) -> Any:
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)


def _places(rows: Rows, column: list[float | None] | None) -> dict[str, Any]:
    if len(rows.columns) == 1:
        return {"x": list(range(len(rows.rows))), "words": None}
    if column is not None:
        return {"x": column, "words": None}
    words = ["" if row[0] is None else str(row[0])[:200] for row in rows.rows]
    return {"x": list(range(len(words))), "words": words}


def _column(cells: Sequence[Cell]) -> list[float | None] | None:
    """The column's numbers, None for an empty cell; None when it holds words."""
    found: list[float | None] = []
    for cell in cells:
        if cell is None or cell in ("NaN", "Infinity", "-Infinity"):
            found.append(None)
        elif isinstance(cell, bool):
            found.append(float(cell))
        else:
            number = number_of(cell) if isinstance(cell, str) else float(cell)
            if number is None:
                return None
            found.append(number)
    return found if any(value is not None for value in found) else None

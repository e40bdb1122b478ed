"""The cards of the tab Metrics: charts, tables by pages, single values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from runs.models import Metric, Run
from runs.query.curve import Look
from runs.query.document_drawing import CURVES
from runs.query.drawing import Cell
from runs.query.metric_request import MOST_TOGETHER, Request, Settings, drawing_of
from runs.query.metric_rows import read_rows
from runs.query.point_pages import read_page
from runs.query.run_metrics import Shown, shown_as
from runs.query.values import last_of
from runs.web import show
from runs.web.address import Address

ROWS_A_PAGE = 100
# Tables of points that one page shows; the others are named, and shown alone.
MOST_TABLES = 12


@dataclass(frozen=True)
class Part:
    """One card: a chart, a table, a single value, or a picture's place on another tab."""

    key: str
    title: str
    body: str
    count: int = 0
    data_url: str = ""
    csv_url: str = ""
    alone_url: str = ""
    table_url: str = ""
    is_bare: bool = True
    is_tall: bool = False
    choices: list[tuple[str, str, bool]] = field(default_factory=list)
    table: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where the cards stand."""

    run: Run
    address: Address
    settings: Settings
    # Of the shown documents, by metric.
    kinds: Mapping[str, str] = field(default_factory=dict)

    def data_url(self, names: list[str], **more: str) -> str:
        """Where the content of a chart of these metrics is read."""
        query = urlencode([*(("m", name) for name in names), *self.settings.pairs.items(), *more.items()])
        return f"{reverse('run_metric_data', args=[self.run.workspace.name, self.run.public_id])}?{query}"

    def only(self, name: str, **changes: str) -> str:
        """This page with the one metric chosen."""
        query = self.address.query.copy()
        for each in ("m", "find", "row"):
            query.pop(each, None)
        query["m"] = name
        return Address(self.address.path, query).having(**changes)


def parts_of(place: Place, chosen: list[Metric], *, row: int) -> list[Part]:
    """The cards of these metrics; `row` is where the table of a single one begins."""
    if place.settings.is_table:
        tables = [_table_part(place, m, row if len(chosen) == 1 else 0) for m in chosen[:MOST_TABLES]]
        return [*tables, *(_named(place, metric) for metric in chosen[MOST_TABLES:])]
    lines = [metric for metric in chosen if shown_as(metric) == Shown.LINE]
    if place.settings.is_together and len(lines) > 1:
        others = [metric for metric in chosen if metric not in lines]
        return [_together(place, lines), *(_part(place, metric) for metric in others)]
    return [_part(place, metric) for metric in chosen]


def _together(place: Place, lines: list[Metric]) -> Part:
    """All curves on the same axes; what does not fit stays in the list to be chosen."""
    names = [metric.name.text for metric in lines[:MOST_TOGETHER]]
    left = len(lines) - len(names)
    title = f"{len(names)} metrics" + (f", the first of {len(lines)}" if left else "")
    return Part(
        "together",
        title,
        "plot",
        sum(metric.count for metric in lines),
        place.data_url(names),
        place.data_url(names, **{"as": "csv"}),
        table_url=place.address.having(**{"as": "table"}),
        is_bare=False,
    )


def _part(place: Place, metric: Metric) -> Part:
    """The metric's card among the charts."""
    name, shown = metric.name.text, shown_as(metric)
    if shown == Shown.TEXT:
        return _table_part(place, metric, 0)
    if shown == Shown.IMAGE:
        return _named(place, metric)
    if shown == Shown.LINE and metric.count == 1:
        return _named(place, metric, body="value")
    return Part(
        f"m {name}",
        name,
        "plot",
        metric.count,
        place.data_url([name]),
        place.data_url([name], **{"as": "csv"}),
        place.only(name),
        place.only(name, **{"as": "table"}),
        is_bare=shown == Shown.LINE or place.kinds.get(name) in ("confusion_matrix", "residuals"),
        is_tall=place.kinds.get(name) == "confusion_matrix",
        choices=_choices(place, metric) if shown == Shown.DOCUMENT else [],
    )


def _choices(place: Place, metric: Metric) -> list[tuple[str, str, bool]]:
    """How a document may be drawn besides: a word, the address, and whether it is so now."""
    settings, address = place.settings, place.address
    match place.kinds.get(metric.name.text):
        case "accuracy_table":
            return [
                (word, address.having(curve=name), name == settings.curve) for name, word in CURVES.items()
            ]
        case "confusion_matrix":
            words = {"counts": "Counts", "rows": "Share of row"}
            return [(word, address.having(by=name), name == settings.by) for name, word in words.items()]
    return []


def _named(place: Place, metric: Metric, *, body: str = "") -> Part:
    """A card without a chart: one value, a picture's place, or a table that is shown alone."""
    name, last = metric.name.text, last_of(metric)
    images = reverse("run_images", args=[place.run.workspace.name, place.run.public_id])
    is_image = shown_as(metric) == Shown.IMAGE
    facts: dict[str, Any] = {
        "last": show.number(show.clipped(last, 120) if isinstance(last, str) else last),
        "step": metric.last_step,
        "time": show.from_ms(metric.last_time),
        "url": f"{images}?{urlencode({'name': name})}" if is_image else place.only(name),
    }
    kind = body or ("image" if is_image else "elsewhere")
    alone, table = place.only(name), place.only(name, **{"as": "table"})
    return Part(f"m {name}", name, kind, metric.count, alone_url=alone, table_url=table, table=facts)


def _table_part(place: Place, metric: Metric, row: int) -> Part:
    """The metric's card with its numbers or texts, by pages where it is alone."""
    name, shown = metric.name.text, shown_as(metric)
    if shown == Shown.IMAGE:
        return _named(place, metric)
    table = (
        _document_table(place, metric, row) if shown == Shown.DOCUMENT else _pages(place, metric, shown, row)
    )
    return Part(
        f"t {name}",
        name,
        "table",
        metric.count,
        csv_url=place.data_url([name], **{"as": "csv"}),
        alone_url=place.only(name),
        choices=_choices(place, metric) if shown == Shown.DOCUMENT else [],
        table=table,
    )


def _pages(place: Place, metric: Metric, shown: Shown, row: int) -> dict[str, Any]:
    if shown == Shown.ROWS:
        rows = read_rows(metric, start=row, most=ROWS_A_PAGE)
        cells = [[_cell(cell) for cell in each] for each in rows.rows]
        return _paged(place, metric, rows.columns, cells, row, rows.count)
    page = read_page(metric, start=row, most=ROWS_A_PAGE)
    drawn = [
        [(step, True), (show.from_ms(time), False), (show.number(value), not isinstance(value, str))]
        for step, time, value in page.points
    ]
    return _paged(place, metric, ["Step", "Time (UTC)", "Value"], drawn, row, page.count)


def _document_table(place: Place, metric: Metric, row: int) -> dict[str, Any]:
    asked = Request([metric], Shown.DOCUMENT, place.settings, Look())
    drawing = drawing_of(place.run, asked)
    shown = [[_cell(cell) for cell in each] for each in drawing.rows[row : row + ROWS_A_PAGE]]
    made = _paged(place, metric, drawing.heads, shown, row, len(drawing.rows))
    return made | {"problem": drawing.empty}


def _paged(place: Place, metric: Metric, heads: Any, rows: list[Any], row: int, count: int) -> dict[str, Any]:
    name, end = metric.name.text, row + len(rows)
    more = {"as": "table"}
    return {
        "heads": [(head, bool(rows) and rows[0][at][1]) for at, head in enumerate(heads)],
        "rows": rows,
        "count": count,
        "from": row + 1,
        "to": end,
        "before_url": place.only(name, **more, row=str(max(0, row - ROWS_A_PAGE) or "")) if row else None,
        "after_url": place.only(name, **more, row=str(end)) if end < count and rows else None,
    }


def _cell(cell: Cell) -> tuple[Any, bool]:
    """The cell as it is shown, and whether it is a number."""
    if cell is None:
        return show.NOTHING, False
    if isinstance(cell, bool):
        return ("true" if cell else "false"), False
    return (show.number(cell), True) if isinstance(cell, int | float) else (show.clipped(cell, 200), False)

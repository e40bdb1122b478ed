"""Runs side by side: the table, its controls as addresses, its charts, and the same as CSV and Markdown."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from runs.access import get_workspace
from runs.errors import Invalid
from runs.models import Run, Workspace
from runs.query.compare import MOST_RUNS, Comparison, compare_runs, delta, read_runs, usual_charts
from runs.query.compare_rows import Cell, Row
from runs.query.conditions import Conditions
from runs.query.runs import list_runs
from runs.query.search import words_of
from runs.query.sources import compare_sources
from runs.web import show
from runs.web.address import Address
from runs.web.chart_panel import ChartPlace, Panel, draw_panel
from runs.web.charts import safe_cell
from runs.web.frame import caller_of

MOST_FOUND = 8
LIVE_S, IDLE_S = 5, 600


@dataclass(frozen=True)
class Head:
    """A run as a column, and what can be done with it."""

    run: Run
    is_base: bool
    base_url: str
    remove_url: str
    left_url: str
    right_url: str


@dataclass(frozen=True)
class Line:
    """A row as it is drawn."""

    row: Row
    sort_url: str
    direction: str
    cells: list[SafeString]


@require_safe
def compare(request: HttpRequest, workspace: str) -> HttpResponse:
    """The chosen runs side by side; everything that is shown stands in the address."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    address = Address.of(request)
    ids = list(dict.fromkeys(text for text in request.GET.getlist("run") if text))
    facts: dict[str, Any] = {"workspace": found, "address": address, "most": MOST_RUNS}
    if not ids or len(ids) > MOST_RUNS:
        query = QueryDict(mutable=True)
        query.setlist("run", ids[:MOST_RUNS])
        facts |= {"count": len(ids), "first_url": Address(request.path, query).having()}
        return render(request, "compare/none.html", facts, status=400 if ids else 200)
    read, missing = read_runs(found, ids)
    show_same = address.get("all") == "true"
    form = address.get("as")
    made = compare_runs(
        found,
        read,
        now=timezone.now(),
        sort=address.get("sort"),
        base=address.get("base"),
        show_same=show_same,
        search=address.get("find").strip(),
        **({"most_rows": None} if form or address.get("rows") == "all" else {}),
    )
    if form in ("csv", "md"):
        return _file(made, form)
    facts |= {
        "compared": made,
        "missing": missing,
        "without_url": _with_runs(address, [run.public_id for run in read]),
        "heads": list(_heads(address, made)),
        "sections": [(section, _lines(address, made, section.rows)) for section in made.sections],
        "show_same": show_same,
        "same_url": address.having(all=None if show_same else "true"),
        "unsorted_url": address.having(sort=None),
        "rows_url": address.having(rows="all"),
        "csv_url": address.having(**{"as": "csv"}),
        "md_url": address.having(**{"as": "md"}),
        "panel": _panel(address, found, made),
        "hidden": list(address.pairs("find")),
        "add_hidden": list(address.pairs("add")),
        "live_s": LIVE_S if any(show.is_active(run.status) for run in made.runs) else IDLE_S,
    }
    facts["sources_base"], facts["sources"] = compare_sources(made.runs, made.base)
    if address.get("add").strip():
        facts["found"] = list(_found(request, found, address, ids))
    return render(request, "compare/compare.html", facts)


def _panel(address: Address, workspace: Workspace, made: Comparison) -> Panel:
    chosen = address.query.getlist("chart")
    texts = [text for text in chosen if text] if chosen else usual_charts(made)
    asked = [("selected", run.public_id) for run in made.runs]
    return draw_panel(ChartPlace(address, workspace.name, texts, asked), follows_selection=False)


def _heads(address: Address, made: Comparison) -> Iterator[Head]:
    ids = [run.public_id for run in made.runs]
    for place, run in enumerate(made.runs):
        is_base = place == made.base
        others = [each for each in ids if each != run.public_id]

        def moved(to: int, others: list[str] = others, run: Run = run) -> str:
            return _with_runs(address, [*others[:to], run.public_id, *others[to:]], drop_sort=True)

        yield Head(
            run,
            is_base,
            address.having(base=None if is_base else run.public_id),
            _with_runs(address, others),
            moved(place - 1) if place else "",
            moved(place + 1) if place + 1 < len(ids) else "",
        )


def _with_runs(address: Address, ids: list[str], *, drop_sort: bool = False) -> str:
    query = address.query.copy()
    query.setlist("run", ids)
    if drop_sort:
        query.pop("sort", None)
    return Address(address.path, query).having()


def _lines(address: Address, made: Comparison, rows: list[Row]) -> list[Line]:
    sort = address.get("sort")
    lines = []
    for row in rows:
        is_sorted, is_descending = sort.removeprefix("-") == row.key, sort.startswith("-")
        turned = f"-{row.key}" if is_sorted and not is_descending else row.key
        direction = ("descending" if is_descending else "ascending") if is_sorted else ""
        base = None if made.base is None else row.cells[made.base]
        cells = [_drawn(row, cell, None if base is cell else base) for cell in row.cells]
        lines.append(Line(row, address.having(sort=turned), direction, cells))
    return lines


def _drawn(row: Row, cell: Cell, base: Cell | None) -> SafeString:
    """The value; under it a metric's bounds, and how far it lies from the baseline."""
    value = cell.value
    if value is None:
        return show.NOTHING
    if row.key == "status":
        return show.status(str(value))
    drawn = _value(row, value)
    if cell.count > 1 and cell.low is not None and cell.high is not None:
        drawn = format_html(
            '{}<span class="under" title="least {}, most {}, of {} points">{} – {}</span>',
            drawn,
            show.exactly(cell.low),
            show.exactly(cell.high),
            show.grouped(cell.count),
            show.shortened(cell.low),
            show.shortened(cell.high),
        )
    return drawn if base is None else format_html("{}{}", drawn, _delta(row, cell, base))


def _value(row: Row, value: float | str | datetime) -> SafeString:
    if isinstance(value, datetime):
        return show.moment(value)
    if isinstance(value, float):
        return escape(show.duration(value)) if row.is_duration else show.number(value)
    if not value:
        return format_html('<span class="dim">{}</span>', "set")
    short = show.clipped(value, 60)
    return escape(short) if short == value else format_html('<span title="{}">{}</span>', value[:1000], short)


def _delta(row: Row, cell: Cell, base: Cell) -> SafeString:
    found = delta(cell, base)
    if found is None or found[0] == 0:
        return SafeString()
    number, share = found
    sign = "+" if number > 0 else "−"
    size = show.shortened(abs(number))
    if row.is_duration:
        size = show.duration(abs(number)) if abs(number) >= 10 else f"{size}s"
    percent = "" if share is None else f" ({sign}{show.shortened(abs(share) * 100)}%)"
    return format_html('<span class="under delta">{}{}{}</span>', sign, size, percent)


def _found(request: HttpRequest, workspace: Workspace, address: Address, ids: list[str]) -> Iterator[Any]:
    """Runs to add: those that the words find and that are not here yet."""
    try:
        words_of(address.get("add"))
        conditions = Conditions(search=address.get("add"), include_children=True)
        page = list_runs(
            workspace, conditions, viewer=caller_of(request).user, columns=(), limit=MOST_FOUND + len(ids)
        )
    except Invalid:
        return
    new = [run for run in page.runs if run.public_id not in ids][:MOST_FOUND]
    for run in new:
        query = address.query.copy()
        query.pop("add", None)
        query.appendlist("run", run.public_id)
        yield run, Address(address.path, query).having()


def _file(made: Comparison, form: str) -> HttpResponse:
    heads = ["", *(f"{run.display_name} ({run.experiment.name} {run.number})" for run in made.runs)]
    rows = [line for section in made.sections for row in section.rows for line in _texts(row)]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([safe_cell(cell) for cell in row] for row in [heads, *rows])
        answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    else:
        lines = [heads, ["---"] * len(heads), *rows]
        body = "\n".join(f"| {' | '.join(_markdown(cell) for cell in line)} |" for line in lines)
        answer = HttpResponse(body + "\n", content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="comparison.{form}"'
    return answer


def _texts(row: Row) -> Iterator[list[Any]]:
    """The row as a file holds it: its key and exact values. A metric has three rows."""
    values = [
        cell.value.isoformat() if isinstance(cell.value, datetime) else cell.value for cell in row.cells
    ]
    yield [row.key, *values]
    if row.key.startswith("metrics."):
        yield [f"{row.key}.min", *(cell.low for cell in row.cells)]
        yield [f"{row.key}.max", *(cell.high for cell in row.cells)]


def _markdown(cell: Any) -> str:
    if cell is None:
        return ""
    text = show.exactly(cell) if isinstance(cell, float) else str(cell)
    return escape(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")

"""What charts ask for: their content as JSON, as CSV and as a table of numbers."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from runs.access import get_experiment, get_workspace
from runs.errors import Invalid, NotFound
from runs.models import Workspace
from runs.query.chart_data import ChartData
from runs.query.chart_request import MOST_POINTS, read_chart
from runs.query.chart_shape import Cell, chart_shape, fingerprint, table_of
from runs.query.chart_words import said
from runs.web import show
from runs.web.frame import caller_of

TABLE_ROWS = 1000
# A spreadsheet takes a text that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
def chart_data(request: HttpRequest, workspace: str) -> HttpResponseBase:
    """The chart's content. A browser that holds the same already is told so, and draws nothing anew."""
    found = get_workspace(caller_of(request), workspace)
    try:
        data = _read(request, found)
    except NotFound:
        raise
    except Invalid as refusal:
        return json_of({"error": {"message": refusal.message, "field": refusal.field}}, status=400)
    if request.GET.get("as") == "csv":
        heads, rows = table_of(data)
        return csv_of(data.chart.title, heads, rows)
    encoded = orjson.dumps(chart_shape(data))
    tag = f'W/"{fingerprint(encoded)}"'
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponse = HttpResponseNotModified()
    else:
        answer = HttpResponse(encoded, content_type="application/json")
    answer["ETag"], answer["Cache-Control"] = tag, "private, no-cache"
    return answer


@require_safe
def chart_table(request: HttpRequest, workspace: str) -> HttpResponse:
    """The numbers of a chart, for everybody who cannot see the picture; a page of its own, without a script."""
    found = get_workspace(caller_of(request), workspace)
    at = request.GET.get("at", "")
    facts: dict[str, Any] = {"workspace": found, "at": at if _is_ours(at) else ""}
    try:
        data = _read(request, found)
    except Invalid as refusal:
        return render(request, "charts/table.html", facts | {"refusal": refusal}, status=400)
    heads, rows = table_of(data)
    drawn = [[_drawn(cell) for cell in row] for row in islice(rows, TABLE_ROWS + 1)]
    query = request.GET.copy()
    query["as"] = "csv"
    facts |= {
        "title": data.chart.title,
        "heads": heads,
        "rows": drawn[:TABLE_ROWS],
        "is_cut": len(drawn) > TABLE_ROWS,
        "said": said(data),
        "csv_query": query.urlencode(),
    }
    return render(request, "charts/table.html", facts)


def _read(request: HttpRequest, workspace: Workspace) -> ChartData:
    """The content; for a file as finely as it goes."""
    caller = caller_of(request)
    inside = request.GET.get("in", "")
    experiment = get_experiment(caller, workspace, inside) if inside else None
    asked = request.GET.copy()
    if asked.get("as") == "csv":
        asked["points"] = str(MOST_POINTS)
    return read_chart(workspace, asked, viewer=caller.user, experiment=experiment)


def _is_ours(path: str) -> bool:
    """Whether the way back leads to a page of this studio."""
    return path.startswith("/w/") and url_has_allowed_host_and_scheme(path, None)


def _drawn(cell: Cell) -> tuple[Any, bool]:
    """The cell as it is shown, and whether it is a number."""
    if cell is None:
        return show.NOTHING, False
    return (show.number(cell), True) if isinstance(cell, int | float) else (show.clipped(cell, 120), False)


def csv_of(title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingHttpResponse:
    """The table as a file that is named after the chart."""
    answer = StreamingHttpResponse(_lines(heads, iter(rows)), content_type="text/csv; charset=utf-8")
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in title)[:80]
    answer["Content-Disposition"] = f'attachment; filename="{name.strip("-.") or "chart"}.csv"'
    return answer


def _lines(heads: Sequence[str], rows: Iterator[Sequence[Cell]]) -> Iterator[str]:
    """The file in pieces of some thousand rows."""
    yield _text([heads])
    while piece := list(islice(rows, 5000)):
        yield _text(piece)


def _text(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe_cell(cell: Any) -> Any:
    """The cell, marked as text where a spreadsheet would run it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def json_of(body: object, *, status: int = 200) -> HttpResponse:
    """The content as JSON."""
    return HttpResponse(orjson.dumps(body), content_type="application/json", status=status)

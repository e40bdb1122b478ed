"""The tab Metrics of a run: its list, and the chosen metrics as charts or as tables. All of it is in the address."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.errors import Invalid, NotFound
from runs.models import Metric, Run
from runs.query.documents import document_kinds
from runs.query.metric_request import AXES, Request, drawing_of, read_request, read_settings, table_of
from runs.query.run_metrics import Shown, chosen_metrics, metric_page, shown_as
from runs.query.values import last_of
from runs.web import show
from runs.web.address import Address
from runs.web.charts import csv_of, json_of
from runs.web.metric_parts import Place, parts_of
from runs.web.run import facts_of, last_shown, run_of

ICONS = {
    Shown.LINE: "chart",
    Shown.TEXT: "text",
    Shown.ROWS: "table",
    Shown.DOCUMENT: "chart-box",
    Shown.IMAGE: "image",
}


@require_safe
def metrics(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """What was logged, as charts or as tables: the chosen metrics, or all of this page of the list."""
    run = run_of(request, workspace, run_id)
    address = Address.of(request)
    settings = read_settings(request.GET)
    find = request.GET.get("find", "").strip()
    page = metric_page(run, find=find, after=request.GET.get("behind", ""))
    asked = [name for name in request.GET.getlist("m") if name]
    chosen = chosen_metrics(run, asked)
    place = Place(run, address, settings)
    shown = chosen or ([] if asked else page.metrics)
    facts = facts_of(request, run, "metrics") | {
        "address": address,
        "settings": settings,
        "find": find,
        "page": page,
        "listed": [_listed(metric, {m.name.text for m in chosen}) for metric in page.metrics],
        "also": [_listed(m, {m.name.text}) for m in chosen if m not in page.metrics],
        "is_chosen": bool(asked),
        "axes": AXES,
        "overs": [metric.name.text for metric in page.metrics if shown_as(metric) == Shown.LINE],
        "clear_url": address.dropping_all("m", "row"),
        "chart_url": address.dropping_all("as", "row"),
        "table_url": address.having(**{"as": "table"}),
        "before_url": None if page.before is None else address.having(behind=page.before),
        "after_url": None if page.after is None else address.having(behind=page.after),
        "last_shown": page.first + len(page.metrics) - 1,
    }
    if settings.is_table and not asked:
        facts["summary"] = [_summary(metric, place) for metric in page.metrics]
    else:
        documents = [metric for metric in shown if shown_as(metric) == Shown.DOCUMENT]
        place = replace(place, kinds=document_kinds(run, documents))
        facts["parts"] = parts_of(place, shown, row=_row(request))
    return render(request, "run/metrics.html", facts)


def _listed(metric: Metric, chosen: set[str]) -> dict[str, Any]:
    last = last_of(metric)
    shown = shown_as(metric)
    is_value = shown in (Shown.LINE, Shown.TEXT)
    return {
        "name": metric.name.text,
        "icon": ICONS[shown],
        "last": show.number(show.clipped(last, 20) if isinstance(last, str) else last) if is_value else "",
        "count": metric.count,
        "is_chosen": metric.name.text in chosen,
    }


def _summary(metric: Metric, place: Place) -> dict[str, Any]:
    return {
        "name": metric.name.text,
        "url": place.only(metric.name.text),
        "icon": ICONS[shown_as(metric)],
        "last": last_shown(metric, 60),
        "low": metric.min,
        "high": metric.max,
        "mean": metric.mean,
        "count": metric.count,
        "step": metric.last_step,
    }


def _row(request: HttpRequest) -> int:
    text = request.GET.get("row", "")
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 9:
        raise Invalid(f"row must be a whole number, not {text[:40]!r}.", field="row")
    return int(text)


@require_safe
def metric_data(request: HttpRequest, workspace: str, run_id: str) -> HttpResponseBase:
    """The content of a chart as JSON or as CSV. Who has it already is told so; who has its beginning gets the rest."""
    run = run_of(request, workspace, run_id)
    try:
        asked = read_request(run, request.GET)
        if asked is None:
            raise NotFound("This run has no such metric.")
        if request.GET.get("as") == "csv":
            table = table_of(run, asked)
            return csv_of(asked.title, table.heads, table.rows)
        return _answer(request, run, asked)
    except NotFound:
        raise
    except Invalid as refusal:
        return json_of({"error": {"message": refusal.message, "field": refusal.field}}, status=400)


def _answer(request: HttpRequest, run: Run, asked: Request) -> HttpResponse:
    # A run that falls silent is shaded, though no point has come.
    tag = f'W/"{asked.state}-{run.status}"'
    if asked.has_nothing_newer:
        answer = HttpResponse(status=204)
    elif request.headers.get("If-None-Match") == tag and asked.shown in (Shown.LINE, Shown.ROWS):
        answer = HttpResponseNotModified()
    else:
        answer = json_of(drawing_of(run, asked).wire(asked.key, asked.title))
    if asked.shown in (Shown.LINE, Shown.ROWS):
        answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    return answer

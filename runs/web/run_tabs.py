"""The tabs Metrics, Child runs and Activity of a run's page."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.models import Metric, Run, RunEvent
from runs.query.series import Series, read_series
from runs.query.values import last_of
from runs.web import show
from runs.web.activity import told_of
from runs.web.address import Address
from runs.web.columns import one_columns
from runs.web.run import facts_of, run_of
from runs.web.run_list import run_list
from runs.web.scope import Scope

MOST_NAMES = 300
MOST_CHOSEN = 24
CHOSEN_AT_FIRST = 4
TABLE_POINTS = 500
EVENTS_A_PAGE = 50
AXES = {"step": "Step", "time": "Time", "relative": "Relative"}


@require_safe
def metrics(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """What was logged, as charts or as a table; the chosen metrics stand in the address."""
    run = run_of(request, workspace, run_id)
    address = Address.of(request)
    find = address.get("find").strip()
    rows = Metric.objects.filter(run=run, count__gt=0).select_related("name").order_by("name__text")
    found = rows.filter(name__text__icontains=find) if find and "\x00" not in find else rows
    listed = list(found[: MOST_NAMES + 1])
    asked = [name for name in request.GET.getlist("m") if "\x00" not in name]  # PostgreSQL cannot hold it
    chosen = asked[:MOST_CHOSEN] or _chosen_at_first(listed)
    axis = address.get("x") if address.get("x") in AXES else "step"
    is_table = address.get("as") == "table"
    facts = facts_of(request, run, "metrics") | {
        "address": address,
        "find": find,
        "listed": [_listed(metric, chosen) for metric in listed[:MOST_NAMES]],
        "is_cut": len(listed) > MOST_NAMES,
        "chosen": chosen,
        "axis": axis,
        "axes": [(name, word, address.having(x=name)) for name, word in AXES.items()],
        "is_table": is_table,
        "chart_url": address.dropping("as"),
        "table_url": address.having(**{"as": "table"}),
    }
    facts["parts"] = _parts(run, chosen, as_table=is_table)
    return render(request, "run/metrics.html", facts)


def _chosen_at_first(listed: list[Metric]) -> list[str]:
    """The first that can be drawn."""
    return [metric.name.text for metric in listed if not _is_text(metric)][:CHOSEN_AT_FIRST]


def _listed(metric: Metric, chosen: list[str]) -> dict[str, Any]:
    last = last_of(metric)
    return {
        "name": metric.name.text,
        "last": show.number(show.clipped(last, 20) if isinstance(last, str) else last),
        "count": metric.count,
        "is_chosen": metric.name.text in chosen,
    }


def _parts(run: Run, chosen: list[str], *, as_table: bool) -> list[dict[str, Any]]:
    """Each chosen metric: a chart drawn by a script, or its points where it is text or asked for."""
    known = Metric.objects.filter(run=run, name__text__in=chosen, count__gt=0).select_related("name")
    metrics = {metric.name.text: metric for metric in known}
    texts = [name for name in chosen if name in metrics and _is_text(metrics[name])]
    tables = chosen if as_table else texts
    series = {s.name: s for s in read_series(run, tables, points=TABLE_POINTS)} if tables else {}
    base = reverse("api-run-series", args=[run.public_id])
    return [
        {
            "name": name,
            "url": f"{base}?{urlencode({'name': name, 'points': 1000})}",
            "count": metrics[name].count,
            "table": _table(series[name]) if name in series else None,
        }
        for name in chosen
        if name in metrics
    ]


def _is_text(metric: Metric) -> bool:
    return metric.last_text is not None and metric.finite_count == 0


def _table(series: Series) -> dict[str, Any]:
    values = [show.number(v if isinstance(v, str) else float(v)) for v in series.values]
    steps = [int(step) for step in series.steps]
    times = [int(time) for time in series.times]
    rows = list(zip(steps, times, values, strict=True))[::-1]
    return {"rows": [(step, show.from_ms(time), value) for step, time, value in rows], "count": series.count}


@require_safe
def children(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The list of runs, narrowed to this run's children."""
    run = run_of(request, workspace, run_id)
    if (elsewhere := one_columns(request)) is not None:
        return redirect(elsewhere)
    made = run_list(request, Scope(run.workspace, parent=run))
    facts = facts_of(request, run, "children") | {"list": made}
    return render(request, "run/children.html", facts, status=400 if made.refusal else 200)


@require_safe
def activity(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """Who changed what, when; the latest first."""
    run = run_of(request, workspace, run_id)
    events = RunEvent.objects.filter(run=run).select_related("by").order_by("-id")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        events = events.filter(pk__lt=int(before))
    page = list(events[: EVENTS_A_PAGE + 1])
    shown = page[:EVENTS_A_PAGE]
    facts = facts_of(request, run, "activity") | {
        "events": [told_of(event) for event in shown],
        "is_first": not before,
        "next_url": f"?before={shown[-1].pk}" if len(page) > EVENTS_A_PAGE else None,
    }
    return render(request, "run/activity.html", facts)

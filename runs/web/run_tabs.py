"""The tabs Child runs and Activity of a run's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from runs.models import RunEvent
from runs.web.activity import told_of
from runs.web.columns import one_columns
from runs.web.run import facts_of, run_of
from runs.web.run_list import run_list
from runs.web.scope import Scope, is_deep

EVENTS_A_PAGE = 50


@require_safe
def children(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The list of runs, narrowed to this run's children."""
    run = run_of(request, workspace, run_id)
    if (elsewhere := one_columns(request)) is not None:
        return redirect(elsewhere)
    made = run_list(request, Scope(run.workspace, parent=run, is_deep=is_deep(request.GET)))
    facts = facts_of(request, run, "children") | {
        "list": made,
        "direct_url": made.address.having(depth=None),
        "deep_url": made.address.having(depth="all"),
    }
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

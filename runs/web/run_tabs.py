"""The tab Child runs of a run's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from runs.web.columns import one_columns
from runs.web.run import facts_of, run_of
from runs.web.run_list import run_list
from runs.web.scope import Scope, is_deep


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

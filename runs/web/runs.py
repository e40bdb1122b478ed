"""All runs of a workspace."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from runs.access import allows, get_workspace
from runs.query.home import has_runs
from runs.web.columns import one_columns
from runs.web.frame import caller_of
from runs.web.run_list import run_list
from runs.web.scope import Scope
from runs.web.view_bar import bar_of, first_url


@require_safe
def runs(request: HttpRequest, workspace: str) -> HttpResponse:
    """The list of all runs."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    if (elsewhere := one_columns(request)) is not None:
        return redirect(elsewhere)
    if not request.GET and (begun := first_url(caller, found, request.path)) is not None:
        return redirect(begun)
    made = run_list(request, Scope(found))
    facts: dict[str, Any] = {"workspace": found, "list": made, "public_url": settings.PUBLIC_URL}
    facts["bar"] = bar_of(caller, found, made.address)
    if not made.row_count and not made.is_narrowed and made.refusal is None:
        facts["is_new"] = not has_runs(found)
        facts["may_write"] = allows(caller_of(request), found, "write")
    return render(request, "runs/runs.html", facts, status=400 if made.refusal else 200)

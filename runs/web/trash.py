"""The trash of a workspace: what lies there, and how to bring it back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.access import get_workspace
from runs.actions.trash import KEPT_FOR, days_left
from runs.query.trash import trashed_experiments, trashed_models, trashed_runs
from runs.web.address import Address
from runs.web.bulk_report import kept_report
from runs.web.frame import caller_of


@require_safe
def trash(request: HttpRequest, workspace: str) -> HttpResponse:
    """Experiments, models and runs in the trash, the latest first, each with how many days it has left."""
    found = get_workspace(caller_of(request), workspace, "write")
    address = Address.of(request)
    page = trashed_runs(found, cursor=address.get("cursor"))
    whole = trashed_experiments(found, cursor=address.get("experiments"))
    models = trashed_models(found, cursor=address.get("models"))
    now = timezone.now()
    facts = {
        "workspace": found,
        "experiments": [(each, days_left(each.deleted_at, now)) for each in whole.experiments],
        "next_experiments": address.having(experiments=whole.next_cursor) if whole.next_cursor else None,
        "models": [(each, days_left(each.deleted_at, now)) for each in models.models],
        "next_models": address.having(models=models.next_cursor) if models.next_cursor else None,
        "lines": [(run, days_left(run.deleted_at, now)) for run in page.runs],
        "next_url": address.having(cursor=page.next_cursor) if page.next_cursor else None,
        "is_first": not any(address.get(name) for name in ("cursor", "experiments", "models")),
        "report": kept_report(request, found),
        "at": request.path,
        "days": KEPT_FOR.days,
    }
    return render(request, "runs/trash.html", facts)

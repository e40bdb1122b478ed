"""The tab Models of an experiment: what its runs and other scripts logged as models."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.access import get_numbered_experiment
from runs.models import LoggedModel
from runs.query.logged_models import list_models
from runs.web.address import Address
from runs.web.experiment import head_facts
from runs.web.frame import caller_of
from runs.web.run_list import IDLE_S, LIVE_S


@require_safe
def models(request: HttpRequest, workspace: str, number: int) -> HttpResponse:
    """The models of the experiment, the newest first, page by page."""
    found = get_numbered_experiment(caller_of(request), workspace, number)
    address = Address.of(request)
    page = list_models(found, cursor=address.get("cursor"))
    is_pending = any(model.status == LoggedModel.PENDING for model in page.models)
    facts = head_facts(request, found, tab="models") | {
        "models": page.models,
        "next_url": address.having(cursor=page.next_cursor) if page.next_cursor else "",
        "first_url": address.having() if address.get("cursor") else "",
        "live_s": LIVE_S if is_pending else IDLE_S,
        "now": timezone.now(),
    }
    return render(request, "experiments/models.html", facts)

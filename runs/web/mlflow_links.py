"""Links as of MLflow's own pages: the studio's page of the run, model or experiment. static/js/mlflow_links.js."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from runs.access import get_numbered_experiment, get_run
from runs.access_models import find_logged_model
from runs.web.frame import caller_of


@require_safe
def experiment(request: HttpRequest, workspace: str, number: int) -> HttpResponse:
    """The page of the experiment of that number."""
    found = get_numbered_experiment(caller_of(request), workspace, number)
    return redirect("experiment", found.workspace.name, found.name)


@require_safe
def run(request: HttpRequest, workspace: str, number: int, run_id: str) -> HttpResponse:
    """The page of the run, in whichever workspace it is: a link without one opens the workspace looked at last."""
    found = get_run(caller_of(request), run_id, trashed=True)
    return redirect("run", found.workspace.name, found.public_id)


@require_safe
def model(request: HttpRequest, workspace: str, number: int, model_id: str) -> HttpResponse:
    """The page of the model, in whichever workspace it is."""
    found = find_logged_model(caller_of(request), model_id)
    return redirect("model", found.workspace.name, found.public_id)

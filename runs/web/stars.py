"""The star button: a form of one button, beside whatever can be starred."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from runs.access import Caller, get_experiment, get_workspace
from runs.access_views import get_view
from runs.actions.stars import set_star
from runs.errors import Invalid
from runs.models import Workspace
from runs.web.frame import caller_of
from runs.web.run import run_of


@require_POST
def star(request: HttpRequest, workspace: str) -> HttpResponse:
    """Set or take away a star; htmx gets the button as it is now, others go back to where they were."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    kind, name = request.POST.get("kind", ""), request.POST.get("id", "")
    is_on = request.POST.get("on") == "true"
    place = _set(request, caller, found, kind, name, on=is_on)
    back = safe_next(request, found, place)
    if request.htmx:  # type: ignore[attr-defined]
        facts = {"workspace": found, "kind": kind, "id": name, "is_on": is_on, "next": back}
        return render(request, "frame/_star.html", facts)
    return redirect(back)


def _set(
    request: HttpRequest, caller: Caller, workspace: Workspace, kind: str, name: str, *, on: bool
) -> str:
    """Do it, and name the page of the thing."""
    if kind == "run":
        run = run_of(request, workspace.name, name)
        set_star(caller.user, run=run, on=on)
        return reverse("run", args=[workspace.name, run.public_id])
    if kind == "experiment":
        experiment = get_experiment(caller, workspace, name)
        set_star(caller.user, experiment=experiment, on=on)
        return reverse("experiment", args=[workspace.name, experiment.name])
    if kind == "view":
        view = get_view(caller, workspace, name)
        set_star(caller.user, view=view, on=on)
        return reverse("view", args=[workspace.name, view.pk])
    raise Invalid("A run, an experiment or a view can be starred.", field="kind")


def safe_next(request: HttpRequest, workspace: Workspace, otherwise: str) -> str:
    """Where the form wants to go next, if that is a page of this workspace, else the other place."""
    wanted = request.POST.get("next", "")
    inside = wanted.startswith(f"/w/{workspace.name}/")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if inside and safe else otherwise

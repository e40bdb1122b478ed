"""What is done with a whole experiment from its page: rename, throw away, restore."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.access import get_numbered_experiment
from runs.actions.experiment import rename_experiment
from runs.actions.experiment_trash import trash_experiment, untrash_experiment
from runs.actions.trash import KEPT_FOR
from runs.errors import NotAllowed, NotFound, Refused
from runs.lifecycle import is_ended
from runs.models import Experiment
from runs.query.experiments import experiment_row
from runs.web import show
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.said import say


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, workspace: str, number: int) -> HttpResponse:
    """Ask for the new name, saying what does not follow it; then go to its page."""
    caller = caller_of(request)
    found = get_numbered_experiment(caller, workspace, number, "write")
    before, name = found.name, request.POST.get("name", "").strip()
    if request.method != "POST":
        return _ask(request, found, "rename", {"name": before})
    try:
        rename_experiment(found, name, by=caller.user)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        return _ask(request, found, "rename", {"name": name, "refusal": refusal.message}, status_of(refusal))
    if found.name != before:
        words = f"{show.clipped(before, 60)} is called {show.clipped(found.name, 60)} now."
        place = reverse("experiment_name", args=[workspace, number])
        say(request, words, undo_url=place, undo={"name": before})
    return _go(request, reverse("experiment", args=[workspace, found.name]))


@require_http_methods(["GET", "HEAD", "POST"])
def throw_away(request: HttpRequest, workspace: str, number: int) -> HttpResponse:
    """Ask once, saying how many runs go along; then move it to the trash. `deleted=false` brings it back."""
    caller = caller_of(request)
    found = get_numbered_experiment(caller, workspace, number, "write", trashed=True)
    place, name = reverse("experiment_trash", args=[workspace, number]), show.clipped(found.name, 60)
    if request.method != "POST":
        return _ask(request, found, "trash", {"days": KEPT_FOR.days, **_runs_of(found)})
    if request.POST.get("deleted") == "false":
        untrash_experiment(found, by=caller.user)
        words = f"{name} is restored with the runs that went along."
        say(request, words, undo_url=place, undo={"deleted": "true"})
        return _go(request, reverse("experiment", args=[workspace, found.name]))
    trash_experiment(found, by=caller.user)
    words = f"{name} is in the trash, where it stays for {KEPT_FOR.days} days."
    say(request, words, undo_url=place, undo={"deleted": "false"})
    return _go(request, reverse("experiments", args=[workspace]))


def _runs_of(experiment: Experiment) -> dict[str, int]:
    """How many runs go along, and how many of them go on, as long as which nothing goes."""
    counts = experiment_row(experiment).counts
    going_on = sum(runs for status, runs in counts.items() if not is_ended(status))
    return {"runs": sum(counts.values()), "going_on": going_on}


def _ask(
    request: HttpRequest, experiment: Experiment, what: str, facts: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A dialog, or without a script a page."""
    part = f"experiments/_{what}.html"
    template = part if request.htmx else "experiments/ask.html"  # type: ignore[attr-defined]
    facts |= {"workspace": experiment.workspace, "experiment": experiment, "part": part}
    return render(request, template, facts, status=status)


def _go(request: HttpRequest, place: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(place)
    return HttpResponse(status=204, headers={"HX-Redirect": place})

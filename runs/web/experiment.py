"""The page of one experiment: what it is, and its runs; its description and tags are edited where one reads them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from runs.access import allows, get_experiment, get_numbered_experiment, get_workspace
from runs.actions.experiment import (
    archive_experiment,
    create_experiment,
    edit_experiment,
    restore_experiment,
)
from runs.errors import Refused
from runs.models import Experiment
from runs.query.experiments import ExperimentFacts, experiment_facts, experiment_row
from runs.query.logged_models import MOST_COUNTED
from runs.web import show
from runs.web.columns import one_columns
from runs.web.described import about
from runs.web.errors import status_of
from runs.web.experiments import shares_of
from runs.web.frame import caller_of
from runs.web.run_list import run_list
from runs.web.said import say
from runs.web.scope import Scope
from runs.web.stars import safe_next
from runs.web.tag_form import change_of, keys_to_offer, say_change, tag_facts
from runs.web.view_bar import bar_of

MOST_VIEWS = 12
PARTS = {"description": "describe/_description.html", "tags": "describe/_tags.html"}


@require_safe
def experiment(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """One experiment."""
    found = get_experiment(caller_of(request), workspace, name)
    if (elsewhere := one_columns(request)) is not None:
        return redirect(elsewhere)
    known = experiment_facts(found, caller_of(request).user)
    facts = _facts(request, found, known)
    made = run_list(request, Scope(found.workspace, experiment=found, metrics=known.metrics))
    edit = request.GET.get("edit", "")
    facts["bar"] = bar_of(caller_of(request), found.workspace, made.address)
    facts["own_views"] = known.views[:MOST_VIEWS]
    facts |= {"list": made, "edit": edit if edit in PARTS and facts["may_write"] else ""}
    facts["text"] = found.description
    return render(request, "experiments/experiment.html", facts, status=400 if made.refusal else 200)


def _facts(request: HttpRequest, found: Experiment, known: ExperimentFacts | None = None) -> dict[str, Any]:
    """What the page shows above the runs."""
    known = known or experiment_facts(found, caller_of(request).user)
    return (
        head_facts(request, found, known)
        | tag_facts(request, found, known.tags)
        | {"about": about(request, found)}
    )


def head_facts(
    request: HttpRequest, found: Experiment, known: ExperimentFacts | None = None, *, tab: str = "runs"
) -> dict[str, Any]:
    """What the head of the experiment's pages shows, and its tabs: none where there are only runs."""
    caller = caller_of(request)
    known = known or experiment_facts(found, caller.user)
    return {
        "workspace": found.workspace,
        "experiment": found,
        "shares": shares_of(known.counts),
        "may_write": allows(caller, found.workspace, "write"),
        "is_starred": known.is_starred,
        "tab": tab,
        "has_tabs": known.models or tab != "runs",
        "model_count": _counted(known.models),
    }


def _counted(models: int) -> str:
    return show.grouped(models) if models <= MOST_COUNTED else f"{MOST_COUNTED:,}+"


@require_http_methods(["GET", "HEAD", "POST"])
def edit_tags(request: HttpRequest, workspace: str, number: int) -> HttpResponse:
    """The tags, as a form or as chips."""
    return _edit(request, workspace, number, "tags")


def _edit(request: HttpRequest, workspace: str, number: int, part: str) -> HttpResponse:
    """The part alone; without htmx a page of it, and after saving the experiment's own page."""
    found = get_numbered_experiment(caller_of(request), workspace, number, "write")
    if request.method != "POST":
        return _shown(request, found, part, {"edit": "" if request.GET.get("leave") == "true" else part})
    try:
        _save(request, found, part)
    except Refused as refusal:
        kept = {name: request.POST[name] for name in ("new_key", "new_value") if name in request.POST}
        facts = {"edit": part, "refusal": refusal.message} | kept
        return _shown(request, found, part, facts, status=status_of(refusal))
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("experiment", workspace, found.name)
    return _shown(request, found, part, {"edit": part if request.POST.get("stay") else ""})


def _shown(
    request: HttpRequest, found: Experiment, part: str, facts: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    template = PARTS[part] if request.htmx else "experiments/edit.html"  # type: ignore[attr-defined]
    facts = _facts(request, found) | facts | {"part": PARTS[part]}
    if facts["edit"]:
        facts["keys"] = keys_to_offer(found)
    return render(request, template, facts, status=status)


def _save(request: HttpRequest, found: Experiment, part: str) -> None:
    by, sent = caller_of(request).user, request.POST
    change = change_of(sent, experiment_row(found).tags)
    edit_experiment(found, by=by, tags=change.pairs, remove_tags=change.removed)
    say_change(request, found, change)


@require_POST
def archive(request: HttpRequest, workspace: str, number: int) -> HttpResponse:
    """Take it out of the list, or with `archived=false` bring it back; either can be undone on the next page."""
    caller = caller_of(request)
    found = get_numbered_experiment(caller, workspace, number, "write")
    is_archived = request.POST.get("archived") != "false"
    (archive_experiment if is_archived else restore_experiment)(found, by=caller.user)
    back = safe_next(request, found.workspace, reverse("experiments", args=[workspace]))
    name = show.clipped(found.name, 60)
    words = (
        f"{name} is archived. Its runs stay in All runs." if is_archived else f"{name} is back in the list."
    )
    undo = {"archived": "false" if is_archived else "true", "next": back}
    say(request, words, undo_url=reverse("experiment_archive", args=[workspace, number]), undo=undo)
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, workspace: str) -> HttpResponse:
    """A form for a new experiment, as a dialog or a page; then its page."""
    caller, sent = caller_of(request), request.POST
    found = get_workspace(caller, workspace, "write")
    is_piece = bool(request.htmx)  # type: ignore[attr-defined]
    facts: dict[str, Any] = {"workspace": found, "sent": sent}
    template = "experiments/_new.html" if is_piece else "experiments/new.html"
    if request.method != "POST":
        return render(request, template, facts)
    try:
        made = create_experiment(
            found,
            sent.get("name", "").strip(),
            by=caller.user,
            description=sent.get("description", "").replace("\r\n", "\n"),
            tags=tags_of(sent.get("tags", "")),
        )
    except Refused as refusal:
        facts |= {"refusal": refusal.message, "field": refusal.field or ""}
        return render(request, template, facts, status=status_of(refusal))
    place = reverse("experiment", args=[workspace, made.name])
    if not is_piece:
        return redirect(place)
    return HttpResponse(status=204, headers={"HX-Redirect": place})


def tags_of(text: str) -> dict[str, str | None]:
    """Tags as they are typed: `team: vision, baseline`."""
    pairs: dict[str, str | None] = {}
    for part in text.replace("\n", ",").split(","):
        key, _, value = part.partition(":")
        if key.strip():
            pairs[key.strip()] = value.strip() or None
    return pairs

"""Changes made where one reads: name and tags of a run."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from runs.actions import organise
from runs.errors import Refused
from runs.models import Run
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.run import facts_of, overview_facts, run_of, tags_of
from runs.web.tag_form import change_of, keys_to_offer, say_change

DIALOGS = {"tags": "runs/_edit_tags.html"}
PARTS = {"name": "run/_title.html", "tags": "describe/_tags.html"}


@require_http_methods(["GET", "HEAD", "POST"])
def edit_name(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The name, as a form or again as words."""
    return _edit(request, run_of(request, workspace, run_id, "write"), "name")


@require_http_methods(["GET", "HEAD", "POST"])
def edit_tags(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The tags, as a form or as chips."""
    return _edit(request, run_of(request, workspace, run_id, "write"), "tags")


def _edit(request: HttpRequest, run: Run, part: str) -> HttpResponse:
    """Without htmx the whole page with this part open; with it the part alone."""
    if request.method != "POST":
        is_open = request.GET.get("leave") != "true"
        return _shown(request, run, part, {"edit": part if is_open else ""})
    try:
        _save(request, run, part)
    except Refused as refusal:
        kept = {name: request.POST[name] for name in ("new_key", "new_value") if name in request.POST}
        facts = {"edit": part, "refusal": refusal.message, "sent": request.POST} | kept
        return _shown(request, run, part, facts, status=status_of(refusal))
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("run", run.workspace.name, run.public_id)
    if _is_in_list(request, part):
        return HttpResponse(status=204, headers={"HX-Trigger": "studio:changed, studio:close"})
    return _shown(request, run, part, {"edit": part if request.POST.get("stay") else ""})


def _shown(
    request: HttpRequest, run: Run, part: str, facts: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    facts = facts_of(request, run, "overview") | overview_facts(request, run) | facts
    if part == "tags" and facts["edit"]:
        facts["keys"] = keys_to_offer(run)
    template = PARTS[part] if request.htmx else "run/overview.html"  # type: ignore[attr-defined]
    if _is_in_list(request, part):
        template = DIALOGS[part]
    return render(request, template, facts, status=status)


def _is_in_list(request: HttpRequest, part: str) -> bool:
    """Whether a script asks for the form as a dialog over a list."""
    asked = request.GET.get("in") or request.POST.get("in")
    return bool(request.htmx) and part in DIALOGS and asked == "list"  # type: ignore[attr-defined]


def _save(request: HttpRequest, run: Run, part: str) -> None:
    by, sent = caller_of(request).user, request.POST
    if part == "name":
        organise.edit_run(run, by=by, display_name=sent.get("display_name", ""))
    else:
        change = change_of(sent, tags_of(run))
        organise.change_tags(run, set_pairs=change.pairs, remove=change.removed, by=by)
        if not _is_in_list(request, part):
            say_change(request, run, change)

"""Changes made where one reads: name and tags of a run."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from runs.actions import organise
from runs.errors import Refused
from runs.models import Run
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.run import facts_of, overview_facts, run_of

DIALOGS = {"tags": "runs/_edit_tags.html"}
PARTS = {"name": "run/_title.html", "tags": "run/_tags.html"}


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
        kept = {name: request.POST.get(name, "") for name in ("display_name", "new_key", "new_value")}
        facts = {"edit": part, "refusal": refusal.message, "sent": kept}
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
        pairs, removed = tags_sent(sent)
        organise.change_tags(run, set_pairs=pairs, remove=removed, by=by)


def tags_sent(sent: QueryDict) -> tuple[dict[str, str | None], list[str]]:
    """The rows of the form of tags: changed values and the new one, and the keys of the removed ones."""
    removed = [key for key in sent.getlist("remove") if key]
    pairs: dict[str, str | None] = {
        key: value.strip() or None
        for key, value in zip(sent.getlist("key"), sent.getlist("value"), strict=False)
        if key not in removed
    }
    if new_key := sent.get("new_key", "").strip():
        pairs[new_key] = sent.get("new_value", "").strip() or None
    return pairs, removed

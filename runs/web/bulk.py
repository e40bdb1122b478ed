"""The actions below a list: on the runs that are ticked, or on all that match."""

import json
from dataclasses import dataclass, field
from urllib.parse import unquote, urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_POST, require_safe

from runs.access import Caller, get_experiment, get_run, get_workspace, run_numbers
from runs.actions import bulk, bulk_parts
from runs.errors import Invalid, NotFound, Refused
from runs.models import BulkChange, Workspace
from runs.query.bulk import bulk_change
from runs.query.selection import matching_numbers
from runs.web.address import Address
from runs.web.bulk_report import keep_refusal, keep_report, refusal_of, report_of
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.scope import Scope, conditions_of, is_deep
from runs.web.selection import MOST_COMPARED

LEAVING = ("archive", "unarchive", "trash", "restore")
LISTS = ("runs", "experiment", "run_children", "trash")


@dataclass
class Asked:
    """What the form asks for: the action, and the list it came from."""

    action: str
    form: QueryDict
    at: Address
    scope: Scope
    caller: Caller
    ids: list[str] = field(default_factory=list)

    @property
    def is_all(self) -> bool:
        """Whether all that match are meant, not those that are ticked."""
        return self.form.get("all") == "true"


@require_POST
def change(request: HttpRequest, workspace: str) -> HttpResponse:
    """Do the action; htmx gets the report, others the list again with the report in it."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    at = Address.at(request.POST.get("at") or reverse("runs", args=[workspace]))
    asked = Asked(_action(request.POST), request.POST, at, scope_at(caller, found, at), caller)
    asked.ids = list(dict.fromkeys(name for name in request.POST.getlist("selected") if "\x00" not in name))
    try:
        if asked.action in ("compare", "export", "only"):
            return _led(request, _elsewhere(asked))
        change = _undone(asked) if asked.action == "undo" else _done(asked)
    except Refused as refusal:
        return _refused(request, asked, refusal)
    return _told(request, asked, change)


def _action(form: QueryDict) -> str:
    """The button that was pressed; Enter in the field of a tag adds it."""
    action = form.get("action", "")
    return "tag" if action == "typed" else action


def scope_at(caller: Caller, workspace: Workspace, at: Address) -> Scope:
    """Which list lies at this address of the workspace. Raises NotFound for anything else."""
    try:
        match = resolve(unquote(at.path))
    except Resolver404:
        match = None
    if match is None or match.url_name not in LISTS or match.kwargs.get("workspace") != workspace.name:
        raise NotFound("There is no list of runs at this address.")
    if match.url_name == "experiment":
        return Scope(workspace, experiment=get_experiment(caller, workspace, match.kwargs["name"]))
    if match.url_name == "run_children":
        parent = get_run(caller, match.kwargs["run_id"])
        if parent.workspace_id != workspace.pk:
            raise NotFound("There is no list of runs at this address.")
        return Scope(workspace, parent=parent, is_deep=is_deep(at.query))
    return Scope(workspace)


def _done(asked: Asked) -> BulkChange:
    need = bulk_parts.need_of(asked.action)
    workspace, is_cut = asked.scope.workspace, False
    run_numbers(asked.caller, workspace, need=need)  # refuses before anything else is said
    matching: list[int] = []
    if asked.is_all:
        matching, is_cut = matching_numbers(
            workspace,
            conditions_of(asked.scope, asked.at.query),
            viewer=asked.caller.user,
            experiment=asked.scope.experiment,
            most=bulk.MOST_RUNS,
        )
    ids = [] if asked.is_all else asked.ids
    numbers = run_numbers(asked.caller, workspace, ids=ids, numbers=matching, need=need)
    if not numbers:
        raise Invalid("Tick some runs first.", field="selected")
    return bulk.change_runs(
        workspace,
        list(numbers.values()),
        action=asked.action,
        by=asked.caller.user,
        key=asked.form.get("key", ""),
        value=asked.form.get("value", "").strip() or None,
        reason=asked.form.get("reason", ""),
        is_cut=is_cut,
    )


def _undone(asked: Asked) -> BulkChange:
    number = asked.form.get("undo", "")
    if not number.isdecimal() or len(number) > 18:
        raise NotFound("There is no such change to undo.")
    return bulk.undo_change(asked.caller, asked.scope.workspace, int(number))


def _elsewhere(asked: Asked) -> str:
    """The page that takes the chosen runs along."""
    if asked.action == "export" and asked.is_all:
        return f"{_export(asked)}?{asked.at.query.urlencode()}"
    if asked.is_all:
        raise Invalid(f"Tick the runs to compare, at most {MOST_COMPARED}.", field="selected")
    if not asked.ids:
        raise Invalid("Tick some runs first.", field="selected")
    if asked.action == "export":
        query = asked.at.query.copy()
        query.setlist("selected", asked.ids)
        query["only"] = "selected"
        return f"{_export(asked)}?{query.urlencode()}"
    if len(asked.ids) > MOST_COMPARED:
        raise Invalid(
            f"At most {MOST_COMPARED} runs are compared at once; these are {len(asked.ids)}.",
            field="selected",
        )
    place = reverse("runs", args=[asked.scope.workspace.name]).removesuffix("runs/")
    return f"{place}compare/?{urlencode([('run', name) for name in asked.ids])}"


def _export(asked: Asked) -> str:
    """Where lists are made into files."""
    return reverse("export", args=[asked.scope.workspace.name])


def _led(request: HttpRequest, url: str) -> HttpResponse:
    """Lead there, out of htmx too."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(url)
    return HttpResponse(status=204, headers={"HX-Redirect": url})


def _told(request: HttpRequest, asked: Asked, change: BulkChange) -> HttpResponse:
    """What was done; what still goes on is told on every list until it is over."""
    at = asked.at.having()
    if not request.htmx or change.state == BulkChange.RUNNING:  # type: ignore[attr-defined]
        keep_report(request, change, at)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(at)
    facts = {"report": report_of(change, at, viewer=asked.caller.user), "workspace": asked.scope.workspace}
    answer = render(request, "runs/_report.html", facts)
    # Runs that leave the list lose their ticks.
    clear = asked.action in LEAVING
    answer.headers["HX-Trigger"] = json.dumps({"studio:changed": {"clear": clear}})
    return answer


def _refused(request: HttpRequest, asked: Asked, refusal: Refused) -> HttpResponse:
    """The reason in the place of the report; the ticks stay. What may not be done at all is refused as such."""
    status = status_of(refusal)
    if status in (403, 404):
        raise refusal
    if request.htmx:  # type: ignore[attr-defined]
        facts = {"report": refusal_of(refusal.message), "workspace": asked.scope.workspace}
        return render(request, "runs/_report.html", facts, status=status)
    keep_refusal(request, refusal.message)
    kept = [("selected", name) for name in asked.ids]
    url = asked.at.having()
    return redirect(f"{url}{'&' if '?' in url else '?'}{urlencode(kept)}" if kept else url)


@require_safe
def progress(request: HttpRequest, workspace: str, change: str) -> HttpResponse:
    """How far a change is: a page, and in place of the report on the list it came from."""
    caller = caller_of(request)
    found = bulk_change(get_workspace(caller, workspace), change)
    at = _back_to(request, caller, found.workspace)
    return _shown(request, found, at, caller)


@require_POST
def stop(request: HttpRequest, workspace: str, change: str) -> HttpResponse:
    """Leave the runs that are not done yet as they are."""
    caller = caller_of(request)
    found = bulk.stop_change(bulk_change(get_workspace(caller, workspace, "write"), change))
    at = _back_to(request, caller, found.workspace)
    if request.htmx:  # type: ignore[attr-defined]
        return _shown(request, found, at, caller)
    return redirect(f"{reverse('bulk_change', args=[workspace, found.pk])}?{urlencode({'at': at})}")


def _back_to(request: HttpRequest, caller: Caller, workspace: Workspace) -> str:
    """The list that the change came from; All runs where none is named, or one that is not here."""
    asked = request.POST.get("at") or request.GET.get("at") or ""
    try:
        at = Address.at(asked)
        scope_at(caller, workspace, at)
    except Refused:
        return reverse("runs", args=[workspace.name])
    return at.having()


def _shown(request: HttpRequest, change: BulkChange, at: str, caller: Caller) -> HttpResponse:
    is_alone = not request.htmx or request.GET.get("alone") == "true"  # type: ignore[attr-defined]
    report = report_of(change, at, viewer=caller.user, is_alone=is_alone)
    facts = {"report": report, "workspace": change.workspace, "back": at}
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "runs/change.html", facts)
    answer = render(request, "runs/_report.html", facts)
    if change.state != BulkChange.RUNNING:
        answer.headers["HX-Trigger"] = "studio:refresh"
    return answer

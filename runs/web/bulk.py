"""The actions below a list: on the runs that are ticked, or on all that match."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_POST

from runs.access import Caller, Need, get_experiment, get_run, get_runs, get_workspace
from runs.actions import bulk
from runs.errors import Invalid, NotFound, Refused
from runs.models import Run, Workspace
from runs.query.selection import matching_numbers
from runs.web.address import Address
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.run_list import REPORT
from runs.web.scope import Scope, conditions_of, is_deep
from runs.web.selection import MOST_COMPARED

LEAVING = ("archive", "unarchive", "trash", "restore")
LISTS = ("runs", "experiment", "run_children", "trash")
DONE = {
    "cancel": "Asked {} to stop.",
    "tag": "Tagged {}.",
    "untag": "Took the tag from {}.",
    "star": "Starred {}.",
    "unstar": "Took the star from {}.",
    "archive": "Archived {}.",
    "unarchive": "Brought {} back from the archive.",
    "trash": "Moved {} to the trash, where they stay for 30 days.",
    "restore": "Restored {}.",
    "undo": "Undone for {}.",
}


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
        report = _undone(asked) if asked.action == "undo" else _done(asked)
    except Refused as refusal:
        return _refused(request, asked, refusal)
    return _told(request, asked, report_of(report, asked.at.having()))


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


def _done(asked: Asked) -> bulk.Report:
    need: Need = "read" if asked.action in bulk.OWN else "write"
    workspace, is_cut = asked.scope.workspace, False
    get_runs(asked.caller, workspace, need=need)  # refuses before anything else is said
    runs: list[Run]
    if asked.is_all:
        numbers, is_cut = matching_numbers(
            workspace,
            conditions_of(asked.scope, asked.at.query),
            viewer=asked.caller.user,
            experiment=asked.scope.experiment,
            most=bulk.MOST_RUNS,
        )
        runs = get_runs(asked.caller, workspace, numbers=numbers, need=need)
    else:
        runs = get_runs(asked.caller, workspace, ids=asked.ids, need=need)
    if not runs:
        raise Invalid("Tick some runs first.", field="selected")
    report = bulk.change_runs(
        asked.action,
        runs,
        by=asked.caller.user,
        key=asked.form.get("key", ""),
        value=asked.form.get("value", "").strip() or None,
        reason=asked.form.get("reason", ""),
    )
    report.is_cut = is_cut
    return report


def _undone(asked: Asked) -> bulk.Report:
    number = asked.form.get("undo", "")
    if not number.isdecimal() or len(number) > 18:
        raise NotFound("There is no such change to undo.")
    kept = bulk.kept_change(asked.scope.workspace, int(number), by=asked.caller.user)
    need: Need = "read" if kept.action in bulk.OWN else "write"
    numbers = [pk for pk, _ in kept.changes]
    runs = get_runs(asked.caller, asked.scope.workspace, numbers=numbers, need=need)
    return bulk.undo(kept, runs, by=asked.caller.user)


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


def report_of(report: bulk.Report, at: str) -> dict[str, Any]:
    """The report in words, as JSON: a session may keep it."""
    words = DONE[report.action].format(f"{report.done:,} run{'' if report.done == 1 else 's'}")
    if report.unchanged and not report.done:
        words = "Nothing to do: they were so already."
    elif report.unchanged:
        words += f" {report.unchanged:,} were so already."
    elif not report.done:
        words = "Nothing was changed."
    return {
        "words": words,
        "refused": [
            {"reason": r.reason, "count": r.count, "names": r.names, "others": r.count - len(r.names)}
            for r in report.refused
        ],
        "undo": report.undo,
        "more": report.is_cut,
        "at": at,
    }


def _led(request: HttpRequest, url: str) -> HttpResponse:
    """Lead there, out of htmx too."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(url)
    return HttpResponse(status=204, headers={"HX-Redirect": url})


def _told(request: HttpRequest, asked: Asked, report: dict[str, Any], *, status: int = 200) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        request.session[REPORT] = report
        kept = [("selected", name) for name in asked.ids] if status != 200 else []
        url = asked.at.having()
        return redirect(f"{url}{'&' if '?' in url else '?'}{urlencode(kept)}" if kept else url)
    facts = {"report": report, "workspace": asked.scope.workspace}
    answer = render(request, "runs/_report.html", facts, status=status)
    if status == 200:
        # Runs that leave the list lose their ticks.
        clear = asked.action in LEAVING
        answer.headers["HX-Trigger"] = json.dumps({"studio:changed": {"clear": clear}})
    return answer


def _refused(request: HttpRequest, asked: Asked, refusal: Refused) -> HttpResponse:
    """The reason in the place of the report; the ticks stay. What may not be done at all is refused as such."""
    status = status_of(refusal)
    if status in (403, 404):
        raise refusal
    words: dict[str, Any] = {"words": refusal.message, "refused": [], "undo": None, "more": False}
    return _told(request, asked, words | {"is_bad": True}, status=status)

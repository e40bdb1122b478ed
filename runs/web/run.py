"""The page of a run: its head and tabs, and the overview."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from runs.access import Need, allows, get_run
from runs.actions.repair import is_stuck
from runs.actions.trash import days_left
from runs.errors import Gone, NotFound
from runs.lifecycle import Status
from runs.models import Metric, Param, Property, Run, Tag
from runs.query.images import image_metrics
from runs.query.resubmitted import origin_of, resubmissions_of
from runs.query.run_metrics import Shown, own_metrics, shown_as
from runs.query.stars import starred
from runs.query.values import last_of
from runs.web import show
from runs.web.cancel_steps import cancel_steps
from runs.web.data_inputs import input_facts
from runs.web.described import about
from runs.web.error_texts import error_facts
from runs.web.frame import caller_of
from runs.web.tag_form import tag_facts

LIVE_S = 3
# While a run is asked to stop, its steps follow each other quickly.
STOPPING_S = 1
# How many names a card lists; the Metrics tab searches all.
MOST_LISTED = 500
LAST_LENGTH = 40
# What stands for the value of a metric that is none.
_WORDS = {Shown.ROWS: "table", Shown.DOCUMENT: "document", Shown.IMAGE: "image"}


@dataclass(frozen=True)
class Tab:
    """One tab: its name in addresses, its word, and how many things are behind it."""

    name: str
    word: str
    url: str
    count: int | None = None


def run_of(
    request: HttpRequest, workspace: str, run_id: str, need: Need = "read", *, trashed: bool = False
) -> Run:
    """The run of this address. Raises NotFound also when it is in another workspace than the address says."""
    run = get_run(caller_of(request), run_id, need, trashed=trashed)
    if run.workspace.name != workspace:
        raise NotFound(f"There is no run {run_id!r} in the workspace {workspace}.")
    return run


def facts_of(request: HttpRequest, run: Run, tab: str) -> dict[str, Any]:
    """What the head and the tabs of every run page show."""
    caller = caller_of(request)
    may_write, tabs = allows(caller, run.workspace, "write"), list(_tabs(run))
    return {
        "workspace": run.workspace,
        "run": run,
        "tab": tab,
        "tabs": tabs,
        "has_files": any(each.name == "logs" and each.count for each in tabs),
        "now": timezone.now(),
        "may_write": may_write,
        "may_cancel": may_write and not run.is_ended and run.status != Status.CANCEL_REQUESTED,
        "may_mark": may_write and is_stuck(run),
        "steps": cancel_steps(run),
        "is_active": not run.is_ended,
        "is_starred": bool(starred(caller.user, "run", [run.pk])),
        "live_s": 0 if run.is_ended else STOPPING_S if run.cancel_requested_at else LIVE_S,
    }


def _tabs(run: Run) -> Iterator[Tab]:
    for name, word, count in (
        ("overview", "Overview", None),
        ("metrics", "Metrics", own_metrics(run).count()),
        ("images", "Images", image_metrics(run).count() or None),
        ("children", "Child runs", run.child_count),
        ("logs", "Outputs + logs", run.artifacts.count()),
        ("snapshot", "Snapshot", None),
        ("monitoring", "Monitoring", None),
        ("activity", "Activity", None),
    ):
        place = "run" if name == "overview" else f"run_{name}"
        yield Tab(name, word, reverse(place, args=[run.workspace.name, run.public_id]), count)


@require_safe
def overview(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """What the run is, in one page."""
    try:
        run = run_of(request, workspace, run_id)
    except Gone:
        return _thrown_away(request, run_of(request, workspace, run_id, trashed=True))
    facts = facts_of(request, run, "overview") | overview_facts(request, run)
    if facts["may_write"]:
        facts |= {"edit": request.GET.get("edit", ""), "text": run.description}
    return render(request, "run/overview.html", facts)


def _thrown_away(request: HttpRequest, run: Run) -> HttpResponse:
    """What is said of a run in the trash, and the way back."""
    facts = {
        "workspace": run.workspace,
        "run": run,
        "days": days_left(run.deleted_at),
        "may_write": allows(caller_of(request), run.workspace, "write"),
    }
    return render(request, "run/trashed.html", facts, status=410)


def overview_facts(request: HttpRequest, run: Run) -> dict[str, Any]:
    """The cards of the overview."""
    metrics = own_metrics(run).order_by("name__text")
    return {
        "about": about(request, run),
        **tag_facts(request, run, tags_of(run)),
        "params": [(param.name.text, param.text) for param in _values(Param, run)],
        "properties": [(row.name.text, row.text) for row in _values(Property, run)],
        "metrics": [
            {
                "name": m.name.text,
                "last": last_shown(m, LAST_LENGTH),
                "min": m.min,
                "max": m.max,
                "count": m.count,
            }
            for m in metrics[:MOST_LISTED]
        ],
        "most": MOST_LISTED,
        "root": run.root if run.root_id else None,
        "origin": origin_of(run),
        "resubmissions": resubmissions_of(run),
        "arguments": " ".join(_quoted(str(argument)) for argument in run.arguments),
        **input_facts(run),
        **error_facts(run),
    }


def tags_of(run: Run) -> dict[str, str | None]:
    """The tags by key."""
    return {tag.name.text: tag.text for tag in _values(Tag, run)}


def _values(model: Any, run: Run) -> Any:
    return model.objects.filter(run=run).select_related("name").order_by("name__text")


def last_shown(metric: Metric, length: int) -> SafeString:
    """The last value of a metric as a table shows it: a word for what is no value, and of a text the beginning."""
    last = _WORDS.get(shown_as(metric)) or last_of(metric)
    return show.number(show.clipped(last, length) if isinstance(last, str) else last)


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument or not argument else argument

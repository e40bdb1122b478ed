"""The history of a run in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.log_address import log_address
from runs.models import Run, RunEvent
from runs.query.activity import list_events, other_run_id, other_runs
from runs.web import show
from runs.web.address import Address
from runs.web.run import facts_of, run_of

ICONS = {
    "created": "created",
    "child created": "tree",
    "child joined": "tree",
    "started": "started",
    "completed": "check",
    "failed": "warn",
    "cancel requested": "stop",
    "canceled": "stop",
    "not responding": "clock",
    "responding again": "refresh",
    "renamed": "pen",
    "described": "text",
    "tagged": "tag",
    "untagged": "tag",
    "file uploaded": "file",
    "files deleted": "trash",
    "snapshot taken": "folder",
    "archived": "archive",
    "unarchived": "archive",
    "cancel told": "stop",
    "script ended": "stop",
    "reopened": "started",
    "marked by hand": "pen",
    "heard after its end": "warn",
    "dispatched": "enter",
    "resubmitted": "refresh",
    "trashed": "trash",
    "restored": "restore",
    "properties added": "lock",
    "parameters added": "table",
    "data inputs added": "table",
    "models added": "folder",
    "model deleted": "trash",
    "model restored": "restore",
}
SENTENCES = {
    "created": "created the run",
    "started": "started it",
    "completed": "completed it",
    "failed": "ended it as failed",
    "cancel requested": "asked it to stop",
    "canceled": "canceled it",
    "not responding": "heard no heartbeat any more",
    "responding again": "sent a heartbeat again",
    "cancel told": "heard that it is to stop",
    "script ended": "said that its script has ended",
    "reopened": "went on with it",
    "resubmitted": "ran it again as",
    "child created": "created the child run",
    "child joined": "took in the child run",
    "trashed": "moved it to the trash",
    "restored": "restored it from the trash",
    "archived": "archived it",
    "unarchived": "took it out of the archive",
}
MOST_PAIRS = 8
# Who did what nobody is named for.
SCRIPT = {"responding again", "cancel told", "heard after its end"}
WORDS = {
    "": "Everything",
    "status": "Status",
    "text": "Name and description",
    "tags": "Tags",
    "values": "Parameters, properties, data and models",
    "files": "Files",
    "children": "Child runs",
    "place": "Archive and trash",
}


@dataclass(frozen=True)
class Told:
    """One event: an icon, who, a sentence, and what belongs to it; `url` shows the history from this event on."""

    icon: str
    who: str
    sentence: str
    at: datetime
    key: int
    url: str = ""
    more_url: str = ""
    more_words: str = ""
    other: str = ""
    other_url: str = ""
    reason: str = ""
    pairs: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0


@require_safe
def activity(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """Who changed what, when; the latest first, of one kind where it is asked for."""
    run = run_of(request, workspace, run_id)
    address, before = Address.of(request), request.GET.get("before", "")
    group = address.get("kind")
    number = int(before) if before.isdecimal() and len(before) < 19 else None
    page = list_events(run, group=group, before=number)
    others = other_runs(run, page.events)
    facts = facts_of(request, run, "activity") | {
        "events": [told_of(event, run, others) for event in page.events],
        "kinds": [
            (word, address.having(kind=name, before=""), name == group) for name, word in WORDS.items()
        ],
        "is_first": number is None,
        "first_url": address.having(before=""),
        "next_url": address.having(before=str(page.next_before)) if page.next_before else None,
    }
    return render(request, "run/activity.html", facts)


def told_of(event: RunEvent, run: Run, others: Mapping[str, Run]) -> Told:
    """The event in words."""
    details = event.details
    more_url, more_words = _more(event, run)
    other, other_url = _other(event, run, others)
    place = reverse("run_activity", args=[run.workspace.name, run.public_id])
    pairs = _pairs(event.kind, details)
    return Told(
        icon=ICONS.get(event.kind, "info"),
        who=event.by.username if event.by else "its script" if event.kind in SCRIPT else "the studio",
        sentence=_sentence(event.kind, details),
        at=event.at,
        key=event.pk,
        url=f"{place}?before={event.pk + 1}#event-{event.pk}",
        more_url=more_url,
        more_words=more_words,
        other=other,
        other_url=other_url,
        reason=show.clipped(str(details.get("reason") or ""), 300),
        pairs=pairs[:MOST_PAIRS],
        left_out=max(0, len(pairs) - MOST_PAIRS),
    )


def _more(event: RunEvent, run: Run) -> tuple[str, str]:
    """Where to see what the event is about, and the words of that link."""
    details, names = event.details, [run.workspace.name, run.public_id]
    if event.kind == "described" and isinstance(details.get("version"), int):
        return f"{reverse('run_description_versions', args=names)}?v={details['version']}", "what changed"
    if event.kind == "file uploaded" and isinstance(details.get("path"), str):
        return log_address(run.workspace.name, run.public_id, details["path"]), "open"
    return "", ""


def _other(event: RunEvent, run: Run, others: Mapping[str, Run]) -> tuple[str, str]:
    """The other run that the event is about, as people call it, and its address; of one that is gone the id alone."""
    name = other_run_id(event)
    other = others.get(name)
    if other is None:
        return name, ""
    words = named_of(other)
    if other.deleted_at is not None:
        return f"{words}, which is in the trash", ""
    return words, reverse("run", args=[run.workspace.name, other.public_id])


def named_of(run: Run) -> str:
    """The run by name and number; once where the name says the number."""
    name, number = show.clipped(run.display_name, 80), f"run {run.number}"
    return name if name.lower() == number else f"{name} · {number}"


def _sentence(kind: str, details: dict[str, Any]) -> str:
    if kind in SENTENCES:
        return SENTENCES[kind]
    if kind == "renamed":
        return f"renamed it from “{details.get('before', '')}” to “{details.get('after', '')}”"
    if kind == "marked by hand":
        return f"marked it by hand as {show.word_of(str(details.get('after', ''))).lower()}"
    if kind == "heard after its end":
        status = show.word_of(str(details.get("status", ""))).lower()
        return f"sent a heartbeat although the run was marked as {status}"
    if kind == "dispatched":
        return f"handed it over to {details.get('target', '')}, where it is job {details.get('job', '')}"
    if kind == "described":
        return "changed the description"
    if kind == "file uploaded":
        return f"uploaded {details.get('path', 'a file')} ({show.size(int(details.get('size', 0)))})"
    if kind == "files deleted":
        return f"deleted {details.get('path', 'files')} ({_files(details.get('count', 0))})"
    if kind == "model deleted":
        return f"deleted the model {details.get('name', '')}"
    if kind == "model restored":
        return f"restored the model {details.get('name', '')}"
    if kind == "snapshot taken":
        files = _files(details.get("files", 0))
        return f"took a snapshot of {files} ({show.size(int(details.get('size', 0)))})"
    if kind == "tagged":
        return "set tags"
    if kind == "untagged":
        return "removed tags"
    if kind.endswith(" added"):
        return f"added {kind.removesuffix(' added')}"
    if details.get("after") and isinstance(details["after"], str):
        return f"moved it to {show.word_of(details['after']).lower()}"
    return kind


def _files(count: Any) -> str:
    return "1 file" if count == 1 else f"{int(count):,} files"


def _pairs(kind: str, details: dict[str, Any]) -> list[dict[str, Any]]:
    """The values that came, changed or went."""
    before, after = details.get("before"), details.get("after")
    pairs: list[dict[str, Any]] = []
    if isinstance(after, dict):
        old = before if isinstance(before, dict) else {}
        pairs = [{"key": k, "value": v, "was": old.get(k), "had": k in old} for k, v in after.items()]
    elif kind == "untagged" and isinstance(before, dict):
        pairs = [{"key": k, "value": v, "was": None, "had": False} for k, v in before.items()]
    return pairs

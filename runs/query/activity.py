"""The history of a run, by pages and by what it is about."""

from collections.abc import Iterable
from dataclasses import dataclass

from runs.errors import Invalid
from runs.models import Run, RunEvent

A_PAGE = 50
# What a history can be narrowed to; the kinds of events in each. A step of an engine is named as its status.
GROUPS: dict[str, tuple[str, ...]] = {
    "status": (
        "created",
        "started",
        "Queued",
        "dispatched",
        "Preparing",
        "Provisioning",
        "Starting",
        "Finalizing",
        "Paused",
        "completed",
        "failed",
        "cancel requested",
        "cancel told",
        "script ended",
        "reopened",
        "canceled",
        "not responding",
        "responding again",
        "marked by hand",
        "heard after its end",
        "resubmitted",
    ),
    "text": ("renamed", "described"),
    "tags": ("tagged", "untagged"),
    "values": (
        "properties added",
        "parameters added",
        "data inputs added",
        "models added",
        "model deleted",
        "model restored",
    ),
    "files": ("file uploaded", "files deleted", "snapshot taken"),
    "children": ("child created", "child joined"),
    "place": ("archived", "unarchived", "trashed", "restored"),
}


# Which detail of an event holds the id of another run.
OTHER_RUN = {"child created": "child", "child joined": "child", "resubmitted": "again"}


@dataclass(frozen=True)
class EventPage:
    """Some events, the newest first; `next_before` asks for those before, None on the last page."""

    events: list[RunEvent]
    next_before: int | None


def list_events(run: Run, *, group: str = "", before: int | None = None) -> EventPage:
    """The events of the run before that number, 50 a page. Raises Invalid for a group that there is not."""
    rows = RunEvent.objects.filter(run=run).select_related("by").order_by("-id")
    if group:
        if group not in GROUPS:
            raise Invalid(f"A history is narrowed to one of {', '.join(GROUPS)}.", field="kind")
        rows = rows.filter(kind__in=GROUPS[group])
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: A_PAGE + 1])
    page = found[:A_PAGE]
    return EventPage(page, page[-1].pk if len(found) > A_PAGE else None)


def other_run_id(event: RunEvent) -> str:
    """The id of the other run that the event tells of; empty where there is none."""
    found = event.details.get(OTHER_RUN.get(event.kind, ""))
    return found if isinstance(found, str) else ""


def other_runs(run: Run, events: Iterable[RunEvent]) -> dict[str, Run]:
    """The runs of its workspace that the events tell of, by id, those in the trash too; one query, or none."""
    named = {name for event in events if (name := other_run_id(event))}
    if not named:
        return {}
    rows = Run.objects.filter(workspace_id=run.workspace_id, public_id__in=named)
    return {row.public_id: row for row in rows.only("public_id", "number", "display_name", "deleted_at")}

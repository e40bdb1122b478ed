"""The history of a run in words."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runs.models import RunEvent
from runs.web import show

ICONS = {
    "created": "created",
    "child created": "tree",
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
    "snapshot taken": "folder",
    "archived": "archive",
    "unarchived": "archive",
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
    "archived": "archived it",
    "unarchived": "took it out of the archive",
}
MOST_PAIRS = 8


@dataclass(frozen=True)
class Told:
    """One event: an icon, who, a sentence, and what belongs to it."""

    icon: str
    who: str
    sentence: str
    at: datetime
    key: int
    reason: str = ""
    pairs: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0


def told_of(event: RunEvent) -> Told:
    """The event in words."""
    details = event.details
    pairs = _pairs(event.kind, details)
    return Told(
        icon=ICONS.get(event.kind, "info"),
        who=event.by.username if event.by else "the studio",
        sentence=_sentence(event.kind, details),
        at=event.at,
        key=event.pk,
        reason=show.clipped(str(details.get("reason") or ""), 300),
        pairs=pairs[:MOST_PAIRS],
        left_out=max(0, len(pairs) - MOST_PAIRS),
    )


def _sentence(kind: str, details: dict[str, Any]) -> str:
    if kind in SENTENCES:
        return SENTENCES[kind]
    if kind == "child created":
        return f"created the child run {details.get('child', '')}"
    if kind == "renamed":
        return f"renamed it from “{details.get('before', '')}” to “{details.get('after', '')}”"
    if kind == "described":
        return "changed the description"
    if kind == "file uploaded":
        return f"uploaded {details.get('path', 'a file')} ({show.size(int(details.get('size', 0)))})"
    if kind == "snapshot taken":
        return (
            f"took a snapshot of {details.get('files', 0):,} files ({show.size(int(details.get('size', 0)))})"
        )
    if kind == "tagged":
        return "set tags"
    if kind == "untagged":
        return "removed tags"
    if kind.endswith(" added"):
        return f"added {kind.removesuffix(' added')}"
    if details.get("after") and isinstance(details["after"], str):
        return f"moved it to {show.word_of(details['after']).lower()}"
    return kind


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

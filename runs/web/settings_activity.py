"""Settings → Activity: the history of a workspace's people in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from runs.access import get_workspace
from runs.models import WorkspaceEvent
from runs.query.people import events_of
from runs.web.frame import caller_of
from runs.web.settings import settings_page, silence_words

ICONS = {
    "workspace created": "created",
    "workspace described": "text",
    "silence limited": "clock",
    "canceled scripts": "stop",
    "member added": "user",
    "member removed": "close",
    "member left": "sign-out",
    "role changed": "users",
    "invited": "mail",
    "invitation renewed": "refresh",
    "invitation revoked": "close",
    "token created": "key",
    "token revoked": "key",
    "password link made": "lock",
    "target attached": "plus",
    "target changed": "settings",
    "target enabled": "check",
    "target disabled": "close",
    "target detached": "close",
    "experiment trashed": "trash",
    "experiment restored": "restore",
    "experiment renamed": "pen",
}


@dataclass(frozen=True)
class Line:
    """One event: an icon, who, a sentence, when."""

    icon: str
    who: str
    sentence: str
    at: datetime


@require_safe
def activity(request: HttpRequest, workspace: str) -> HttpResponse:
    """Who changed the people of the workspace and what opens it."""
    found = get_workspace(caller_of(request), workspace, "inspect")
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 19 else None
    events, older = events_of(found, before=number)
    facts = {"lines": [told_of(event) for event in events], "older": older, "before": number}
    return settings_page(request, found, "settings_activity", facts)


def told_of(event: WorkspaceEvent) -> Line:
    """The event in words."""
    return Line(
        ICONS.get(event.kind, "info"),
        event.by_name or "the studio",
        _sentence(event.kind, event.details, event.by_name),
        event.at,
    )


def _sentence(kind: str, details: dict[str, Any], who: str) -> str:
    member, role = details.get("member", ""), details.get("role", "")
    email = details.get("email") or "whoever has the link"
    target = f"the compute target {details.get('target', '')}"
    token = f"the token “{details.get('token', '')}” ({details.get('scope', '')})"
    after = details.get("after")
    limit = silence_words(after) if isinstance(after, int) else ""
    sentences = {
        "workspace created": "created the workspace",
        "workspace described": "changed the description of the workspace",
        "silence limited": f"has silent runs fail after {limit}",
        "canceled scripts": f"has scripts of canceled runs {'stopped' if after else 'write on'}",
        "member added": f"joined as {role}" if member == who else f"took {member} in as {role}",
        "member removed": f"removed {member}, who was {role}",
        "member left": "left the workspace",
        "role changed": f"changed {member} from {details.get('before')} to {after}",
        "invited": f"invited {email} as {role}",
        "invitation renewed": f"renewed the invitation of {email}",
        "invitation revoked": f"revoked the invitation of {email}",
        "token created": f"made {token}",
        "token revoked": f"revoked {token}",
        "target attached": f"attached {target} ({details.get('engine', '')})",
        "target changed": f"changed {', '.join(details.get('settings', []))} of {target}",
        "target enabled": f"switched {target} on",
        "target disabled": f"switched {target} off",
        "target detached": f"detached {target}",
        **_of_experiments(details),
        "password link made": f"made a link that sets the password of {member}",
    }
    return sentences.get(kind, kind)


def _of_experiments(details: dict[str, Any]) -> dict[str, str]:
    name, runs = details.get("experiment", ""), int(details.get("runs") or 0)
    with_runs = f"with {runs:,} run{'' if runs == 1 else 's'}" if runs else "without runs"
    return {
        "experiment trashed": f"moved the experiment “{name}” to the trash, {with_runs}",
        "experiment restored": f"restored the experiment “{name}” from the trash, {with_runs}",
        "experiment renamed": f"renamed the experiment “{details.get('before')}” to “{details.get('after')}”",
    }

"""Home: what needs the person; in an empty workspace, how the first run is made."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from runs.access import get_member, get_workspace, has_right
from runs.actions.visits import note_visit
from runs.actions.workspace import create_token
from runs.models import Member
from runs.query.home import has_runs, read_home
from runs.web import show
from runs.web.frame import caller_of, home_of

# How often Home asks again: while something of mine runs, else, and while it waits for the first run of all.
LIVE_S, IDLE_S, FIRST_S = 5, 30, 2
TOKEN_NAME = "My first run"  # noqa: S105, what the token is called


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Home of the workspace that opens first."""
    workspace = home_of(caller_of(request))
    if workspace is None:
        return render(request, "sign_in/nowhere.html")
    return redirect("workspace_home", workspace.name)


@require_safe
def home(request: HttpRequest, workspace: str) -> HttpResponse:
    """What needs the person in this workspace."""
    member = get_member(caller_of(request), workspace)
    return render(request, "home/home.html", home_facts(note_visit(member, now=timezone.now())))


def home_facts(member: Member) -> dict[str, Any]:
    """Everything that the page shows."""
    now = timezone.now()
    found = read_home(member, now=now)
    return {
        "workspace": member.workspace,
        "may_write": has_right(member.role, "write"),
        "public_url": settings.PUBLIC_URL,
        "home": found,
        "now": now,
        "is_new": found.is_empty and not has_runs(member.workspace),
        "live_s": LIVE_S if found.running else IDLE_S,
        "first_s": FIRST_S,
        "running": [(one, _value(one.metric)) for one in found.running],
    }


def _value(metric: Any) -> Any:
    if metric is None:
        return None
    return show.number(metric.last if metric.last is not None else show.clipped(metric.last_text or "", 40))


@require_POST
@sensitive_variables("text")
def first_token(request: HttpRequest, workspace: str) -> HttpResponse:
    """A token for the first run, shown this once: the answer to the form, never an address."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace, "write")
    _, text = create_token(caller.user, name=TOKEN_NAME, workspace=found)
    facts = {"workspace": found, "token": text, "public_url": settings.PUBLIC_URL}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "runs/_token.html", facts)
    return render(request, "home/token.html", facts)

"""What every page shows around itself: the rail with its workspaces and what runs now."""

from collections.abc import Sequence
from typing import Any, cast

from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import reverse

from runs.access import Caller
from runs.access_people import may_create_workspaces
from runs.models import User, Workspace
from runs.web.signed_in import memberships

_FOR_ALL = {"members", "profile", "password", "tokens", "sessions"}
# The keys of every page.
EVERYWHERE = (
    ("Ctrl K", "go to a page, experiment, run, view or person"),
    ("?", "show the keys of the page"),
    ("/", "search on the page"),
    ("g h", "go to Home"),
    ("g e", "go to Experiments"),
    ("g r", "go to All runs"),
    ("g c", "go to Compute"),
    ("g a", "go to Alerts"),
    ("g s", "go to Settings"),
    ("Esc", "close a dialog or menu; leave what is being edited"),
    ("Ctrl Enter", "save the text that is being written"),
)


def caller_of(request: HttpRequest) -> Caller:
    """Who sits at this browser. Only what changes something reads their memberships again."""
    user = cast(User, request.user)
    read = user.memberships_read if request.method in ("GET", "HEAD") else None
    return Caller(user, memberships=None if read is None else tuple(read))


def frame(request: HttpRequest) -> dict[str, Any]:
    """The frame of the page; None for nobody, and on error pages where the database may be away."""
    if getattr(request, "without_frame", False):
        return {"frame": None}
    try:
        return {"frame": _frame(request)}
    except DatabaseError:
        return {"frame": None}


def _frame(request: HttpRequest) -> dict[str, Any] | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    caller = caller_of(request)
    workspaces = [_with_facts(member) for member in caller.memberships or memberships().filter(user=user)]
    match = request.resolver_match
    name = match.kwargs.get("workspace") if match else None
    current = next((space for space in workspaces if space.name == name), None)
    kind = _kind(match.url_name if match else None)
    return {
        "workspaces": workspaces,
        # Another workspace opens at the same kind of page: runs lead to runs, members to members.
        "places": [(space, reverse(kind, args=[space.name])) for space in workspaces],
        "may_create_workspaces": may_create_workspaces(caller),
        "workspace": current or _first(workspaces, user.last_workspace),
        "place": _place(request),
        "sends_mail": any(space.sends_mail for space in workspaces),  # the same in all
        "username": user.get_username(),
        "theme": user.theme,
        "density": user.density,
        "time_zone": user.time_zone,
        "keys": EVERYWHERE,
    }


def _kind(name: str | None) -> str:
    """The page that a switch to another workspace leads to: the same, where every workspace has it."""
    if name in ("experiments", "experiment"):
        return "experiments"
    if name and name.startswith("settings_") and name.removeprefix("settings_") in _FOR_ALL:
        return name
    if name and name.startswith("settings"):
        return "settings"
    if name and name.startswith("compute"):
        return "compute"
    if name and name.startswith("alert"):
        return "alerts"
    return "runs" if name and name.startswith("run") else "workspace_home"


def _place(request: HttpRequest) -> str:
    """Which entry of the rail this page belongs to."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    starts = {
        "workspace_home": "home",
        "experiment": "experiments",
        "new_experiment": "experiments",
        "model": "experiments",
        "run": "runs",
        "compute": "compute",
        "alert": "alerts",
        "settings": "settings",
        **dict.fromkeys(("view", "trash", "compare", "columns", "filter_add", "group_by", "chart"), "runs"),
    }
    return next((place for start, place in starts.items() if name.startswith(start)), "")


def _with_facts(member: Any) -> Any:
    """The workspace, with the person's `role`, how many runs are `live` and messages `unread`, and `sends_mail`."""
    space = member.workspace
    space.sends_mail = member.sends_mail
    space.role, space.live, space.unread = member.role, member.live, member.unread
    return space


def home_of(caller: Caller) -> Workspace | None:
    """The workspace that opens first: the one looked at last, else `default` where the person is in it."""
    return _first(list(caller.workspaces()[:500]), caller.user.last_workspace)


def _first(workspaces: Sequence[Workspace], last: str) -> Workspace | None:
    by_name = {space.name: space for space in workspaces}
    return by_name.get(last) or by_name.get("default") or next(iter(workspaces), None)

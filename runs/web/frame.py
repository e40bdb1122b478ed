"""What every page shows around itself: the rail with its workspaces and what runs now."""

from collections.abc import Sequence
from typing import Any, cast

from django.db import DatabaseError
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse

from runs.access import Caller
from runs.access_people import may_create_workspaces
from runs.lifecycle import Status
from runs.models import Member, Run, User, Workspace

_FOR_ALL = {"members", "profile", "password", "tokens", "sessions"}
# The keys of every page.
EVERYWHERE = (
    ("Ctrl K", "go to a page, experiment, run, view or person"),
    ("?", "show the keys of the page"),
    ("/", "search on the page"),
    ("g h", "go to Home"),
    ("g e", "go to Experiments"),
    ("g r", "go to All runs"),
    ("g s", "go to Settings"),
    ("Esc", "close a dialog or menu; leave what is being edited"),
    ("Ctrl Enter", "save the text that is being written"),
)
LIVE = (Status.RUNNING.value, Status.STARTING.value, Status.FINALIZING.value)


def caller_of(request: HttpRequest) -> Caller:
    """Who sits at this browser."""
    return Caller(cast(User, request.user))


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
    role = Member.objects.filter(user=user, workspace=OuterRef("pk")).values("role")
    workspaces = list(caller.workspaces().annotate(live=_live(), role=Subquery(role)))
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
    return "runs" if name and name.startswith("run") else "workspace_home"


def _place(request: HttpRequest) -> str:
    """Which entry of the rail this page belongs to."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    starts = {
        "workspace_home": "home",
        "experiment": "experiments",
        "new_experiment": "experiments",
        "run": "runs",
        "settings": "settings",
    }
    return next((place for start, place in starts.items() if name.startswith(start)), "")


def _live() -> Subquery:
    """How many runs of each workspace run now, children included."""
    running = Run.objects.filter(workspace=OuterRef("pk"), status__in=LIVE, deleted_at=None).order_by()
    counted = running.values("workspace").annotate(n=Count("pk")).values("n")
    return Subquery(counted, output_field=IntegerField())


def home_of(caller: Caller) -> Workspace | None:
    """The workspace that opens first: the one looked at last, else `default` where the person is in it."""
    return _first(list(caller.workspaces()[:500]), caller.user.last_workspace)


def _first(workspaces: Sequence[Workspace], last: str) -> Workspace | None:
    by_name = {space.name: space for space in workspaces}
    return by_name.get(last) or by_name.get("default") or next(iter(workspaces), None)

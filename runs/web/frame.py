"""What every page shows around itself: the rail with its workspaces and what runs now."""

from typing import Any, cast

from django.db import DatabaseError
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.http import HttpRequest

from runs.access import Caller
from runs.lifecycle import Status
from runs.models import Run, User, Workspace

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
    workspaces = list(caller_of(request).workspaces().annotate(live=_live()))
    match = request.resolver_match
    name = match.kwargs.get("workspace") if match else None
    current = next((space for space in workspaces if space.name == name), None)
    return {
        "workspaces": workspaces,
        "workspace": current or (workspaces[0] if workspaces else None),
        "place": _place(request),
        "username": user.get_username(),
        "theme": user.theme,
        "density": user.density,
    }


def _place(request: HttpRequest) -> str:
    """Which entry of the rail this page belongs to."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    starts = {"workspace_home": "home", "experiment": "experiments", "run": "runs", "settings": "settings"}
    return next((place for start, place in starts.items() if name.startswith(start)), "")


def _live() -> Subquery:
    """How many runs of each workspace run now, children included."""
    running = Run.objects.filter(workspace=OuterRef("pk"), status__in=LIVE, deleted_at=None).order_by()
    counted = running.values("workspace").annotate(n=Count("pk")).values("n")
    return Subquery(counted, output_field=IntegerField())


def home_of(caller: Caller) -> Workspace | None:
    """The workspace that opens first: `default` where the person is in it."""
    workspaces = list(caller.workspaces()[:50])
    return next(
        (space for space in workspaces if space.name == "default"), workspaces[0] if workspaces else None
    )

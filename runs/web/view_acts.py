"""What is done to a saved view by one button: duplicate, delete, restore, open it first, take it over."""

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from runs.access import check_own_hand, get_workspace
from runs.access_views import get_view
from runs.actions import views as actions
from runs.models import SavedView
from runs.web.frame import caller_of
from runs.web.view_bar import list_url, own_place, place_of
from runs.web.views import asked_of


@require_POST
def duplicate(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """A private copy, opened at once."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id)
    made = actions.duplicate_view(found, by=caller.user)
    messages.info(request, f"This is your own copy, {made.name}.")
    return redirect(list_url(place_of(request.POST.get("at", ""), found.workspace)[0], made.address, made))


@require_POST
def delete(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """Put it away, with a way back; the list stays as it is."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id, "own", deleted=True)
    asked = asked_of(request, found.workspace)
    actions.delete_view(found, by=caller.user)
    undo = reverse("view_restore", args=[found.workspace.name, found.pk])
    messages.info(
        request, f"The view {found.name} is deleted.", extra_tags=json.dumps({"url": undo, "pairs": {}})
    )
    return redirect(asked.url(None) if "state" in request.POST else reverse("views", args=[workspace]))


@require_POST
def restore(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """Undo the deletion, and open it."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id, "own", deleted=True)
    actions.restore_view(found, by=caller.user)
    messages.info(request, f"The view {found.name} is back.")
    return redirect(list_url(own_place(found), found.address, found))


@require_POST
def first(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """Open All runs with this view from now on, or no longer: for oneself, or (owners) for everybody."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id)
    check_own_hand(caller)
    is_for_all = request.POST.get("for") == "workspace"
    if is_for_all:
        get_workspace(caller, workspace, "own")
    user = None if is_for_all else caller.user
    if request.POST.get("on") == "true":
        actions.set_first_view(found, user=user)
        messages.info(
            request, f"All runs now opens with {found.name}{' for everybody' if is_for_all else ''}."
        )
    else:
        actions.clear_first_view(found, user=user)
        messages.info(request, f"All runs no longer opens with {found.name}.")
    return _stay(request, found)


@require_POST
def take(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """Become the owner of a view whose owner has left."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id, "own")
    actions.take_over(found, by=caller.user)
    messages.info(request, f"The view {found.name} is yours now.")
    return _stay(request, found)


def _stay(request: HttpRequest, view: SavedView) -> HttpResponse:
    """Where one was, the list as it stood."""
    asked = asked_of(request, view.workspace)
    return redirect(list_url(asked.at, asked.state if "state" in request.POST else view.address, view))

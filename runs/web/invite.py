"""The page of an invitation: join with one click, as a new person, or after signing in here."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from runs.access import role_in
from runs.actions import invitations
from runs.actions.sign_in import sign_in
from runs.errors import NotFound, Refused
from runs.models import Invitation
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.visitor import NO_TRACE, address_of, known_device, remember_device


@login_not_required
@sensitive_post_parameters("password", "new", "again")
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites whom into what; looking at it uses nothing up."""
    try:
        invitation = invitations.open_invitation(token, address=address_of(request))
    except Refused as refusal:
        return _page(request, {"gone": refusal.message}, status=status_of(refusal))
    if request.method != "POST":
        return _page(request, {"invitation": invitation, "role": _role(request, invitation)})
    try:
        return _answered(request, invitation, token)
    except NotFound as refusal:  # somebody was quicker
        return _page(request, {"gone": refusal.message}, status=status_of(refusal))
    except Refused as refusal:
        sent = {"username": request.POST.get("username", ""), "do": request.POST.get("do", "")}
        facts = {"invitation": invitation, "refusal": refusal.message, **sent}
        return _page(request, facts, status=status_of(refusal))


def _answered(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    address = address_of(request)
    if request.user.is_authenticated:
        invitations.accept_invitation(token, by=caller_of(request).user, address=address)
        messages.info(request, f"Welcome to {invitation.workspace.name}.")
        return redirect("workspace_home", invitation.workspace.name)
    name = request.POST.get("username", "")
    if request.POST.get("do") == "sign-in":
        name = name.replace("\x00", "").strip()
        password = request.POST.get("password", "")
        user = sign_in(name, password, address=address, device=known_device(request))
        login(request, user)
        response = redirect(request.path)
    elif request.POST.get("new") != request.POST.get("again"):
        sent = {"refusal": "The two passwords are not the same.", "username": name, "do": "join"}
        return _page(request, {"invitation": invitation, **sent}, status=400)
    else:
        password = request.POST.get("new", "")
        user = invitations.join_as_new_user(token, name=name, password=password, address=address)
        login(request, user)
        response = redirect("workspace_home", invitation.workspace.name)
    remember_device(response, user)
    return response


def _role(request: HttpRequest, invitation: Invitation) -> str | None:
    """As what the person is in the workspace already: then there is nothing to join."""
    return role_in(caller_of(request), invitation.workspace) if request.user.is_authenticated else None


def _page(request: HttpRequest, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, "sign_in/invite.html", facts, status=status)
    for name, value in NO_TRACE.items():
        response.headers[name] = value
    return response

"""Settings → Members: roles, removal, invitations, and links that set a password."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from runs import mail
from runs.access import get_workspace
from runs.access_people import get_invitation, get_person
from runs.actions import invitations, members, passwords
from runs.errors import Invalid, Refused
from runs.models import Invitation, Role, Workspace
from runs.query.people import members_of, waiting_invitations
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.settings import ask, said, settings_page

ROLES = (
    (Role.READER, "sees everything"),
    (Role.CONTRIBUTOR, "logs, tags, describes and cancels runs"),
    (Role.OWNER, "manages members as well"),
)


@require_http_methods(["GET", "HEAD", "POST"])
def members_page(request: HttpRequest, workspace: str) -> HttpResponse:
    """Who is in; a form changes one role, or makes a link that sets a password."""
    caller = caller_of(request)
    if request.method != "POST":
        return _page(request, get_workspace(caller, workspace))
    found = get_workspace(caller, workspace, "own")
    try:
        user = get_person(found, request.POST.get("member", ""))
        if request.POST.get("do") == "password":
            token = passwords.make_reset_for_member(found, user, by=caller.user)
            return _page(request, found, {"reset": {"for": user, "url": public("password_reset", token)}})
        member = members.change_role(found, user, request.POST.get("role", ""), by=caller.user)
    except Refused as refusal:
        return _page(request, found, {"refusal": refusal.message}, status=status_of(refusal))
    said(request, f"{user.username} is {a(member.role)} now.")
    return redirect("settings_members", workspace)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, workspace: str) -> HttpResponse:
    """Ask once; then the member is out."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace, "own")
    asked = request.POST if request.method == "POST" else request.GET
    user = get_person(found, asked.get("member", ""))
    if request.method != "POST":
        question = {
            "title": f"Remove {user.username} from {found.name}?",
            "text": "They will see nothing of it any more; their tokens for it and the invitations they made end. "
            "What they logged stays.",
            "yes": "Remove",
            "action": reverse("settings_member_remove", args=[workspace]),
            "back": reverse("settings_members", args=[workspace]),
            "hidden": {"member": user.username},
        }
        return ask(request, found, question)
    try:
        members.remove_member(found, user, by=caller.user)
    except Refused as refusal:
        return _page(request, found, {"refusal": refusal.message}, status=status_of(refusal))
    if user.pk == caller.user.pk:
        return redirect("home")
    said(request, f"{user.username} is no member any more.")
    return redirect("settings_members", workspace)


@require_POST
def invite(request: HttpRequest, workspace: str) -> HttpResponse:
    """Invite somebody, by mail or by a link that is shown this once."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace, "own")
    role, email = request.POST.get("role", ""), request.POST.get("email", "")
    try:
        made = invitations.create_invitation(found, role, by=caller.user, email=email)
    except Refused as refusal:
        sent = {"refusal": refusal.message, "email": email, "role": role}
        return _page(request, found, sent, status=status_of(refusal))
    return _handed_over(request, found, made)


@require_POST
def change_invitation(request: HttpRequest, workspace: str) -> HttpResponse:
    """Send one again, or give it a new link; or revoke it."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace, "own")
    try:
        invitation = get_invitation(found, request.POST.get("invitation", ""))
        if request.POST.get("do") == "revoke":
            invitations.revoke_invitation(invitation, by=caller.user)
        elif request.POST.get("do") == "renew":
            return _handed_over(request, found, invitations.renew_invitation(invitation, by=caller.user))
        else:
            raise Invalid("An invitation can be renewed or revoked.")
    except Refused as refusal:
        return _page(request, found, {"refusal": refusal.message}, status=status_of(refusal))
    said(request, "The invitation is revoked; its link opens nothing any more.")
    return redirect("settings_members", workspace)


def public(name: str, token: str) -> str:
    """The address of a one-time page as others reach it; never made of what a request says of its host."""
    return settings.PUBLIC_URL + reverse(name, args=[token])


def a(role: str) -> str:
    """The role with its article."""
    return f"an {role}" if role == Role.OWNER else f"a {role}"


def _handed_over(request: HttpRequest, workspace: Workspace, made: invitations.Made) -> HttpResponse:
    if made.token:
        fresh = {"invitation": made.invitation, "url": public("invite", made.token)}
        return _page(request, workspace, {"fresh": fresh})
    said(request, f"The invitation is on its way to {made.invitation.email}.")
    return redirect("settings_members", workspace.name)


def _page(
    request: HttpRequest, workspace: Workspace, facts: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    shared: dict[str, Any] = {
        "members": members_of(workspace),
        "invitations": [(row, _state(row)) for row in waiting_invitations(workspace)[:500]],
        "roles": ROLES,
        "role": Role.CONTRIBUTOR,
        "sends_mail": mail.can_send(),
        "me": caller_of(request).user,
        "now": now,
    }
    return settings_page(request, workspace, "settings_members", shared | (facts or {}), status=status)


def _state(invitation: Invitation) -> str:
    if invitation.expires_at <= timezone.now():
        return "expired"
    if invitation.email and mail.can_send():
        return "sent" if invitation.sent_at else "being sent"
    return "waiting"

"""Members of a workspace, invitations into it, and what happened to both."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import allows, check_own_hand, get_workspace
from runs.access_people import get_acquaintance, get_invitation, get_person
from runs.actions import invitations, members, passwords
from runs.api import people_shapes as p
from runs.api.base import Endpoint
from runs.api.shapes import moment
from runs.query.people import events_of, members_of, waiting_invitations


class MembersEndpoint(Endpoint):
    """Who is in a workspace."""

    @extend_schema(responses=p.MemberShape(many=True), operation_id="members_list")
    def get(self, request: Request, workspace: str) -> Response:
        """Owners first, then by name."""
        found = get_workspace(self.caller, workspace)
        to_owner = allows(self.caller, found, "inspect")
        return Response({"results": [p.member_shape(m, to_owner=to_owner) for m in members_of(found)]})


class MemberEndpoint(Endpoint):
    """One member."""

    @extend_schema(request=p.RoleBody, responses=p.MemberShape)
    def put(self, request: Request, workspace: str, member: str) -> Response:
        """Give this role, or take in a person whom the caller shares a workspace with; others are invited."""
        found = get_workspace(self.caller, workspace, "own")
        role = self.read(p.RoleBody)["role"]
        user = get_acquaintance(self.caller, found, member)
        made = members.set_member(found, user, role, by=self.caller.user)
        return Response(p.member_shape(made, to_owner=True))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, member: str) -> Response:
        """Remove; everybody may remove themselves."""
        found = get_workspace(self.caller, workspace)
        user = get_person(found, member)
        if user.pk != self.caller.user.pk:
            found = get_workspace(self.caller, workspace, "own")
        else:
            check_own_hand(self.caller)
        members.remove_member(found, user, by=self.caller.user)
        return Response(status=204)


class PasswordLinkEndpoint(Endpoint):
    """A link that sets a member's password."""

    @extend_schema(request=None, responses={201: p.LinkShape})
    def post(self, request: Request, workspace: str, member: str) -> Response:
        """Make one, for a member who can open nothing that the caller does not own. It works once, for 30 minutes."""
        found = get_workspace(self.caller, workspace, "own")
        user = get_person(found, member)
        token = passwords.make_reset_for_member(found, user, by=self.caller.user)
        until = timezone.now() + passwords.LINK_LIVES
        return Response({"url": public("password_reset", token), "expires_at": moment(until)}, status=201)


class InvitationsEndpoint(Endpoint):
    """Invitations that wait."""

    @extend_schema(responses=p.InvitationShape(many=True), operation_id="invitations_list")
    def get(self, request: Request, workspace: str) -> Response:
        """Newest first; without their links, which nobody can read any more."""
        found = get_workspace(self.caller, workspace, "inspect")
        return Response({"results": [p.invitation_shape(i) for i in waiting_invitations(found)[:500]]})

    @extend_schema(request=p.NewInvitation, responses={201: p.InvitationShape})
    def post(self, request: Request, workspace: str) -> Response:
        """Invite. With an address and mail set up it is mailed and `url` is null, else `url` is the link."""
        found = get_workspace(self.caller, workspace, "own")
        sent = self.read(p.NewInvitation)
        made = invitations.create_invitation(found, sent["role"], by=self.caller.user, email=sent["email"])
        return Response(handed_over(made), status=201)


class InvitationEndpoint(Endpoint):
    """One invitation."""

    @extend_schema(request=None, responses=p.InvitationShape, operation_id="invitation_renew")
    def post(self, request: Request, workspace: str, invitation: str) -> Response:
        """Renew: seven more days and a new link; the old one ends."""
        found = get_workspace(self.caller, workspace, "own")
        made = invitations.renew_invitation(get_invitation(found, invitation), by=self.caller.user)
        return Response(handed_over(made))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, invitation: str) -> Response:
        """Revoke: the link opens nothing any more."""
        found = get_workspace(self.caller, workspace, "own")
        invitations.revoke_invitation(get_invitation(found, invitation), by=self.caller.user)
        return Response(status=204)


class WorkspaceEventsEndpoint(Endpoint):
    """Who changed members, roles, invitations and tokens."""

    @extend_schema(
        responses=p.WorkspaceEventsPage,
        parameters=[OpenApiParameter("before", int, description="Those older than this id.")],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """Newest first, 100 a page."""
        found = get_workspace(self.caller, workspace, "inspect")
        before = request.query_params.get("before", "")
        number = int(before) if before.isdecimal() and len(before) < 19 else None
        events, older = events_of(found, before=number)
        next_url = f"{request.path}?before={older}" if older else None
        return Response({"results": [p.workspace_event_shape(e) for e in events], "next": next_url})


def handed_over(made: invitations.Made) -> dict[str, object]:
    """The invitation, with its link where it is not mailed."""
    return p.invitation_shape(made.invitation, public("invite", made.token) if made.token else None)


def public(name: str, token: str) -> str:
    """The address of a one-time page as others reach it."""
    return settings.PUBLIC_URL + reverse(name, args=[token])

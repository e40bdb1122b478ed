"""The caller: profile, password, sessions, tokens."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import role_in
from runs.access_people import (
    check_may_revoke_tokens,
    check_own_account,
    get_own_token,
)
from runs.access_run_tokens import check_whole_account
from runs.actions import email, invitations, passwords, profile
from runs.actions.tokens import create_own_token
from runs.actions.workspace import revoke_token, set_preferences
from runs.api import people_shapes as p
from runs.api import serializers as s
from runs.api.base import Endpoint
from runs.api.shapes import workspace_shape
from runs.client_address import client_address
from runs.errors import NotAllowed
from runs.query.people import tokens_of
from studio import VERSION

LOOK = ("theme", "density")


class MeEndpoint(Endpoint):
    """Who am I?"""

    @extend_schema(responses=s.Me)
    def get(self, request: Request) -> Response:
        """The caller, their workspaces and roles, and the version of the server."""
        return Response(self._shape())

    @extend_schema(request=p.ProfileChange, responses=s.Me)
    def patch(self, request: Request) -> Response:
        """Change the profile. User name and e-mail take the present password, too."""
        check_own_account(self.caller)
        sent = self.read(p.ProfileChange)
        user = self.caller.user
        profile.edit_profile(user, **{name: sent[name] for name in sent if name not in LOOK})
        if look := {name: sent[name] for name in LOOK if name in sent}:
            set_preferences(user, **look)
        return Response(self._shape())

    def _shape(self) -> dict[str, object]:
        caller = self.caller
        workspaces = [workspace_shape(w, role_in(caller, w)) for w in caller.workspaces()]
        is_of_run = caller.token is not None and caller.token.run_id is not None
        return {
            "user": caller.user.username,
            "profile": None if is_of_run else p.profile_shape(caller.user),
            "workspaces": workspaces,
            "version": VERSION,
        }


class EmailEndpoint(Endpoint):
    """A new e-mail address of the caller's that waits to be confirmed."""

    @extend_schema(request=None, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail its link again."""
        check_own_account(self.caller)
        email.ask_check(self.caller.user)
        return Response(status=202)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forget it, and stay with the address that is in use."""
        check_own_account(self.caller)
        email.withdraw_email(self.caller.user)
        return Response(status=204)


class JoinEndpoint(Endpoint):
    """Invitations to the caller."""

    @extend_schema(request=p.InvitationToken, responses={201: s.WorkspaceShape})
    def post(self, request: Request) -> Response:
        """Join the workspace of the invitation with this token, once."""
        check_own_account(self.caller)
        token = self.read(p.InvitationToken)["token"]
        address = client_address(request.META, behind_proxy=settings.BEHIND_PROXY)
        member = invitations.accept_invitation(token, by=self.caller.user, address=address)
        return Response(workspace_shape(member.workspace, member.role), status=201)


class PasswordEndpoint(Endpoint):
    """The caller's password."""

    @extend_schema(request=p.PasswordChange, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change it. Every session ends; tokens stay. The first one is chosen in the browser."""
        check_own_account(self.caller)
        sent, user = self.read(p.PasswordChange), self.caller.user
        if not user.has_usable_password():
            # A token that leaks must not become a way to sign in for good.
            raise NotAllowed(
                "You have no password yet. Choose the first one in the browser: Settings, Password."
            )
        passwords.change_password(user, sent["new"], old=sent["old"])
        return Response(status=204)


class SessionsEndpoint(Endpoint):
    """The caller's sessions in browsers."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out everywhere. Tokens stay."""
        check_own_account(self.caller)
        passwords.sign_out_everywhere(self.caller.user)
        return Response(status=204)


class TokensEndpoint(Endpoint):
    """The caller's API tokens."""

    @extend_schema(responses=p.TokenShape(many=True), operation_id="tokens_list")
    def get(self, request: Request) -> Response:
        """Newest first, what is over last. A token for one workspace sees those for it."""
        check_whole_account(self.caller.token)
        return Response({"results": [p.token_shape(token) for token in tokens_of(self.caller)[:1000]]})

    @extend_schema(request=p.NewToken, responses={201: p.NewTokenShape})
    def post(self, request: Request) -> Response:
        """Make one; its text is in this answer and never again."""
        sent = self.read(p.NewToken)
        token, text = create_own_token(
            self.caller,
            name=sent["name"],
            scope=sent["scope"],
            workspace=sent["workspace"] or None,
            days=sent["days"],
        )
        return Response({**p.token_shape(token), "token": text}, status=201)


class TokenEndpoint(Endpoint):
    """One token of the caller's."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke it. Twice is not an error."""
        check_may_revoke_tokens(self.caller)
        revoke_token(get_own_token(self.caller, token_id), by=self.caller.user)
        return Response(status=204)

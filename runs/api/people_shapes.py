"""How people, invitations and tokens look on the wire, and the bodies that change them."""

from typing import Any

from rest_framework import serializers

from runs.api.serializers import text
from runs.api.shapes import moment
from runs.models import ApiToken, Invitation, Member, User, WorkspaceEvent


class Profile(serializers.Serializer):
    """What the person says of themselves."""

    full_name = serializers.CharField()
    email = serializers.CharField(help_text="Where mail goes.")
    waiting_email = serializers.CharField(
        help_text="A new address that is used once the link that was mailed there has been opened."
    )
    time_zone = serializers.CharField(help_text="Empty for that of the browser.")
    theme = serializers.ChoiceField(["system", "light", "dark"])
    density = serializers.ChoiceField(["comfortable", "compact"])
    has_password = serializers.BooleanField()


class ProfileChange(serializers.Serializer):
    """What may be changed; what is left out stays."""

    username = text()
    full_name = text()
    email = text()
    time_zone = text()
    theme = text()
    density = text()
    password = text(help_text="The present one, to change user name or e-mail.")


class PasswordChange(serializers.Serializer):
    """The present password and the new one."""

    old = text(required=True)
    new = text(required=True)


class TokenShape(serializers.Serializer):
    """An API token, without what opens anything."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    scope = serializers.ChoiceField(["read", "write"])
    workspace = serializers.CharField(allow_null=True, help_text="Null: all of the person's.")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewTokenShape(TokenShape):
    """A token that was made just now; `token` is its text, given this once."""

    token = serializers.CharField()


class NewToken(serializers.Serializer):
    """A token to make. It reaches no further than the token that makes it."""

    name = text(required=True)
    scope = text(default="write", help_text="read or write")
    workspace = text(default=None, allow_null=True)
    days = serializers.IntegerField(
        default=None, allow_null=True, help_text="30, 90 or 365; null for a token that does not expire."
    )


class MemberShape(serializers.Serializer):
    """A member. The e-mail address is given to owners."""

    username = serializers.CharField()
    full_name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(["reader", "contributor", "owner"])
    added_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)


class RoleBody(serializers.Serializer):
    """The role to have."""

    role = text(required=True, help_text="reader, contributor or owner")


class NewInvitation(RoleBody):
    """An invitation to make."""

    email = text(default="")


class InvitationToken(serializers.Serializer):
    """What the link of an invitation ends with."""

    token = text(required=True)


class InvitationShape(serializers.Serializer):
    """An invitation that waits. `url` is given once, when it is made or renewed and not mailed."""

    id = serializers.IntegerField()
    role = serializers.CharField()
    email = serializers.CharField()
    invited_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(allow_null=True)


class LinkShape(serializers.Serializer):
    """A link that works once."""

    url = serializers.CharField()
    expires_at = serializers.DateTimeField()


class WorkspaceEventShape(serializers.Serializer):
    """One change of a workspace's people or of what opens it."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    details = serializers.JSONField()


class WorkspaceEventsPage(serializers.Serializer):
    """A page of them."""

    results = WorkspaceEventShape(many=True)
    next = serializers.CharField(allow_null=True)


def profile_shape(user: User) -> dict[str, Any]:
    """The person's own profile."""
    return {
        "full_name": user.first_name,
        "email": user.email,
        "waiting_email": user.waiting_email,
        "time_zone": user.time_zone,
        "theme": user.theme,
        "density": user.density,
        "has_password": user.has_usable_password(),
    }


def token_shape(token: ApiToken) -> dict[str, Any]:
    """A token without its secret."""
    return {
        "id": token.pk,
        "name": token.name,
        "scope": token.scope,
        "workspace": token.workspace.name if token.workspace else None,
        "created_at": moment(token.created_at),
        "last_used_at": moment(token.last_used_at),
        "expires_at": moment(token.expires_at),
        "revoked_at": moment(token.revoked_at),
    }


def member_shape(member: Member, *, to_owner: bool) -> dict[str, Any]:
    """A member; owners see how to write to them."""
    return {
        "username": member.user.username,
        "full_name": member.user.first_name,
        "email": member.user.email if to_owner else None,
        "role": member.role,
        "added_at": moment(member.added_at),
        "last_seen_at": moment(member.last_seen_at),
    }


def invitation_shape(invitation: Invitation, url: str | None = None) -> dict[str, Any]:
    """An invitation, with its link when it was made this moment."""
    return {
        "id": invitation.pk,
        "role": invitation.role,
        "email": invitation.email,
        "invited_by": invitation.invited_by.username if invitation.invited_by else None,
        "created_at": moment(invitation.created_at),
        "expires_at": moment(invitation.expires_at),
        "sent_at": moment(invitation.sent_at),
        "url": url,
    }


def workspace_event_shape(event: WorkspaceEvent) -> dict[str, Any]:
    """One line of the workspace's history."""
    return {
        "id": event.pk,
        "kind": event.kind,
        "by": event.by_name or None,
        "at": moment(event.at),
        "details": event.details,
    }

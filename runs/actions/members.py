"""Who is in a workspace, and as what."""

from django.utils import timezone

from runs.actions.workspace_events import record
from runs.errors import Conflict, Invalid, NotFound
from runs.models import ApiToken, Invitation, Member, Role, User, Workspace
from runs.transaction import write


def check_role(role: str) -> str:
    """The role, or Invalid."""
    if role not in Role.values:
        raise Invalid(f"{role!r} is no role; take reader, contributor or owner.", field="role")
    return role


def set_member(workspace: Workspace, user: User, role: str, *, by: User) -> Member:
    """Take the person in, or change their role. Raises Conflict when no owner would be left."""
    check_role(role)
    with write():
        # The lock of the workspace: of two owners who step down at once, one stays.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        member = Member.objects.filter(workspace=workspace, user=user).first()
        if member is None:
            member = Member.objects.create(workspace=workspace, user=user, role=role, added_at=timezone.now())
            record(workspace, "member added", by=by, member=user.username, role=role)
        elif member.role != role:
            before = member.role
            if before == Role.OWNER:
                _check_owner_left(workspace, user)
                _end_invitations_of(workspace, user)
            member.role = role
            member.save(update_fields=["role"])
            record(workspace, "role changed", by=by, member=user.username, before=before, after=role)
    return member


def change_role(workspace: Workspace, user: User, role: str, *, by: User) -> Member:
    """Give a member another role. Raises NotFound for somebody who is not in the workspace."""
    with write():
        _find(workspace, user)
        return set_member(workspace, user, role, by=by)


def remove_member(workspace: Workspace, user: User, *, by: User) -> None:
    """The person sees nothing of the workspace any more; their runs stay. Raises Conflict for the last owner.

    Their tokens for this workspace and the invitations that they made end, so that none of it opens a way back.
    """
    with write():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        member = _find(workspace, user)
        if member.role == Role.OWNER:
            _check_owner_left(workspace, user)
        member.delete()
        ApiToken.objects.filter(user=user, workspace=workspace, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        _end_invitations_of(workspace, user)
        kind = "member left" if by.pk == user.pk else "member removed"
        record(workspace, kind, by=by, member=user.username, role=member.role)


def _find(workspace: Workspace, user: User) -> Member:
    member = Member.objects.filter(workspace=workspace, user=user).first()
    if member is None:
        raise NotFound(f"{user.username} is not in {workspace.name}.")
    return member


def _check_owner_left(workspace: Workspace, without: User) -> None:
    if not Member.objects.filter(workspace=workspace, role=Role.OWNER).exclude(user=without).exists():
        raise Conflict(
            f"{without.username} is the last owner of {workspace.name}; make somebody else owner first."
        )


def _end_invitations_of(workspace: Workspace, user: User) -> None:
    Invitation.objects.filter(workspace=workspace, invited_by=user, used_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )

"""Members and their roles: the last owner stays, who leaves leaves nothing open behind."""

import pytest

from runs.actions.invitations import create_invitation
from runs.actions.members import change_role, remove_member, set_member
from runs.actions.workspace import create_token
from runs.errors import Conflict, Invalid, NotFound
from runs.models import Invitation, Member, WorkspaceEvent
from tests import make


def kinds(workspace):
    return [event.kind for event in WorkspaceEvent.objects.filter(workspace=workspace).order_by("pk")]


def test_a_role_is_changed_and_told_of(workspace, owner, contributor):
    change_role(workspace, contributor, "reader", by=owner)
    assert Member.objects.get(workspace=workspace, user=contributor).role == "reader"
    event = WorkspaceEvent.objects.filter(workspace=workspace).latest("pk")
    assert (event.kind, event.by_name) == ("role changed", "olga")
    assert event.details == {"member": "carl", "before": "contributor", "after": "reader"}


def test_the_same_role_again_is_no_event(workspace, owner, contributor):
    before = kinds(workspace)
    change_role(workspace, contributor, "contributor", by=owner)
    assert kinds(workspace) == before


def test_the_last_owner_can_neither_step_down_nor_go(workspace, owner):
    for attempt in (
        lambda: change_role(workspace, owner, "reader", by=owner),
        lambda: remove_member(workspace, owner, by=owner),
    ):
        with pytest.raises(Conflict, match="olga is the last owner of vision"):
            attempt()
    assert Member.objects.get(workspace=workspace, user=owner).role == "owner"


def test_one_of_two_owners_may_go(workspace, owner):
    second = make.member(workspace, "owner", "second")
    remove_member(workspace, owner, by=owner)
    assert kinds(workspace)[-1] == "member left"
    with pytest.raises(Conflict):
        remove_member(workspace, second, by=second)


def test_whoever_is_not_in_has_no_role_to_change(workspace, owner, stranger):
    with pytest.raises(NotFound):
        change_role(workspace, stranger, "owner", by=owner)
    with pytest.raises(NotFound):
        remove_member(workspace, stranger, by=owner)
    with pytest.raises(Invalid):
        set_member(workspace, stranger, "admin", by=owner)


def test_removal_ends_their_tokens_and_invitations_here_alone(workspace, owner):
    second = make.member(workspace, "owner", "second")
    here, _ = create_token(second, name="here", workspace=workspace)
    everywhere, _ = create_token(second, name="everywhere")
    create_invitation(workspace, "owner", by=second)
    theirs = Invitation.objects.get()
    remove_member(workspace, second, by=owner)
    for row in (here, everywhere, theirs):
        row.refresh_from_db()
    assert here.revoked_at and theirs.revoked_at and not everywhere.revoked_at


def test_an_owner_who_steps_down_leaves_no_invitation(workspace, owner):
    second = make.member(workspace, "owner", "second")
    create_invitation(workspace, "owner", by=second)
    change_role(workspace, second, "reader", by=owner)
    assert Invitation.objects.get().revoked_at is not None

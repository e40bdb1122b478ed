"""Invitations: seven days, once, by whoever holds the link; nothing that opens one is kept."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core import serializers
from django.utils import timezone

from runs.actions.invitations import (
    MOST_GUESSES,
    accept_invitation,
    create_invitation,
    join_as_new_user,
    letter_of,
    open_invitation,
    renew_invitation,
    revoke_invitation,
)
from runs.errors import Conflict, Invalid, NotAllowed, NotFound
from runs.models import Invitation, Job, Member, SignInFailure, User, WorkspaceEvent
from tests import make

HERE = "192.0.2.1"


def test_a_person_joins_once_with_the_role(workspace, owner, stranger):
    made = create_invitation(workspace, "contributor", by=owner)
    member = accept_invitation(made.token, by=stranger, address=HERE)
    assert (member.workspace, member.role) == (workspace, "contributor")
    with pytest.raises(NotFound, match="has been used"):
        accept_invitation(made.token, by=make.user(), address=HERE)


def test_only_the_hash_of_the_token_is_kept(workspace, owner):
    made = create_invitation(workspace, "reader", by=owner)
    rows = [*Invitation.objects.all(), *WorkspaceEvent.objects.all(), *Job.objects.all()]
    assert len(made.token) >= 43 and made.token not in serializers.serialize("json", rows)


def test_a_new_person_is_made_together_with_the_membership(workspace, owner):
    made = create_invitation(workspace, "reader", by=owner, email="new@example.org")
    user = join_as_new_user(made.token, name="nina", password=make.PASSWORD, address=HERE)
    # The link was handed over: nobody has shown that mail to the address reaches this person.
    assert user.check_password(make.PASSWORD) and (user.email, user.waiting_email) == ("", "new@example.org")
    assert Member.objects.get(user=user).role == "reader" and not user.is_superuser


@pytest.mark.parametrize(
    ("name", "password"),
    [("nina", "short"), ("nina", "password123"), ("olga", make.PASSWORD), ("OLGA", make.PASSWORD)]
    + [(bad, make.PASSWORD) for bad in ("", "a b", "<script>", "x\x00y", "x\ny", "a" * 151, "\ud800")],
)
def test_a_refused_person_uses_nothing_up(workspace, owner, name, password):
    made = create_invitation(workspace, "reader", by=owner)
    people = User.objects.count()
    with pytest.raises((Invalid, Conflict)):
        join_as_new_user(made.token, name=name, password=password, address=HERE)
    assert User.objects.count() == people and Invitation.objects.get().used_at is None


def test_a_member_is_told_so_and_the_invitation_stays(workspace, owner, reader):
    made = create_invitation(workspace, "owner", by=owner)
    with pytest.raises(Conflict, match="in vision already, as reader"):
        accept_invitation(made.token, by=reader, address=HERE)
    assert open_invitation(made.token, address=HERE).used_at is None


def test_wrong_old_and_revoked_ones_say_so(workspace, owner):
    made = create_invitation(workspace, "reader", by=owner)
    with pytest.raises(NotFound, match="not known"):
        open_invitation("no-such-token", address=HERE)
    later = time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False)
    with later, pytest.raises(NotFound, match="older than seven days"):
        open_invitation(made.token, address=HERE)
    revoke_invitation(made.invitation, by=owner)
    revoke_invitation(made.invitation, by=owner)
    with pytest.raises(NotFound, match="withdrawn"):
        open_invitation(made.token, address=HERE)


def test_a_renewed_one_has_a_new_link_and_seven_more_days(workspace, owner):
    made = create_invitation(workspace, "reader", by=owner)
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=False):
        again = renew_invitation(made.invitation, by=owner)
    with time_machine.travel(timezone.now() + timedelta(days=12), tick=False):
        assert open_invitation(again.token, address=HERE).pk == made.invitation.pk
        with pytest.raises(NotFound):
            open_invitation(made.token, address=HERE)


def test_a_used_one_is_neither_renewed_nor_revoked(workspace, owner, stranger):
    made = create_invitation(workspace, "reader", by=owner)
    accept_invitation(made.token, by=stranger, address=HERE)
    with pytest.raises(NotFound):
        renew_invitation(made.invitation, by=owner)
    with pytest.raises(Conflict, match="Remove the member"):
        revoke_invitation(made.invitation, by=owner)


def test_guesses_are_counted_by_address(workspace, owner):
    made = create_invitation(workspace, "reader", by=owner)
    for number in range(MOST_GUESSES):
        with pytest.raises(NotFound):
            open_invitation(f"guess{number}", address=HERE)
    with pytest.raises(NotAllowed, match="Wait 15 minutes"):
        open_invitation(made.token, address=HERE)
    assert open_invitation(made.token, address="192.0.2.9").pk
    assert "guess1" not in json.dumps(list(SignInFailure.objects.values("subject")))


@pytest.mark.parametrize(
    "email", ["no address", "a@b", "x@example.org\nBcc: y@example.org", "a\x00@example.org"]
)
def test_what_is_no_address_is_refused(workspace, owner, email):
    with pytest.raises(Invalid):
        create_invitation(workspace, "reader", by=owner, email=email)


def test_nobody_is_invited_twice_or_while_a_member(workspace, owner, reader):
    User.objects.filter(pk=reader.pk).update(email="rita@example.org")
    with pytest.raises(Conflict, match="is rita, who is a member already"):
        create_invitation(workspace, "reader", by=owner, email="RITA@example.org")
    create_invitation(workspace, "reader", by=owner, email="new@example.org")
    with pytest.raises(Conflict, match="invited already"):
        create_invitation(workspace, "reader", by=owner, email="new@example.org")


def test_with_mail_the_worker_makes_the_token_and_no_other_opens(workspace, owner, settings):
    settings.EMAIL_HOST = "mail.example.org"
    made = create_invitation(workspace, "reader", by=owner, email="new@example.org")
    assert made.token == "" and Job.objects.get().payload == {"invitation": made.invitation.pk}
    sent = letter_of(made.invitation.pk)
    assert open_invitation(sent.token, address=HERE).email == "new@example.org"
    revoke_invitation(made.invitation, by=owner)
    assert letter_of(made.invitation.pk) is None


def test_without_mail_nothing_is_enqueued(workspace, owner):
    assert create_invitation(workspace, "reader", by=owner, email="new@example.org").token
    assert not Job.objects.filter(name__startswith="mail").exists()

"""Passwords: forgotten, set by a link, changed; and what ends when they do."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from runs.actions import passwords
from runs.actions.sign_in import MOST_BY_ACCOUNT, MOST_BY_DEVICE, device_of, sign_in
from runs.actions.workspace import create_login_link, use_login_link
from runs.errors import Conflict, Invalid, NotAllowed, NotFound
from runs.models import Job, PasswordReset, User, WorkspaceEvent
from tests import make

HERE, NEW = "192.0.2.1", "a wholly different one"


def test_a_link_sets_the_password_once(owner):
    token = passwords.make_reset(owner)
    passwords.use_reset(token, NEW, address=HERE)
    assert User.objects.get(pk=owner.pk).check_password(NEW)
    with pytest.raises(NotFound):
        passwords.use_reset(token, NEW, address=HERE)
    assert token not in str(list(PasswordReset.objects.values()))


def test_it_lives_thirty_minutes_and_a_newer_one_ends_it(owner):
    first = passwords.make_reset(owner)
    second = passwords.make_reset(owner)
    with pytest.raises(NotFound):
        passwords.open_reset(first, address=HERE)
    later = time_machine.travel(timezone.now() + timedelta(minutes=30, seconds=1), tick=False)
    with later, pytest.raises(NotFound, match="older than 30 minutes"):
        passwords.open_reset(second, address=HERE)


def test_a_bad_password_uses_nothing_up(owner):
    token = passwords.make_reset(owner)
    with pytest.raises(Invalid):
        passwords.use_reset(token, "short", address=HERE)
    assert passwords.open_reset(token, address=HERE) == owner


def test_a_change_ends_every_open_link(owner):
    link, reset = create_login_link(owner), passwords.make_reset(owner)
    passwords.change_password(owner, NEW, old=make.PASSWORD)
    with pytest.raises(NotFound):
        use_login_link(link)
    with pytest.raises(NotFound):
        passwords.open_reset(reset, address=HERE)


def test_the_old_password_is_looked_at_ten_times(owner):
    for _ in range(passwords.MOST_WRONG):
        with pytest.raises(NotAllowed, match="wrong"):
            passwords.change_password(owner, NEW, old="guess")
    with pytest.raises(NotAllowed, match="Wait"):
        passwords.change_password(owner, NEW, old=make.PASSWORD)


def test_asking_does_the_same_for_known_and_unknown_addresses(owner, settings):
    settings.EMAIL_HOST = "mail.example.org"
    User.objects.filter(pk=owner.pk).update(email="olga@example.org")
    for email in ("olga@example.org", "nobody@example.org"):
        passwords.ask_reset(email, address=HERE)
    jobs = Job.objects.filter(name="mail password reset").order_by("pk")
    assert [job.payload for job in jobs] == [{"email": "olga@example.org"}, {"email": "nobody@example.org"}]
    assert [user for user, _ in passwords.resets_for("OLGA@example.org")] == [owner]
    assert list(passwords.resets_for("nobody@example.org")) == list(passwords.resets_for("")) == []


def test_asking_too_often_must_wait(owner, settings):
    settings.EMAIL_HOST = "mail.example.org"
    for _ in range(passwords.MOST_ASKED_BY_EMAIL):
        passwords.ask_reset("x@example.org", address=HERE)
    with pytest.raises(NotAllowed):
        passwords.ask_reset("X@example.org", address="192.0.2.7")


def test_without_mail_asking_is_refused_in_words(db):
    with pytest.raises(Conflict, match="sends no mail"):
        passwords.ask_reset("x@example.org", address=HERE)


def test_an_owner_makes_a_link_for_a_member_and_it_is_told(workspace, owner, reader):
    token = passwords.make_reset_for_member(workspace, reader, by=owner)
    assert passwords.open_reset(token, address=HERE) == reader
    event = WorkspaceEvent.objects.latest("pk")
    assert (event.kind, event.details) == ("password link made", {"member": "rita"})


def test_an_owner_takes_nobody_over_who_can_open_more(workspace, owner, reader):
    make.workspace("private", owner=reader)
    root = make.user("root", is_owner=True)
    from runs.actions.members import set_member

    set_member(workspace, root, "reader", by=owner)
    for person in (reader, root):
        with pytest.raises(NotAllowed, match="can open more than you manage"):
            passwords.make_reset_for_member(workspace, person, by=owner)
    assert passwords.make_reset_for_member(workspace, reader, by=root)


def test_a_stranger_s_guesses_do_not_keep_a_known_browser_out(owner):
    for _ in range(MOST_BY_ACCOUNT):
        with pytest.raises(NotAllowed):
            sign_in("olga", "guess", address="203.0.113.5")
    with pytest.raises(NotAllowed, match="Wait"):
        sign_in("olga", make.PASSWORD, address=HERE)
    device = device_of(owner)
    assert sign_in("olga", make.PASSWORD, address=HERE, device=device) == owner
    assert use_login_link(create_login_link(owner)) == owner
    # The exemption is for that person alone, and has a limit of its own.
    with pytest.raises(NotAllowed, match="Wait"):
        sign_in("olga", make.PASSWORD, address=HERE, device=device_of(make.user("other")))
    for _ in range(MOST_BY_DEVICE):
        with pytest.raises(NotAllowed):
            sign_in("olga", "guess", address=HERE, device=device)
    with pytest.raises(NotAllowed, match="Wait"):
        sign_in("olga", make.PASSWORD, address=HERE, device=device)

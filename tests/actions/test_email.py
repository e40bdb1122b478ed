"""A changed address is used once its link has been opened."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from runs.actions import email
from runs.actions.passwords import make_reset, open_reset, resets_for
from runs.actions.profile import edit_profile
from runs.errors import Conflict, NotAllowed, NotFound
from runs.models import Job, User
from tests import make

HERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def mailing(settings):
    settings.EMAIL_HOST = "smtp.example.org"


@pytest.fixture
def olga(owner):
    User.objects.filter(pk=owner.pk).update(email="old@example.org")
    return edit_profile(owner, email="new@example.org", password=make.PASSWORD)


def token_of(user):
    return email.letter_of(user.pk)[1]


def test_until_then_the_old_one_is_used(olga):
    saved = User.objects.get(pk=olga.pk)
    assert (saved.email, saved.waiting_email) == ("old@example.org", "new@example.org")
    assert [user.pk for user, _ in resets_for("old@example.org")] == [olga.pk]
    assert list(resets_for("new@example.org")) == []
    assert Job.objects.get().payload == {"user": olga.pk}


def test_the_link_confirms_once_and_ends_links_to_the_old_one(olga):
    token, reset = token_of(olga), make_reset(olga)
    assert email.confirm_email(token, address=HERE).email == "new@example.org"
    assert list(resets_for("old@example.org")) == []
    for act in (email.open_check, email.confirm_email):
        with pytest.raises(NotFound):
            act(token, address=HERE)
    with pytest.raises(NotFound):
        open_reset(reset, address=HERE)


def test_a_link_that_is_old_wrong_or_overtaken_confirms_nothing(olga, reader):
    token = token_of(olga)
    for wrong in ("", "x", token + "x", "é" * 9):
        with pytest.raises(NotFound):
            email.confirm_email(wrong, address=HERE)
    edit_profile(olga, email="third@example.org", password=make.PASSWORD)
    with pytest.raises(NotFound):
        email.confirm_email(token, address=HERE)
    fresh = token_of(User.objects.get(pk=olga.pk))
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)), pytest.raises(NotFound):
        email.confirm_email(fresh, address=HERE)
    assert User.objects.get(pk=olga.pk).email == "old@example.org"


def test_no_address_and_the_old_one_need_no_link(olga):
    edit_profile(olga, full_name="Olga", email="new@example.org")  # what waits already is no change
    edit_profile(olga, email="old@example.org", password=make.PASSWORD)
    assert User.objects.get(pk=olga.pk).waiting_email == ""
    edit_profile(olga, email="", password=make.PASSWORD)
    assert User.objects.get(pk=olga.pk).email == ""


def test_it_is_mailed_again_but_not_for_ever(olga):
    for _ in range(email.MOST_MAILED - 1):
        email.ask_check(olga)
    with pytest.raises(NotAllowed, match="mailed several times"):
        email.ask_check(olga)
    email.withdraw_email(olga)
    with pytest.raises(Conflict, match="No address"):
        email.ask_check(olga)


def test_without_mail_it_waits(owner, settings):
    settings.EMAIL_HOST = ""
    edit_profile(owner, email="new@example.org", password=make.PASSWORD)
    assert User.objects.get(pk=owner.pk).waiting_email == "new@example.org" and not Job.objects.exists()
    with pytest.raises(Conflict, match="sends no mail"):
        email.ask_check(User.objects.get(pk=owner.pk))

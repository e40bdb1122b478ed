"""What people say of themselves."""

import pytest

from runs.actions.profile import edit_profile
from runs.actions.sign_in import remember_place
from runs.actions.workspace import create_user
from runs.errors import Conflict, Invalid, NotAllowed
from runs.models import Member, User
from tests import make


def test_name_and_address_take_the_password_the_rest_does_not(owner):
    edit_profile(owner, full_name=" Olga Ø ", time_zone="Europe/Berlin")
    for change in ({"email": "o@example.org"}, {"username": "olga2"}):
        with pytest.raises(NotAllowed):
            edit_profile(owner, **change)
        edit_profile(owner, **change, password=make.PASSWORD)
    saved = User.objects.get(pk=owner.pk)
    assert (saved.username, saved.waiting_email, saved.first_name) == ("olga2", "o@example.org", "Olga Ø")
    assert saved.time_zone == "Europe/Berlin"


def test_without_a_password_nothing_is_asked(db):
    ada = create_user("ada")
    assert edit_profile(ada, email="ada@example.org").waiting_email == "ada@example.org"


@pytest.mark.parametrize(
    "change",
    [
        {"time_zone": "Mars/Base"},
        {"email": "x"},
        {"username": "<b>"},
        {"full_name": "a\nb"},
        {"full_name": "\ud800"},
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_kept(owner, change):
    with pytest.raises(Invalid):
        edit_profile(owner, **{"time_zone": "UTC"} | change, password=make.PASSWORD)
    assert User.objects.get(pk=owner.pk).time_zone == ""


def test_a_name_belongs_to_one_person(owner, reader):
    with pytest.raises(Conflict, match="already"):
        edit_profile(owner, username="RITA", password=make.PASSWORD)
    edit_profile(owner, username="OLGA", password=make.PASSWORD)


def test_the_place_is_remembered_of_members_alone(workspace, owner, stranger):
    remember_place(owner, "vision")
    remember_place(stranger, "vision")
    assert User.objects.get(pk=owner.pk).last_workspace == "vision"
    assert Member.objects.get(user=owner).last_seen_at is not None
    assert User.objects.get(pk=stranger.pk).last_workspace == ""

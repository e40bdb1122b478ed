"""Targets of Ray: what they take, and their token, which goes to the address that it was given for."""

import pytest

from runs.actions import compute
from runs.errors import Conflict, Invalid
from runs.models import ComputeTarget, WorkspaceEvent

HERE = {"address": "https://ray.example.org:8265/"}
TOKEN = "cluster-secret-0123456789abcdef"


@pytest.fixture
def attached(workspace, owner):
    def attach(settings=HERE, token=TOKEN):
        return compute.attach_target(workspace, "ray", "ray", settings, by=owner, enabled=True, token=token)

    return attach


def test_an_attached_ray_has_every_setting_and_keeps_its_token(attached):
    target = attached()
    assert target.settings == {
        "address": "https://ray.example.org:8265",
        "private": False,
        "python": "",
        "url": "",
    }
    assert target.secret == TOKEN
    assert TOKEN not in f"{target!r} {[*WorkspaceEvent.objects.values_list('details', flat=True)]}"


@pytest.mark.parametrize(
    ("settings", "token", "said"),
    [
        ({}, TOKEN, "settings.address is needed, such as"),
        ({"address": " "}, TOKEN, "settings.address is needed"),
        ({"address": "ray:8265"}, TOKEN, "settings.address is an address such as"),
        ({"address": "ftp://ray"}, TOKEN, "settings.address is an address"),
        ({"address": "http://u:p@ray"}, TOKEN, "without a user name"),
        ({"address": "http://ray/?a=b"}, TOKEN, "settings.address is an address"),
        ({"address": "http://ray:99999"}, TOKEN, "settings.address is an address"),
        ({"address": ["http://ray"]}, TOKEN, "settings.address must be text"),
        (HERE | {"private": "perhaps"}, TOKEN, "settings.private is true or false"),
        (HERE | {"private": 1}, TOKEN, "settings.private is true or false"),
        (HERE, "", "Ray needs a token"),
        (HERE, "  ", "Ray needs a token"),
        ({"address": "http://127.0.0.1.example.org"}, "", "Ray needs a token"),
        ({"address": "http://10.0.0.1"}, "", "Ray needs a token"),
        (HERE, "two words", "The token is one word"),
        (HERE, "line\r\nHost: x", "The token is one word"),
        (HERE, "ä", "The token is one word"),
        (HERE, "a\x00b", "NUL"),
        (HERE, "x" * 4001, "at most 4,000"),
        (HERE, 7, "The token must be text"),
    ],
)
def test_what_is_not_right_is_said_and_nothing_is_attached(attached, settings, token, said):
    with pytest.raises(Invalid, match=said):
        attached(settings, token)
    assert not ComputeTarget.objects.exists()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_a_ray_of_this_machine_may_do_without_a_token(attached, host):
    assert attached({"address": f"http://{host}:8265", "private": "yes"}, "").settings["private"] is True


def test_other_kinds_take_no_token(workspace, owner):
    with pytest.raises(Invalid, match="of the kind slurm takes no token"):
        compute.attach_target(workspace, "x", "slurm", {}, by=owner, enabled=True, token=TOKEN)


def test_a_token_goes_to_no_address_that_it_was_not_given_for(attached, owner):
    target = attached()
    with pytest.raises(Invalid, match="given for the old address: give it again"):
        compute.change_target(target, {"address": "https://elsewhere.example.org"}, by=owner)
    target.refresh_from_db()
    assert target.settings["address"] == "https://ray.example.org:8265"
    changed = compute.change_target(target, {"address": "https://new.example.org"}, by=owner, token="other")
    assert (changed.settings["address"], changed.secret) == ("https://new.example.org", "other")
    assert WorkspaceEvent.objects.latest("pk").details["settings"] == ["address", "token"]


def test_a_token_stays_unless_another_is_given_and_is_not_taken_away_where_one_is_needed(attached, owner):
    target = attached()
    assert compute.change_target(target, {"python": "/opt/python"}, by=owner).secret == TOKEN
    changed = compute.change_target(target, {}, by=owner, token="rotated")
    assert (changed.secret, changed.state) == ("rotated", "checking")
    with pytest.raises(Invalid, match="Ray needs a token"):
        compute.change_target(target, {}, by=owner, token="")
    assert ComputeTarget.objects.get().secret == "rotated"


def test_who_saw_a_public_address_does_not_change_one_that_was_let_into_the_private_network(attached, owner):
    seen = attached()
    compute.change_target(seen, {"private": True}, by=owner)
    with pytest.raises(Conflict, match="changed meanwhile"):
        compute.change_target(seen, {"python": "/opt/python"}, by=owner)

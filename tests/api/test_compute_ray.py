"""Targets of Ray over REST: the token is never told, and whose the private network is."""

import pytest

from runs.models import ComputeTarget, User

PATH = "workspaces/vision/computetargets/"
PUBLIC = {"address": "https://ray.example.org:8265"}
PRIVATE = {"address": "http://10.1.2.3:8265", "private": True}
TOKEN = "cluster-secret-0123456789abcdef"


@pytest.fixture
def landlady(owner):
    """The owner of the workspace and of the installation."""
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    owner.refresh_from_db()
    return owner


def attach(speaking, settings=PUBLIC, **fields):
    return speaking(
        "POST", PATH, {"name": "ray", "kind": "ray", "settings": settings, "token": TOKEN, **fields}
    )


def test_an_owner_attaches_a_public_ray_that_takes_runs_at_once(owner, api_of, reader):
    speaking = api_of(owner)
    made = attach(speaking)
    assert (made.status_code, made.json()["enabled"], made.json()["has_token"]) == (201, True, True)
    changed = speaking("PATCH", PATH + "ray/", {"token": "rotated", "enabled": False})
    assert changed.status_code == 200 and ComputeTarget.objects.get().secret == "rotated"
    answers = [
        made,
        changed,
        speaking("PATCH", PATH + "ray/", {"enabled": True}),
        speaking("POST", PATH + "ray/test/"),
        *(api_of(reader)("GET", path) for path in (PATH, PATH + "ray/")),
    ]
    for answer in answers:
        assert answer.status_code < 300
        assert TOKEN not in answer.content.decode() and "rotated" not in answer.content.decode()


def test_a_refusal_does_not_repeat_the_token(owner, api_of):
    for fields in ({"token": f"{TOKEN} x"}, {"name": "a b"}, {"settings": {}}, {"token": [TOKEN]}):
        answer = attach(api_of(owner), **fields)
        assert answer.status_code == 400 and TOKEN not in answer.content.decode()
    assert not ComputeTarget.objects.exists()


def test_a_new_address_takes_its_token_again(owner, api_of):
    speaking = api_of(owner)
    attach(speaking)
    refused = speaking("PATCH", PATH + "ray/", {"settings": {"address": "https://mine.example.org"}})
    assert refused.status_code == 400 and refused.json()["error"]["field"] == "token"


def test_the_private_network_is_the_installation_owner_s(owner, api_of):
    speaking = api_of(owner)
    refused = attach(speaking, PRIVATE, enabled=False)
    assert refused.status_code == 403 and "the private network" in refused.json()["error"]["message"]
    assert attach(speaking).status_code == 201
    assert speaking("PATCH", PATH + "ray/", {"settings": PRIVATE, "token": TOKEN}).status_code == 403
    assert ComputeTarget.objects.get().settings["private"] is False


def test_a_ray_in_the_private_network_is_changed_by_the_installation_s_owner_alone(
    landlady, workspace, api_of
):
    speaking = api_of(landlady)
    assert attach(api_of(landlady, workspace=workspace), PRIVATE).status_code == 403
    assert attach(speaking, PRIVATE).status_code == 201
    User.objects.filter(pk=landlady.pk).update(is_superuser=False)
    for change in (
        {"settings": {"address": "http://10.0.0.9"}, "token": TOKEN},
        {"token": "mine"},
        {"settings": {"url": "http://mine.example.org"}},
    ):
        assert speaking("PATCH", PATH + "ray/", change).status_code == 403
    assert speaking("PATCH", PATH + "ray/", {"settings": {"private": False}}).status_code == 200
    assert speaking("PATCH", PATH + "ray/", {"enabled": False}).status_code == 200
    assert speaking("PATCH", PATH + "ray/", {"enabled": True}).status_code == 200


def test_others_attach_none_and_strangers_learn_of_none(owner, api_of, contributor, reader, stranger):
    attach(api_of(owner))
    for person, status in ((contributor, 403), (reader, 403), (stranger, 404)):
        assert attach(api_of(person), name="other").status_code == status
        assert api_of(person)("PATCH", PATH + "ray/", {"token": "mine"}).status_code == status
        assert api_of(person)("DELETE", PATH + "ray/").status_code == status
    assert ComputeTarget.objects.get().secret == TOKEN


@pytest.mark.parametrize(
    "settings", [{"private": []}, {"private": {}}, {"address": {}}, {"private": "\ud800", "address": "x"}]
)
def test_what_is_not_right_gets_a_sentence(owner, api_of, settings):
    answer = attach(api_of(owner), settings)
    assert answer.status_code == 400 and answer.json()["error"]["message"]

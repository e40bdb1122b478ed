"""Compute targets over REST: shapes, rights, and who may switch one on."""

import pytest

from runs.models import ComputeTarget, User

PATH = "workspaces/vision/computetargets/"


@pytest.fixture
def landlady(owner):
    """The owner of the workspace and of the installation."""
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    owner.refresh_from_db()
    return owner


def attach(speaking, **fields):
    return speaking("POST", PATH, {"name": "cluster", "kind": "slurm", **fields})


def test_attached_read_changed_tested_detached(landlady, api_of, reader):
    speaking = api_of(landlady)
    made = attach(speaking, settings={"partition": "gpu"})
    assert made.status_code == 201
    assert made.json() | {"created_at": ""} == {
        "name": "cluster",
        "kind": "slurm",
        "settings": {"partition": "gpu", "account": "", "folder": "", "python": "", "url": ""},
        "has_token": False,
        "enabled": True,
        "state": "checking",
        "state_reason": "",
        "checked_at": None,
        "capacity": {},
        "queued": 0,
        "running": 0,
        "created_at": "",
        "created_by": "olga",
    }
    assert [each["name"] for each in api_of(reader)("GET", PATH).json()["results"]] == ["cluster"]
    changed = speaking("PATCH", PATH + "cluster/", {"settings": {"account": "a"}, "enabled": False}).json()
    assert (changed["settings"]["partition"], changed["settings"]["account"], changed["enabled"]) == (
        "gpu",
        "a",
        False,
    )
    assert speaking("POST", PATH + "cluster/test/").status_code == 202
    assert speaking("DELETE", PATH + "cluster/").status_code == 204
    assert speaking("GET", PATH + "cluster/").status_code == 404


def test_the_server_s_own_machine_is_off_until_it_is_switched_on(landlady, api_of):
    speaking = api_of(landlady)
    assert attach(speaking, kind="local").json()["enabled"] is False
    assert speaking("PATCH", PATH + "cluster/", {"enabled": True}).json()["enabled"] is True


def test_an_owner_who_does_not_own_the_installation_switches_nothing_on(owner, api_of):
    speaking = api_of(owner)
    refused = attach(speaking)
    assert refused.status_code == 403
    assert "only the owner of this installation" in refused.json()["error"]["message"]
    assert not ComputeTarget.objects.exists()
    assert attach(speaking, enabled=False).status_code == 201
    assert speaking("PATCH", PATH + "cluster/", {"enabled": True}).status_code == 403
    assert speaking("PATCH", PATH + "cluster/", {"enabled": False}).status_code == 200


def test_a_token_of_one_workspace_switches_nothing_on(landlady, api_of, workspace):
    narrow = api_of(landlady, workspace=workspace)
    assert attach(narrow).status_code == 403
    assert attach(narrow, enabled=False).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "x", "kind": "kubernetes"},
        {"name": "x", "kind": "slurm", "settings": "all"},
        {"name": "x", "kind": "slurm", "settings": {"partition": 1}},
        {"name": ["x"], "kind": "slurm"},
        {"name": "\ud800", "kind": "slurm"},
    ],
)
def test_what_is_not_right_gets_a_sentence(landlady, api_of, body):
    answer = api_of(landlady)("POST", PATH, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert not ComputeTarget.objects.exists()


def test_a_stranger_learns_of_no_target(landlady, api_of, stranger, contributor):
    attach(api_of(landlady))
    assert api_of(stranger)("GET", PATH + "cluster/").status_code == 404
    assert attach(api_of(contributor), name="other").status_code == 403

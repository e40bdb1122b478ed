"""The Compute page: what each person sees and may do there."""

import pytest

from runs.actions import compute
from runs.models import ComputeTarget, User
from tests import make


@pytest.fixture
def landlady(owner):
    """The owner of the workspace and of the installation."""
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    owner.refresh_from_db()
    return owner


@pytest.fixture
def target(workspace, owner):
    return compute.attach_target(workspace, "cluster", "slurm", {"partition": "gpu"}, by=owner, enabled=False)


def test_an_empty_workspace_says_what_to_do(workspace, client_of, owner, reader):
    page = client_of(owner).get("/w/vision/compute/").content.decode()
    assert "No compute target is attached" in page and "?kind=slurm" in page and "?kind=local" in page
    page = client_of(reader).get("/w/vision/compute/").content.decode()
    assert "An owner of vision can attach" in page and "?kind=" not in page
    assert 'aria-current="page" title="Compute"' in page


def test_targets_are_shown_with_their_queue_and_capacity(workspace, target, client_of, reader, reads):
    compute.note_check(target, reason="", capacity={"CPUs": "12 of 64 busy"})
    run = make.run(workspace, start=False, display_name="<b>bold</b>")
    run.compute_target = target
    run.save(update_fields=["compute_target"])
    browser = client_of(reader)
    with reads(at_most=4):
        page = browser.get("/w/vision/compute/").content.decode()
    assert "CPUs: 12 of 64 busy" in page and "switched off" in page
    page = browser.get("/w/vision/compute/target/cluster/").content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page and "<b>bold" not in page
    assert (
        "gpu" in page
        and "Test the connection" not in page
        and "<form" not in page.split("<main")[1].split("palette")[0]
    )


def test_an_owner_attaches_tests_changes_and_detaches(workspace, client_of, landlady):
    browser = client_of(landlady)
    assert "the user of the studio" in browser.get("/w/vision/compute/attach/?kind=local").content.decode()
    form = {"kind": "slurm", "name": "cluster", "partition": "gpu", "enabled": "1"}
    answer = browser.post("/w/vision/compute/attach/", form)
    assert answer["Location"] == "/w/vision/compute/target/cluster/"
    place = answer["Location"]
    assert browser.post(place, {"do": "change", "partition": "cpu", "account": "a"}).status_code == 302
    assert browser.post(place, {"do": "disable"}).status_code == 302
    found = ComputeTarget.objects.get()
    assert (found.enabled, found.settings["partition"], found.settings["account"]) == (False, "cpu", "a")
    assert browser.post(place, {"do": "enable"}).status_code == 302
    assert browser.post(place, {"do": "test"}).status_code == 302
    assert "Detach cluster?" in browser.get(place + "detach/").content.decode()
    assert browser.post(place + "detach/").status_code == 302
    assert not ComputeTarget.objects.exists()


def test_a_mistake_is_said_and_what_was_typed_stays(workspace, target, client_of, owner):
    browser = client_of(owner)
    answer = browser.post("/w/vision/compute/attach/", {"kind": "slurm", "name": "a b", "partition": "gpu"})
    page = answer.content.decode()
    assert answer.status_code == 400 and "up to 64 letters" in page and 'value="gpu"' in page
    answer = browser.post("/w/vision/compute/target/cluster/", {"do": "change", "folder": "shared"})
    page = answer.content.decode()
    assert answer.status_code == 400 and "is a whole path" in page and 'value="shared"' in page
    assert browser.get("/w/vision/compute/attach/?kind=x").status_code == 400
    assert browser.post("/w/vision/compute/target/cluster/", {"do": "explode"}).status_code == 400


def test_an_owner_who_does_not_own_the_installation_switches_nothing_on(target, client_of, owner):
    browser = client_of(owner)
    assert "Switch on" not in browser.get("/w/vision/compute/target/cluster/").content.decode()
    answer = browser.post("/w/vision/compute/target/cluster/", {"do": "enable"})
    assert answer.status_code == 403 and "only the owner of this installation" in answer.content.decode()
    form = {"kind": "local", "name": "server", "enabled": "1"}
    assert browser.post("/w/vision/compute/attach/", form).status_code == 403
    assert [*ComputeTarget.objects.values_list("name", "enabled")] == [("cluster", False)]


def test_a_target_with_runs_says_why_it_stays(workspace, target, client_of, owner):
    run = make.run(workspace)
    run.compute_target = target
    run.save(update_fields=["compute_target"])
    answer = client_of(owner).post("/w/vision/compute/target/cluster/detach/")
    assert answer.status_code == 409 and "1 run waits for it or is on it" in answer.content.decode()


def test_others_change_nothing_and_strangers_see_nothing(target, client_of, contributor, reader, stranger):
    for person, status in ((contributor, 403), (reader, 403), (stranger, 404)):
        browser = client_of(person)
        assert browser.post("/w/vision/compute/target/cluster/", {"do": "test"}).status_code == status
        assert browser.post("/w/vision/compute/attach/", {"kind": "slurm", "name": "x"}).status_code == status
        assert browser.post("/w/vision/compute/target/cluster/detach/").status_code == status
    assert client_of(stranger).get("/w/vision/compute/").status_code == 404
    assert client_of(stranger).get("/w/vision/compute/target/cluster/").status_code == 404

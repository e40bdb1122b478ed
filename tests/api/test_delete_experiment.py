"""An experiment goes to the trash with its runs, comes back, and is renamed, over REST."""

import pytest

from runs.actions.run import complete_run
from runs.models import Experiment, Run
from tests import make

LIST = "workspaces/vision/experiments/"
PATH = f"{LIST}digits/"


@pytest.fixture
def api(workspace, contributor, api_of):
    return api_of(contributor)


def names(answer):
    return [row["name"] for row in answer.json()["results"]]


def test_it_goes_to_the_trash_with_its_runs_and_comes_back(workspace, contributor, api) -> None:
    complete_run(make.run(workspace), by=contributor)
    for _ in range(2):
        assert api("DELETE", PATH).status_code == 204
    assert not Run.objects.filter(deleted_at=None).exists()
    assert names(api("GET", LIST)) == [] and names(api("GET", f"{LIST}?deleted=true")) == ["digits"]
    answer = api("GET", PATH)
    assert answer.status_code == 404 and "lies in the trash" in answer.json()["error"]["message"]
    assert api("PATCH", PATH, {"description": "new"}).status_code == 404
    answer = api("PATCH", PATH, {"deleted": False, "description": "new"})
    assert answer.status_code == 200, answer.content
    shape = answer.json()
    assert (shape["deleted_at"], shape["description"], shape["counts"]) == (None, "new", {"Completed": 1})
    assert shape["changed_at"] > shape["created_at"]
    assert Run.objects.filter(deleted_at=None).count() == 1
    assert api("PATCH", PATH, {"deleted": True}).json()["deleted_at"] is not None


def test_one_with_a_run_that_goes_on_is_kept_and_says_so(workspace, api) -> None:
    make.run(workspace, display_name="busy")
    answer = api("DELETE", PATH)
    assert answer.status_code == 409
    assert "its run 1, busy, is Running; cancel it first" in answer.json()["error"]["message"]
    assert Experiment.objects.get().deleted_at is None


def test_its_name_stays_taken(workspace, api) -> None:
    make.experiment(workspace)
    api("DELETE", PATH)
    answer = api("POST", LIST, {"name": "digits"})
    assert answer.status_code == 404 and "lies in the trash; restore it" in answer.json()["error"]["message"]
    answer = api("POST", "workspaces/vision/runs/", {"experiment": "digits"})
    assert answer.status_code == 404 and not Run.objects.exists()


def test_it_is_renamed(workspace, api) -> None:
    make.experiment(workspace)
    make.experiment(workspace, "taken")
    assert api("PATCH", PATH, {"name": "taken"}).status_code == 409
    assert api("PATCH", PATH, {"name": "a/../b"}).status_code == 400
    assert api("PATCH", PATH, {"name": "letters"}).json()["url"] == "/w/vision/experiments/letters/"
    assert api("GET", PATH).status_code == 404 and api("GET", f"{LIST}letters/").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("reader", 403), ("stranger", 404)])
def test_others_delete_and_rename_none(workspace, request, api_of, who, status) -> None:
    make.experiment(workspace)
    api = api_of(request.getfixturevalue(who))
    assert api("DELETE", PATH).status_code == status
    assert api("PATCH", PATH, {"name": "theirs"}).status_code == status
    assert Experiment.objects.get().name == "digits"

"""Many runs by one call: those that are named, or all that match."""

import pytest

from runs.actions import bulk, bulk_parts
from runs.actions.run import complete_run
from runs.models import ApiToken, Run
from runs.worker import do_next_job
from tests import make

PATH = "workspaces/vision/runs/bulk/"


@pytest.fixture
def runs(workspace, owner):
    return [
        complete_run(make.run(workspace, display_name=f"run-{n}", tags={"n": str(n)}), by=owner)
        for n in range(3)
    ]


def test_the_runs_that_are_named_are_changed_and_changed_back(api_of, contributor, runs):
    api = api_of(contributor)
    sent = {"action": "tag", "ids": [runs[0].public_id, "nowhere"], "key": "good", "value": "yes"}
    report = api("POST", PATH, sent).json()
    assert report["done"] == 1
    assert report["refused"] == [
        {"reason": "There is no such run in this workspace.", "count": 1, "runs": ["nowhere"]}
    ]
    assert api("GET", f"runs/{runs[0].public_id}/tags/").json() == {"good": "yes", "n": "0"}
    assert api("POST", PATH, {"action": "undo", "undo": report["undo"]}).json()["done"] == 1
    assert api("GET", f"runs/{runs[0].public_id}/tags/").json() == {"n": "0"}


def test_all_that_match_are_changed(api_of, contributor, runs):
    sent = {"action": "archive", "where": {"filter": "tags.n != '1'", "status": ["Completed"]}}
    assert api_of(contributor)("POST", PATH, sent).json()["done"] == 2
    assert list(Run.objects.filter(archived_at=None)) == [runs[1]]


def test_a_run_of_another_workspace_is_not_there(api_of, stranger, contributor, workspace):
    other = make.run(make.workspace(owner=stranger))
    report = api_of(contributor)("POST", PATH, {"action": "archive", "ids": [other.public_id]}).json()
    assert report["done"] == 0 and report["refused"][0]["runs"] == [other.public_id]
    other.refresh_from_db()
    assert other.archived_at is None


def test_a_reader_stars_and_nothing_else(api_of, reader, contributor, runs):
    api, ids = api_of(reader), [run.public_id for run in runs]
    report = api("POST", PATH, {"action": "star", "ids": ids}).json()
    assert report["done"] == 3
    assert api("POST", PATH, {"action": "undo", "undo": report["undo"]}).json()["done"] == 3
    assert api("POST", PATH, {"action": "archive", "ids": ids}).status_code == 403
    tagged = api_of(contributor)("POST", PATH, {"action": "tag", "ids": ids, "key": "k"}).json()
    assert api("POST", PATH, {"action": "undo", "undo": tagged["undo"]}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"action": "archive"}, "one of both"),
        ({"action": "archive", "ids": ["x"], "where": {}}, "one of both"),
        ({"action": "archive", "where": {"stauts": "Failed"}}, "no parameter 'stauts'"),
        ({"action": "archive", "where": {"filter": "status ="}}, "a value is missing"),
        ({"action": "explode", "ids": ["x"]}, "explode"),
        ({"action": "tag", "ids": ["x"]}, "must not be empty"),
        ({"action": "archive", "ids": []}, "ids"),
        ({"action": "undo"}, "which change"),
        ({"action": "undo", "undo": 10**30}, "undo"),
    ],
)
def test_a_mistake_is_a_sentence(api_of, contributor, runs, sent, words):
    answer = api_of(contributor)("POST", PATH, sent)
    assert answer.status_code in (400, 404) and words in answer.json()["error"]["message"]
    assert not Run.objects.exclude(archived_at=None).exists()


def test_what_takes_longer_is_answered_before_it_is_done(
    api_of, contributor, reader, stranger, runs, monkeypatch
):
    monkeypatch.setattr(bulk, "AT_ONCE_S", 0)
    monkeypatch.setitem(bulk_parts.SIZE, "archive", 2)
    answer = api_of(contributor)("POST", PATH, {"action": "archive", "where": {}})
    begun = answer.json()
    assert answer.status_code == 202
    assert (begun["state"], begun["taken"], begun["total"], begun["undo"]) == ("running", 2, 3, None)
    path = f"{PATH}{begun['id']}/"
    assert api_of(reader)("GET", path).json() == begun
    assert api_of(reader)("POST", f"{path}stop/").status_code == 403
    assert api_of(stranger)("GET", path).status_code == 404
    while do_next_job("tests"):
        pass
    ended = api_of(contributor)("GET", path).json()
    assert (ended["state"], ended["done"], ended["undo"]) == ("done", 3, begun["id"])
    assert api_of(contributor)("POST", f"{path}stop/").json() == ended


def test_it_is_stopped(api_of, contributor, runs, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE_S", 0)
    monkeypatch.setitem(bulk_parts.SIZE, "archive", 2)
    begun = api_of(contributor)("POST", PATH, {"action": "archive", "where": {}}).json()
    stopped = api_of(contributor)("POST", f"{PATH}{begun['id']}/stop/").json()
    assert (stopped["state"], stopped["done"], stopped["undo"]) == ("stopped", 2, begun["id"])


def test_the_token_of_one_run_undoes_and_stops_nothing_beyond_it(api_of, contributor, runs, workspace):
    done = api_of(contributor)("POST", PATH, {"action": "archive", "where": {}}).json()
    api = api_of(contributor)
    ApiToken.objects.filter(user=contributor).update(run=runs[0])
    assert api("POST", PATH, {"action": "undo", "undo": done["undo"]}).status_code == 403
    assert api("POST", f"{PATH}{done['id']}/stop/").status_code == 403
    assert Run.objects.filter(archived_at=None).count() == 0

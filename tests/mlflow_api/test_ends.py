"""Ends by MLflow's protocol: resuming a run, and hearing that it was cancelled."""

from functools import partial

import pytest

from runs.actions.run import cancel_run
from runs.actions.workspace import edit_workspace
from runs.models import Artifact, Run

API = "/w/vision/api/2.0/mlflow/"


@pytest.fixture
def send(send, run):
    return partial(send, run_id=run.public_id)


@pytest.fixture
def run(client):
    made = client.post(API + "runs/create", {"experiment_id": "0"}, content_type="application/json")
    return Run.objects.get(public_id=made.json()["run"]["info"]["run_id"])


WRITES = {
    "runs/log-metric": {"key": "loss", "value": 1, "timestamp": 1},
    "runs/log-parameter": {"key": "lr", "value": "1"},
    "runs/log-batch": {"tags": [{"key": "a", "value": "b"}]},
    "runs/set-tag": {"key": "a", "value": "b"},
}


def test_a_run_is_resumed(send, run):
    send("runs/update", status="FINISHED", end_time=1_700_000_000_000)
    status, answer = send("runs/update", status="RUNNING", end_time=1_700_000_000_000)
    assert (status, answer["run_info"]["status"]) == (200, "RUNNING")
    assert "end_time" not in answer["run_info"]
    send("runs/update", status="RUNNING")
    assert send("runs/update", status="FAILED")[1]["run_info"]["status"] == "FAILED"
    kinds = list(run.events.order_by("id").values_list("kind", flat=True))
    assert kinds == ["created", "completed", "reopened", "failed"]


def test_a_run_that_waits_is_started(send, run):
    Run.objects.update(status="NotStarted", started_at=None)
    assert send("runs/update", status="RUNNING")[1]["run_info"]["status"] == "RUNNING"
    assert Run.objects.get().started_at is not None


def test_a_run_that_ended_by_itself_takes_what_comes_late(send):
    send("runs/update", status="KILLED")
    for route, fields in WRITES.items():
        assert send(route, **fields)[0] == 200


@pytest.mark.parametrize("route", WRITES)
def test_a_cancel_reaches_the_script_by_its_next_write(send, run, owner, route):
    cancel_run(run, by=owner)
    for _ in range(2):
        status, answer = send(route, **WRITES[route])
        assert (status, answer["error_code"]) == (409, "RESOURCE_CONFLICT")
        assert "was canceled in the studio by olga: its script is asked to stop" in answer["message"]
    assert run.events.filter(kind="cancel told").count() == 1
    assert (
        not Run.objects.get().metric_set.exists()
        and not Run.objects.get().tag_set.filter(name__text="a").exists()
    )
    assert Run.objects.get().cancel_told_at is not None


def test_no_file_is_taken_of_a_canceled_run(client, run, owner):
    cancel_run(run, by=owner)
    place = f"/w/vision/api/2.0/mlflow-artifacts/artifacts/0/{run.public_id}/artifacts/a.txt"
    assert client.generic("PUT", place, b"x").status_code == 409
    upload = f"{API}upload-artifact?run_id={run.public_id}&path=a.txt"
    assert client.generic("POST", upload, b"x").status_code == 409
    assert not Artifact.objects.exists()


def test_once_the_script_has_ended_people_may_work_on_the_run(send, run, owner):
    cancel_run(run, by=owner)
    for _ in range(2):
        assert send("runs/update", status="FAILED")[1]["run_info"]["status"] == "KILLED"
    assert run.events.filter(kind="script ended").count() == 1
    assert send("runs/set-tag", key="verdict", value="too slow")[0] == 200
    send("runs/update", status="RUNNING")
    assert send("runs/log-metric", **WRITES["runs/log-metric"])[0] == 200
    cancel_run(Run.objects.get(), by=owner)
    assert send("runs/set-tag", key="a", value="b")[0] == 409


def test_a_workspace_may_let_scripts_write_on(send, run, owner, workspace):
    edit_workspace(workspace, by=owner, stops_canceled=False)
    cancel_run(run, by=owner)
    for route, fields in WRITES.items():
        assert send(route, **fields)[0] == 200

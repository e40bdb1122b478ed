"""Where the links of MLflow's clients lead, and for whom."""

import pytest

from runs.actions.trash import trash_run
from tests import make


@pytest.fixture
def run(workspace):
    return make.run(workspace, "team a/digits", run_id="abc")


def test_they_lead_to_the_pages_of_the_studio(client_of, reader, run):
    browser = client_of(reader)
    assert (
        browser.get("/w/vision/mlflow/experiments/1/")["Location"] == "/w/vision/experiments/team%20a/digits/"
    )
    assert browser.get("/w/vision/mlflow/experiments/1/runs/abc/")["Location"] == "/w/vision/runs/abc/"


def test_a_run_is_found_from_the_workspace_that_was_looked_at_last(client_of, owner, run):
    other = make.workspace(owner=owner)
    answer = client_of(owner).get(f"/w/{other.name}/mlflow/experiments/1/runs/abc/")
    assert answer["Location"] == "/w/vision/runs/abc/"


def test_one_in_the_trash_is_led_to_where_it_can_be_restored(client_of, owner, run):
    trash_run(run, by=owner, active=True)
    browser = client_of(owner)
    place = browser.get("/w/vision/mlflow/experiments/1/runs/abc/")["Location"]
    assert browser.get(place).status_code == 410


@pytest.mark.parametrize(
    "path", ["1/", "1/runs/abc/", "999999999999999999999/", "1/runs/none/", "1/runs/a%00/"]
)
def test_strangers_are_led_nowhere(client_of, stranger, run, path):
    assert client_of(stranger).get(f"/w/vision/mlflow/experiments/{path}").status_code == 404

"""Where the links of MLflow's clients lead, and for whom."""

import pytest

from runs.actions.logged_models import create_logged_model, delete_logged_model
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


def test_the_link_of_a_model_leads_to_its_page_for_those_who_may_see_it(client_of, owner, stranger, run):
    model = create_logged_model(run.experiment, "net", by=owner, run=run)
    other = make.workspace(owner=owner)
    path = f"mlflow/experiments/1/models/{model.public_id}/"
    for workspace in ("vision", other.name):
        place = client_of(owner).get(f"/w/{workspace}/{path}")["Location"]
        assert place == f"/w/vision/models/{model.public_id}/"
    delete_logged_model(model, by=owner)
    assert client_of(owner).get(f"/w/vision/{path}")["Location"] == place
    own = make.workspace(owner=stranger)
    for where in (own.name, "vision"):
        answer = client_of(stranger).get(f"/w/{where}/{path}")
        assert answer.status_code == 404 and "vision" not in answer.content.decode().replace(
            f"/w/vision/{path}", ""
        )
    for missing in ("m-none", "a%00"):
        assert client_of(owner).get(f"/w/vision/mlflow/experiments/1/models/{missing}/").status_code == 404


@pytest.mark.parametrize(
    "path", ["1/", "1/runs/abc/", "999999999999999999999/", "1/runs/none/", "1/runs/a%00/"]
)
def test_strangers_are_led_nowhere(client_of, stranger, run, path):
    assert client_of(stranger).get(f"/w/vision/mlflow/experiments/{path}").status_code == 404

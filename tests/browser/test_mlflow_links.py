"""Links that MLflow's clients print open the studio's page of the run or the experiment, also through the sign-in."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_data_inputs import mlflow

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def run(api):
    """A run, with the number of its experiment."""
    made = api.run(experiment="linked to", display_name="linked run", heartbeat=False)
    number = api("GET", "workspaces/default/experiments/linked%20to/")["id"]
    return {**made, "experiment_id": number}


@pytest.mark.parametrize("start", ["/w/default/", "/"])
@pytest.mark.parametrize("end", ["", "/artifacts/model", "?tab=1"])
def test_a_link_opens_the_run(open_page, run, start, end):
    page = open_page(f"{start}#/experiments/{run['experiment_id']}/runs/{run['id']}{end}")
    page.wait_for_url(f"**/w/default/runs/{run['id']}/")
    expect(page.get_by_role("heading", name="linked run")).to_be_visible()


def test_a_link_opens_the_experiment_also_from_home(open_page, run):
    page = open_page(f"/w/default/#/experiments/{run['experiment_id']}")
    page.wait_for_url("**/w/default/experiments/linked%20to/")
    page = open_page("/w/default/")
    page.evaluate(f"location.hash = '#/experiments/{run['experiment_id']}/'")
    page.wait_for_url("**/w/default/experiments/linked%20to/")


def test_a_link_of_a_model_opens_its_page(open_page, run, live_studio):
    fields = {"experiment_id": str(run["experiment_id"]), "source_run_id": run["id"], "name": "net"}
    model = mlflow(live_studio, "logged-models", fields)["model"]["info"]["model_id"]
    page = open_page(f"/w/default/#/experiments/{run['experiment_id']}/models/{model}?tab=1")
    page.wait_for_url(f"**/w/default/models/{model}/")
    expect(page.get_by_role("heading", name="net", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    "hash", ["#/models/x", "#/experiments/x", "#//elsewhere.test", "#main", "#/experiments/1x"]
)
def test_other_marks_stay_what_they_are(open_page, run, hash):
    page = open_page(f"/w/default/{hash}")
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
    page.wait_for_timeout(300)
    assert page.url.endswith(f"/w/default/{hash}")


def test_the_link_outlives_the_sign_in(chromium, live_studio, run):
    # Another person: a new password would end the sessions of the first user.
    code = (
        "from runs.actions.workspace import create_user; from runs.actions.members import set_member; "
        "from runs.models import Workspace; "
        f"linus = create_user('linus', password={PASSWORD!r}); "
        "set_member(Workspace.objects.get(name='default'), linus, 'reader', by=linus)"
    )
    live_studio.command("shell", "--verbosity", "0", "-c", code)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{live_studio.url}/w/default/#/experiments/{run['experiment_id']}/runs/{run['id']}")
    expect(page).to_have_url(re.compile(r"/login/\?next="))
    page.get_by_label("User name").fill("linus")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/w/default/runs/{run['id']}/")
    context.close()

"""The pages of models: at both widths, in light and dark, with hostile texts; one is deleted and comes back."""

import urllib.request

import pytest

from tests.browser.axe import violations
from tests.browser.test_data_inputs import HOSTILE, mlflow


@pytest.fixture(scope="module")
def models(api, live_studio):
    """The pages of the experiment's models, of a model without a run but with files, and of its files."""
    number = mlflow(live_studio, "experiments/create", {"name": "models"})["experiment_id"]
    run = api.run(experiment="models", display_name=HOSTILE)
    pairs = [{"key": "a key", "value": HOSTILE}]
    fields = {"experiment_id": number, "name": "net", "model_type": HOSTILE, "tags": pairs, "params": pairs}
    model = mlflow(live_studio, "logged-models", fields)["model"]["info"]["model_id"]
    metric = {"run_id": run["id"], "key": "accuracy", "value": 0.9, "timestamp": 1, "model_id": model}
    mlflow(live_studio, "runs/log-metric", {**metric, "dataset_name": "held out", "dataset_digest": "f" * 36})
    mlflow(live_studio, "runs/log-inputs", {"run_id": run["id"], "models": [{"model_id": model}]})
    for path in ("MLmodel", "data/a.csv", HOSTILE[25:] + ".txt"):
        place = f"{live_studio.url}/w/{live_studio.workspace}/api/2.0/mlflow-artifacts/artifacts"
        headers = {"Authorization": f"Bearer {live_studio.token}", "Content-Length": "4"}
        url = f"{place}/{number}/models/{model}/artifacts/{path}"
        urllib.request.urlopen(
            urllib.request.Request(url, data=b"a: 1", headers=headers, method="PUT"), timeout=30
        )
    base = f"/w/{live_studio.workspace}"
    return {
        "list": f"{base}/experiment/{number}/models/",
        "model": f"{base}/models/{model}/",
        "files": f"{base}/models/{model}/files/",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", ["list", "model", "files"])
def test_the_pages_fit_and_break_no_rule(open_page, models, name, width, theme):
    page = open_page(models[name], width=width, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_a_model_is_deleted_from_its_page_and_brought_back(open_page, models):
    page = open_page(models["model"])
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the model").click()
    page.wait_for_url("**/experiments/models/")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url("**/models/m-*/")
    assert page.get_by_role("heading", name="net", exact=True).is_visible()

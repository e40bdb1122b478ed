"""The cards of data inputs and models: at both widths, in light and dark, with long and hostile texts."""

import json
import urllib.request

import pytest

from tests.browser.axe import violations

COLUMNS = [{"name": f"feature_{number}", "type": "double"} for number in range(12)]
HOSTILE = "<script>alert(1)</script>" + "x" * 200


def mlflow(studio, route, body):
    request = urllib.request.Request(
        f"{studio.url}/w/{studio.workspace}/api/2.0/mlflow/{route}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {studio.token}", "Content-Type": "application/json"},
    )
    return json.load(urllib.request.urlopen(request, timeout=30))


@pytest.fixture(scope="module")
def run(api, live_studio):
    """A run that read two datasets and made two models."""
    made = api.run(experiment="inputs", display_name="reader", params={"pace": "1"})
    api.log(made, glow=[1.0, 0.5])
    context = {"key": "mlflow.data.context", "value": "training"}
    datasets = [
        {
            "tags": [context],
            "dataset": {"name": name, "digest": digest, "source_type": kind, "source": "{}", **more},
        }
        for name, digest, kind, more in (
            ("digits", "6b1f0c2a9e", "local", {"schema": json.dumps({"mlflow_colspec": COLUMNS})}),
            (HOSTILE, "f" * 36, HOSTILE, {}),
        )
    ]
    mlflow(live_studio, "runs/log-inputs", {"run_id": made["id"], "datasets": datasets})
    for name in ("net", HOSTILE[25:]):
        fields = {"experiment_id": "0", "source_run_id": made["id"], "name": name, "model_type": "sklearn"}
        model = mlflow(live_studio, "logged-models", fields)["model"]["info"]
        mlflow(live_studio, "runs/outputs", {"run_id": made["id"], "models": [{**model, "step": 1200}]})
    return made


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_cards_fit_and_break_no_rule(open_page, run, live_studio, width, theme):
    page = open_page(f"/w/{live_studio.workspace}/runs/{run['id']}/", width=width, theme=theme)
    page.locator("#models").scroll_into_view_if_needed()
    for name in ("#data-inputs", "#models"):
        card = page.locator(name).bounding_box()
        assert card and card["x"] >= 0 and card["x"] + card["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_a_model_leads_to_its_page_and_that_to_its_files(open_page, run, live_studio):
    page = open_page(f"/w/{live_studio.workspace}/runs/{run['id']}/")
    page.locator("#models").get_by_role("link", name="net", exact=True).click()
    page.wait_for_url("**/models/m-*/")
    page.locator("#facts").get_by_role("link", name="reader").click()
    page.wait_for_url(f"**/runs/{run['id']}/")

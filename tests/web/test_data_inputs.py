"""The cards of the overview that tell what a run read and made."""

import json

import pytest

from runs.actions.inputs import DataInput, log_inputs, log_outputs
from runs.actions.logged_models import create_logged_model, delete_logged_model, set_model_status
from runs.web.data_inputs import schema_summary
from tests import make

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


def shown(browser, place):
    answer = browser.get(place())
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_run_without_them_has_no_such_cards(browser, place):
    html = shown(browser, place)
    assert "Data inputs" not in html and 'id="models"' not in html


def test_data_inputs_are_shown(browser, place, run, owner):
    schema = json.dumps({"mlflow_colspec": [{"name": "x", "type": "double"}, {"name": "y", "type": "long"}]})
    data = DataInput("digits", "abc123def456", "local", "{}", schema, "", {"mlflow.data.context": "training"})
    log_inputs(run, [data], by=owner)
    html = shown(browser, place)
    for words in ("Data inputs", "digits", 'title="abc123def456"', "training", "local", "x: double, y: long"):
        assert words in html


def test_models_are_shown_with_their_pages(browser, place, run, owner):
    model = create_logged_model(run.experiment, "net", by=owner, run=run, model_type="sklearn")
    set_model_status(model, "READY")
    log_outputs(run, [(model, 1200)])
    html = shown(browser, place)
    for words in ("net", "Ready", "sklearn", "1,200"):
        assert words in html
    assert f'href="/w/vision/models/{model.public_id}/"' in html
    delete_logged_model(model, by=owner)
    assert 'id="models"' not in shown(browser, place)


def test_a_model_that_another_run_made_is_one_that_was_read(browser, place, run, owner, workspace):
    maker = make.run(workspace)
    model = create_logged_model(maker.experiment, "net", by=owner, run=maker)
    log_inputs(run, models=[model], by=owner)
    html = shown(browser, place)
    assert "(read)" in html and f"/w/vision/models/{model.public_id}/" in html


def test_what_scripts_say_is_only_text(browser, place, run, owner):
    schema = json.dumps({"mlflow_colspec": [{"name": HOSTILE, "type": HOSTILE}]})
    data = DataInput(HOSTILE, HOSTILE, HOSTILE, HOSTILE, schema, "", {"mlflow.data.context": HOSTILE})
    log_inputs(run, [data], by=owner)
    create_logged_model(run.experiment, "<b>net<b>", by=owner, run=run, model_type=HOSTILE)
    html = shown(browser, place)
    assert "<script>alert" not in html and "<b>net" not in html and "&lt;b&gt;net" in html


@pytest.mark.parametrize(
    ("schema", "summary"),
    [
        ("", ""),
        ("{bad", ""),
        ("[]", ""),
        ('{"mlflow_colspec": 3}', ""),
        ('{"mlflow_colspec": [3, {"type": "long"}, {"name": "a"}]}', "a: ?"),
        (
            json.dumps({"mlflow_colspec": [{"name": str(n), "type": "t"} for n in range(6)]}),
            "0: t, 1: t, 2: t, 3: t and 2 more",
        ),
    ],
)
def test_a_schema_is_told_in_few_words(schema, summary):
    assert schema_summary(schema) == summary

"""Searches of logged models by MLflow's protocol: filters, datasets, orders, pages, and who finds which."""

import pytest
from django.test import Client

from runs.actions.logged_models import create_logged_model, delete_logged_model, set_model_status
from runs.actions.model_points import ModelPoint, log_model_points
from runs.actions.run_tokens import create_run_token
from runs.actions.trash import trash_run
from tests import make

PATH = "/w/vision/api/2.0/mlflow/logged-models/search"


@pytest.fixture
def models(run, owner):
    """Three models of a run, the oldest first; two have metrics, on two datasets."""
    made = [
        create_logged_model(
            run.experiment,
            name,
            by=owner,
            run=run,
            model_type=kind,
            tags={"team": "a'b", "3": "three", "x.y z": "odd"} if name == "alpha" else {},
            params={"depth": depth},
        )
        for name, kind, depth in (("alpha", "sklearn", "3"), ("Beta", "", "10"), ("gamma", "torch", "0.5"))
    ]
    points = [
        ModelPoint(made[0], "acc", 0.9, 1, 1, "train", "d1"),
        ModelPoint(made[0], "acc", 0.5, 1, 2, "test", "d2"),
        ModelPoint(made[1], "acc", 0.7, 1, 1, "test", "d3"),
        ModelPoint(made[1], "loss", float("inf"), 1, 1),
        ModelPoint(made[1], "nan", float("nan"), 1, 1),
    ]
    log_model_points(run, points)
    set_model_status(made[0], "READY")
    set_model_status(made[2], "UPLOAD_FAILED")
    return made


def ask(client, run, **fields):
    body = {"experiment_ids": [str(run.experiment.number)], **fields}
    return client.post(PATH, body, content_type="application/json")


def names(client, run, text="", **fields):
    answer = ask(client, run, filter=text, **fields)
    assert answer.status_code == 200, answer.content
    return [model["info"]["name"] for model in answer.json().get("models", [])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["gamma", "Beta", "alpha"]),
        ("name = 'alpha'", ["alpha"]),
        ("name != 'alpha'", ["gamma", "Beta"]),
        ("name LIKE 'B%'", ["Beta"]),
        ("name ILIKE 'b%'", ["Beta"]),
        ("name IN ('alpha', 'gamma')", ["gamma", "alpha"]),
        ("name NOT IN ('alpha', 'gamma')", ["Beta"]),
        ("model_type = 'torch'", ["gamma"]),
        ("model_type IS NULL", ["Beta"]),
        ("status = 'READY'", ["alpha"]),
        ("status = 'LOGGED_MODEL_PENDING'", ["Beta"]),
        ("status IN ('FAILED')", ["gamma"]),
        ("status != 'READY'", ["gamma", "Beta"]),
        ("attributes.status = 'READY' AND name = 'alpha'", ["alpha"]),
        ('tags.team = "a\'b"', ["alpha"]),
        ("tags.team IS NULL", ["gamma", "Beta"]),
        ("tags.team != 'z'", ["alpha"]),
        ("not tags.team = 'z'", ["gamma", "Beta", "alpha"]),
        ("tags.`3` = 'three'", ["alpha"]),
        ("tags.`x.y z` LIKE 'o%'", ["alpha"]),
        ("params.depth = '3'", ["alpha"]),
        ("params.depth = 3", ["alpha"]),
        ("params.depth = 0.5", ["gamma"]),
        ("params.none = '3'", []),
        ("metrics.acc > 0.8", ["alpha"]),
        ("metrics.acc >= 0.5", ["Beta", "alpha"]),
        ("metrics.acc = 0.7", ["Beta"]),
        ("metrics.acc != 0.7", ["alpha"]),
        ("metrics.acc IS NULL", ["gamma"]),
        ("metrics.loss > 5", ["Beta"]),
        ("metrics.nan > 0", []),
        ("metrics.nan = NaN", ["Beta"]),
        ("metrics.acc > 0.8 OR model_type = 'torch'", ["gamma", "alpha"]),
        ("creation_timestamp > 1000", ["gamma", "Beta", "alpha"]),
        ("last_updated_timestamp < 1000", []),
        ("creation_time != 1000", ["gamma", "Beta", "alpha"]),
    ],
)
def test_a_filter_finds(client, run, models, text, found):
    assert names(client, run, text) == found


def test_a_filter_speaks_of_ids(client, run, models):
    assert names(client, run, f"model_id = '{models[1].public_id}'") == ["Beta"]
    assert names(client, run, f"source_run_id = '{run.public_id}'") == ["gamma", "Beta", "alpha"]
    assert names(client, run, "source_run_id != 'x' AND source_run_id IS NOT NULL") == [
        "gamma",
        "Beta",
        "alpha",
    ]
    assert names(client, run, f"experiment_id = '{run.experiment.number}' AND name = 'alpha'") == ["alpha"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"filter": "size = 3"},
            "Invalid attribute key 'size' specified. Valid keys are {'name', 'model_id', ",
        ),
        (
            {"filter": "dataset.name = 'x'"},
            "Invalid entity type: 'dataset'. I did not understand 'dataset.name'",
        ),
        (
            {"filter": "params.depth >= 'a'"},
            "Invalid comparison operator for params.depth: '>='. I did not understand 'a' at character 17",
        ),
        ({"filter": "params.depth > 3"}, "is text"),
        ({"filter": "name ="}, "Invalid filter string. After name = a value is missing"),
        ({"order_by": [{"field_name": "params.depth"}]}, "Only metrics are supported"),
        ({"order_by": [{"field_name": "size"}]}, "Invalid order by field name: size"),
        ({"order_by": [{}]}, "'order_by[0].field_name'"),
        ({"order_by": [{"field_name": "name"}] * 11}, "at most 10 keys"),
        ({"datasets": [{}]}, "`dataset_name` in the `datasets` clause must be specified."),
        ({"page_token": "bad"}, "Invalid page token"),
        ({"max_results": 0}, "positive integer"),
    ],
)
def test_what_is_wrong_is_said(client, run, models, fields, message):
    answer = ask(client, run, **fields)
    assert answer.status_code == 400 and message in answer.json()["message"]


def test_metrics_are_those_on_the_datasets(client, run, models):
    test = [{"dataset_name": "test"}]
    assert names(client, run, datasets=test) == ["Beta", "alpha"]
    assert names(client, run, "metrics.acc > 0.8", datasets=test) == []
    assert names(client, run, "metrics.acc > 0.6", datasets=test) == ["Beta"]
    digests = [{"dataset_name": "test", "dataset_digest": "d2"}, {"dataset_name": "train"}]
    assert names(client, run, datasets=digests) == ["alpha"]


def test_models_stand_in_the_order_asked_for_and_missing_values_last(client, run, models):
    def ordered(*fields):
        return names(client, run, order_by=list(fields))

    assert ordered({"field_name": "creation_timestamp"}) == ["alpha", "Beta", "gamma"]
    assert ordered({"field_name": "name", "ascending": False})[0] == "gamma"
    metric = {"field_name": "metrics.acc"}
    assert ordered(metric) == ["alpha", "Beta", "gamma"]  # the last of alpha is 0.5, on test
    assert ordered({**metric, "ascending": False}) == ["Beta", "alpha", "gamma"]
    assert ordered({**metric, "dataset_name": "train"}) == ["alpha", "gamma", "Beta"]
    assert ordered({"field_name": "metrics.nan", "ascending": False}, metric) == ["alpha", "Beta", "gamma"]


def test_pages_follow_each_other(client, run, models):
    order = [{"field_name": "name"}]
    found, token = [], None
    for _ in range(3):
        page = ask(client, run, max_results=1, page_token=token, order_by=order).json()
        found += [model["info"]["name"] for model in page["models"]]
        token = page.get("next_page_token")
    assert sorted(found) == ["Beta", "alpha", "gamma"] and token is None
    first = ask(client, run, max_results=1).json()["next_page_token"]
    assert ask(client, run, page_token=first, order_by=order).status_code == 400


def test_what_is_deleted_or_elsewhere_is_not_found(client, run, models, workspace, owner):
    other = make.run(workspace, "other")
    create_logged_model(other.experiment, "delta", by=owner, run=other)
    delete_logged_model(models[0], by=owner)
    assert names(client, run) == ["gamma", "Beta"]
    assert names(client, run, experiment_ids=[str(other.experiment.number), "77", "9" * 30]) == ["delta"]
    trash_run(run, by=owner, active=True)
    assert names(client, run) == []


def test_a_page_costs_as_many_queries_as_a_model(client, run, models, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        assert len(names(client, run)) == 3


def test_the_token_of_a_script_finds_the_models_of_its_own_run(client, run, models, workspace, owner):
    text = create_run_token(run, by=owner)[1]
    script = Client(headers={"Authorization": f"Bearer {text}"})
    other = make.run(workspace)
    create_logged_model(other.experiment, "delta", by=owner, run=other)
    create_logged_model(other.experiment, "alone", by=owner)
    assert names(client, run)[:2] == ["alone", "delta"]
    assert names(script, run) == ["gamma", "Beta", "alpha"]


def test_a_page_belongs_to_its_question(client, run, models):
    first = ask(client, run, max_results=1).json()
    token = first["next_page_token"]
    assert ask(client, run, max_results=1, page_token=token).status_code == 200
    others = {
        "Filter string in the page token does not match the requested filter string": {
            "filter": "name != 'x'"
        },
        "Experiment IDs in the page token do not match the requested experiment IDs": {
            "experiment_ids": ["77"]
        },
        "Order by in the page token does not match the requested order by": {
            "order_by": [{"field_name": "name"}]
        },
    }
    for words, other in others.items():
        refused = ask(client, run, max_results=1, page_token=token, **other)
        assert refused.status_code == 400 and words in refused.json()["message"]

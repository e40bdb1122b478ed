"""Data inputs by MLflow's protocol: logged, read back, searched by; and the note of models that lie in the run."""

import json

import pytest

from runs.actions.logged_models import create_logged_model
from runs.actions.trash import empty_trash, trash_run
from runs.models import Dataset, Run, RunEvent, RunInput, RunModel
from tests import make

API = "/w/vision/api/2.0/mlflow"
DATA = {
    "name": "digits",
    "digest": "abc123",
    "source_type": "code",
    "source": "{}",
    "schema": '{"mlflow_colspec": []}',
    "profile": '{"num_rows": 3}',
}


def post(client, route, body):
    return client.post(f"{API}/{route}", body, content_type="application/json")


def log(client, run, *datasets, **fields):
    return post(client, "runs/log-inputs", {"run_id": run.public_id, "datasets": list(datasets), **fields})


def read(client, run):
    return client.get(f"{API}/runs/get", {"run_id": run.public_id}).json()["run"]


def data(context=None, **fields):
    tags = [] if context is None else [{"key": "mlflow.data.context", "value": context}]
    return {"tags": tags, "dataset": DATA | fields}


def found(client, run, text):
    body = {"experiment_ids": [str(run.experiment.number)], "filter": text}
    return len(post(client, "runs/search", body).json().get("runs", []))


def test_a_dataset_is_logged_and_read_back(client, run):
    answer = log(client, run, data("training"))
    assert (answer.status_code, answer.json()) == (200, {})
    assert read(client, run)["inputs"] == {
        "dataset_inputs": [{"tags": [{"key": "mlflow.data.context", "value": "training"}], "dataset": DATA}]
    }


def test_the_rest_api_tells_what_a_run_read_and_made(client, run, owner):
    other = make.run(run.workspace)
    log(client, run, data("training"))
    made = create_logged_model(run.experiment, "m", by=owner, run=run, model_type="Agent")
    loose = create_logged_model(run.experiment, "loose", by=owner)
    RunModel.objects.create(run=run, model=made, direction=RunModel.OUTPUT, step=7)
    RunModel.objects.create(run=run, model=loose, direction=RunModel.INPUT)
    answer = client.get(f"/api/v1/runs/{run.public_id}/inputs/").json()
    about = {name: value for name, value in DATA.items() if name != "profile"}
    assert answer["data"] == [about | {"context": "training", "tags": {"mlflow.data.context": "training"}}]
    assert answer["models"] == [
        {
            "id": made.public_id,
            "name": "m",
            "type": "Agent",
            "status": "PENDING",
            "made_at_step": 7,
            "made_by": run.public_id,
            "folder": f"models/{made.public_id}",
        },
        {
            "id": loose.public_id,
            "name": "loose",
            "type": "",
            "status": "PENDING",
            "made_at_step": None,
            "made_by": None,
            "folder": "",
        },
    ]
    nothing = client.get(f"/api/v1/runs/{other.public_id}/inputs/").json()
    assert nothing == {"data": [], "models": []}


def test_a_run_that_read_nothing_has_no_inputs(client, run):
    assert read(client, run)["inputs"] == {} and "outputs" not in read(client, run)


def test_the_same_again_adds_nothing_and_what_was_told_first_stays(client, run):
    log(client, run, data("training"), data("evaluation"))
    log(client, run, data("evaluation", source="elsewhere"))
    inputs = read(client, run)["inputs"]["dataset_inputs"]
    assert [(each["tags"][0]["value"], each["dataset"]["source"]) for each in inputs] == [("training", "{}")]
    assert RunEvent.objects.filter(run=run, kind="data inputs added").count() == 1


def test_two_runs_share_a_dataset_and_two_experiments_do_not(client, run, workspace):
    others = [make.run(workspace), make.run(workspace, "elsewhere")]
    for each in (run, *others):
        assert log(client, each, data()).status_code == 200
    assert (Dataset.objects.count(), RunInput.objects.count()) == (2, 3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "Missing value for required parameter 'datasets[0].dataset.name'"),
        ({"digest": None}, "Missing value for required parameter 'datasets[0].dataset.digest'"),
        ({"name": "n" * 501}, "'name' exceeds the maximum length of 500 characters"),
        ({"digest": "d" * 37}, "'digest' exceeds the maximum length of 36 characters"),
        ({"source": "s" * 65_536}, "'source' exceeds the maximum length of 65535 characters"),
        ({"schema": "s" * 1_048_576}, "'schema' exceeds the maximum length of 1048575 characters"),
        ({"name": "a\x00b"}, "NUL"),
        ({"source_type": 3}, "Invalid value 3 for parameter 'datasets[0].dataset.source_type'"),
    ],
)
def test_what_is_too_long_or_missing_is_refused(client, run, fields, message):
    answer = log(client, run, data(**fields))
    assert answer.status_code == 400 and message in answer.json()["message"]
    assert not Dataset.objects.exists()


def test_the_longest_profile_fits_into_a_body_and_a_longer_one_is_told(client, run):
    assert log(client, run, data(profile="p" * 16_777_215)).status_code == 200
    answer = log(client, run, data(digest="other", profile="p" * 16_777_216))
    assert answer.status_code == 400
    assert answer.json()["message"] == "'profile' exceeds the maximum length of 16777215 characters"
    answer = log(client, run, data(digest="other", profile="p" * (17 << 20)))
    assert (answer.status_code, Dataset.objects.count()) == (400, 1)
    assert "larger than 16 MiB" in answer.json()["message"]


@pytest.mark.parametrize("datasets", [[{}], [{"dataset": 3}], [{"dataset": None}], "x", [3]])
def test_what_is_no_dataset_is_refused(client, run, datasets):
    body = {"run_id": run.public_id, "datasets": datasets}
    assert post(client, "runs/log-inputs", body).status_code == 400


def test_runs_are_found_by_what_they_read(client, run, workspace):
    make.run(workspace)
    log(client, run, data("training"), data(name="faces", digest="ff"))
    for text, count in {
        "dataset.name = 'digits'": 1,
        "datasets.name LIKE 'dig%'": 1,
        "dataset.name ILIKE 'DIGITS'": 1,
        "dataset.digest IN ('abc123', 'zz')": 1,
        "dataset.digest NOT IN ('abc123')": 1,
        "dataset.digest NOT IN ('abc123', 'ff')": 0,
        "dataset.context = 'training'": 1,
        "dataset.context = 'test'": 0,
        "dataset.context != 'test'": 1,
        "dataset.name IS NULL": 1,
        "dataset.name IS NOT NULL": 1,
    }.items():
        assert found(client, run, text) == count, text


def test_the_inputs_of_a_page_of_runs_are_read_together(
    client, workspace, owner, django_assert_max_num_queries
):
    runs = [make.run(workspace) for _ in range(8)]
    for number, each in enumerate(runs):
        log(client, each, data(digest=str(number)))
    body = {"experiment_ids": [str(runs[0].experiment.number)]}
    with django_assert_max_num_queries(25):
        answer = post(client, "runs/search", body)
    digests = {each["inputs"]["dataset_inputs"][0]["dataset"]["digest"] for each in answer.json()["runs"]}
    assert digests == {str(number) for number in range(8)}


def test_models_are_inputs_and_outputs(client, run, workspace, owner):
    model = create_logged_model(run.experiment, "net", by=owner, run=run)
    other = make.run(workspace)
    body = {"run_id": run.public_id, "models": [{"model_id": model.public_id, "step": 3}]}
    for _ in range(2):
        assert post(client, "runs/outputs", body).json() == {}
        assert log(client, other, models=[{"model_id": model.public_id}]).json() == {}
    assert read(client, run)["outputs"] == {"model_outputs": [{"model_id": model.public_id, "step": 3}]}
    assert read(client, other)["inputs"] == {"model_inputs": [{"model_id": model.public_id}]}
    assert RunModel.objects.count() == 2


def test_a_model_that_there_is_not_is_no_input(client, run):
    answer = log(client, run, models=[{"model_id": "m-none"}])
    assert answer.status_code == 404
    assert answer.json()["message"] == "Logged model with ID 'm-none' not found."
    nothing = post(client, "runs/outputs", {"run_id": run.public_id})
    assert "Missing value for required parameter 'models'" in nothing.json()["message"]


def test_datasets_of_experiments_are_listed(client, run, workspace):
    log(client, run, data("training"), data(name="faces"))
    log(client, make.run(workspace), data("training"))
    ajax = "/w/vision/ajax-api/2.0/mlflow/experiments/search-datasets"
    number = str(run.experiment.number)
    answer = client.post(ajax, {"experiment_ids": [number, "99"]}, content_type="application/json")
    assert answer.json()["dataset_summaries"] == [
        {"experiment_id": number, "name": "digits", "digest": "abc123", "context": "training"},
        {"experiment_id": number, "name": "faces", "digest": "abc123"},
    ]
    for wrong in ([], ["1"] * 21):
        refused = client.post(ajax, {"experiment_ids": wrong}, content_type="application/json")
        assert refused.status_code == 400 and "SearchDatasets" in refused.json()["message"]


def test_a_dataset_goes_with_the_last_run_that_read_it(client, run, workspace, owner):
    other = make.run(workspace)
    log(client, run, data(), data(name="faces"))
    log(client, other, data())
    trash_run(run, by=owner, active=True)
    Run.objects.filter(pk=run.pk).update(deleted_at="2020-01-01T00:00Z")
    assert empty_trash() == 1
    assert [each.name for each in Dataset.objects.all()] == ["digits"]


def told(**fields):
    facts = {"artifact_path": "model", "flavors": {}, "utc_time_created": "now", "run_id": "x"}
    return json.dumps(facts | fields)


def test_a_client_of_mlflow_2_notes_its_models_in_a_tag(client, run):
    for text in (told(), told(artifact_path="second"), told()):
        body = {"run_id": run.public_id, "model_json": text}
        assert post(client, "runs/log-model", body).json() == {}
    tags = {tag["key"]: tag["value"] for tag in read(client, run)["data"]["tags"]}
    history = json.loads(tags["mlflow.log-model.history"])
    assert [each["artifact_path"] for each in history] == ["model", "second"]


def test_of_a_history_that_grows_too_long_the_oldest_go(client, run):
    for number in range(5):
        text = told(artifact_path=f"model {number}", flavors={"size": "x" * 2000})
        assert (
            post(client, "runs/log-model", {"run_id": run.public_id, "model_json": text}).status_code == 200
        )
    tags = {tag["key"]: tag["value"] for tag in read(client, run)["data"]["tags"]}
    history = json.loads(tags["mlflow.log-model.history"])
    assert [each["artifact_path"] for each in history] == ["model 2", "model 3", "model 4"]


@pytest.mark.parametrize("text", ["{bad", "[]", json.dumps({"run_id": "x"}), told(flavors="x" * 9000)])
def test_what_is_no_model_is_not_noted(client, run, text):
    answer = post(client, "runs/log-model", {"run_id": run.public_id, "model_json": text})
    assert answer.status_code == 400

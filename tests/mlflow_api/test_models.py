"""Logged models by MLflow's protocol: made, read, finished, tagged, deleted; their files and their metrics."""

import math
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from runs.actions.experiment_trash import delete_old_experiments, trash_experiment
from runs.actions.logged_models import delete_old_models
from runs.actions.run_tokens import create_run_token
from runs.actions.trash import empty_trash, trash_run
from runs.models import Artifact, Experiment, Job, LoggedModel, Metric, ModelMetric, Run, RunEvent
from tests import make

API = "/w/vision/api/2.0/mlflow"
FILES = "/w/vision/api/2.0/mlflow-artifacts/artifacts"
OLD = timezone.now() - timedelta(days=31)


def send(client, method, route, body):
    return getattr(client, method.lower())(f"{API}/{route}", body, content_type="application/json")


def made(client, run, **fields):
    body = {
        "experiment_id": str(run.experiment.number),
        "source_run_id": run.public_id,
        "name": "net",
        **fields,
    }
    answer = send(client, "POST", "logged-models", body)
    assert answer.status_code == 200, answer.content
    return answer.json()["model"]


def shown(client, model_id, **query):
    return client.get(f"{API}/logged-models/{model_id}", query)


def files_at(model):
    return f"{FILES}/{model['info']['artifact_uri'].removeprefix('mlflow-artifacts:/')}"


def pairs(**values):
    return [{"key": key, "value": value} for key, value in values.items()]


def test_a_model_of_a_run_is_made_and_finished(client, run):
    model = made(client, run, model_type="sklearn", tags=pairs(team="a"), params=pairs(depth="3"))
    info, number = model["info"], str(run.experiment.number)
    assert info["model_id"].startswith("m-") and len(info["model_id"]) == 34
    assert (info["status"], info["experiment_id"]) == ("LOGGED_MODEL_PENDING", number)
    assert (info["source_run_id"], info["name"], info["model_type"]) == (run.public_id, "net", "sklearn")
    assert info["artifact_uri"] == f"mlflow-artifacts:/{number}/models/{info['model_id']}/artifacts"
    assert (info["tags"], model["data"]["params"]) == (pairs(team="a"), pairs(depth="3"))
    for status in ("LOGGED_MODEL_READY", 2):
        answer = send(client, "PATCH", f"logged-models/{info['model_id']}", {"status": status})
        assert answer.json()["model"]["info"]["status"] == "LOGGED_MODEL_READY"
    assert shown(client, info["model_id"]).json()["model"]["info"]["status"] == "LOGGED_MODEL_READY"


def test_a_model_without_a_run_belongs_to_its_experiment(client, run):
    model = made(client, run, source_run_id="", name="")
    assert "source_run_id" not in model["info"] and model["info"]["name"].count("-") == 2
    fresh = made(client, run, source_run_id="", experiment_id="0")
    assert fresh["info"]["experiment_id"] == "0"


def test_a_model_of_a_run_is_in_the_run_s_experiment(client, run, workspace):
    other = make.experiment(workspace, "other")
    model = made(client, run, experiment_id=str(other.number))
    assert model["info"]["experiment_id"] == str(run.experiment.number)


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "n" * 501, "a\nb"])
def test_a_bad_name_is_refused(client, run, name):
    body = {"experiment_id": str(run.experiment.number), "name": name}
    answer = send(client, "POST", "logged-models", body)
    assert answer.status_code == 400 and "name of a model" in answer.json()["message"]


def test_what_is_wrong_is_said(client, run):
    model_id = made(client, run)["info"]["model_id"]
    assert send(client, "POST", "logged-models", {"name": "a"}).status_code == 400
    body = {"experiment_id": "0", "source_run_id": "none"}
    assert send(client, "POST", "logged-models", body).json()["message"] == "Run with id=none not found"
    for status in (None, "DONE", 9, "LOGGED_MODEL_STATUS_UNSPECIFIED"):
        assert send(client, "PATCH", f"logged-models/{model_id}", {"status": status}).status_code == 400
    gone = shown(client, "m-none")
    assert (gone.status_code, gone.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert gone.json()["message"] == "Logged model with ID 'm-none' not found."
    assert shown(client, "m-%00").status_code == 404


def test_tags_are_set_and_removed(client, run):
    path = f"logged-models/{made(client, run, tags=pairs(a='1'))['info']['model_id']}"
    answer = send(client, "PATCH", f"{path}/tags", {"tags": pairs(a="2", **{"b/c": "x" * 9000})})
    tags = {tag["key"]: tag["value"] for tag in answer.json()["model"]["info"]["tags"]}
    assert (tags["a"], len(tags["b/c"])) == ("2", 8000)
    assert client.delete(f"{API}/{path}/tags/b/c").json() == {}
    again = client.delete(f"{API}/{path}/tags/b/c")
    assert again.status_code == 404 and "No tag with key 'b/c' found for model" in again.json()["message"]
    assert client.get(f"{API}/{path}").json()["model"]["info"]["tags"] == pairs(a="2")


def test_only_its_status_moves_when_it_was_changed(client, run):
    model_id, at = made(client, run)["info"]["model_id"], "last_updated_timestamp_ms"
    LoggedModel.objects.update(updated_at=OLD)
    send(client, "PATCH", f"logged-models/{model_id}/tags", {"tags": pairs(a="2")})
    send(client, "POST", f"logged-models/{model_id}/params", {"params": pairs(depth="3")})
    send(client, "DELETE", f"logged-models/{model_id}/tags/a", {})
    before = shown(client, model_id).json()["model"]["info"][at]
    assert before == int(OLD.timestamp() * 1000)
    finished = send(client, "PATCH", f"logged-models/{model_id}", {"status": "LOGGED_MODEL_READY"}).json()
    assert finished["model"]["info"][at] > before


def test_params_are_added_and_never_change(client, run):
    path = f"logged-models/{made(client, run, params=pairs(a='1'))['info']['model_id']}"
    for _ in range(2):
        assert send(client, "POST", f"{path}/params", {"params": pairs(a="1", b="2")}).json() == {}
    changed = send(client, "POST", f"{path}/params", {"params": pairs(c="3", b="9")})
    assert changed.status_code == 400 and "'b' of this model is '2' already" in changed.json()["message"]
    assert client.get(f"{API}/{path}").json()["model"]["data"]["params"] == pairs(a="1", b="2")


def test_a_deleted_model_is_found_only_by_who_asks_for_it(client, run):
    model = made(client, run)
    path = f"logged-models/{model['info']['model_id']}"
    send(client, "POST", "runs/outputs", {"run_id": run.public_id, "models": [model["info"]]})
    for _ in range(2):
        assert send(client, "DELETE", path, {}).json() == {}
    assert RunEvent.objects.filter(kind="model deleted").count() == 1
    assert send(client, "DELETE", f"{path}0", {}).status_code == 404
    assert client.get(f"{API}/{path}").status_code == 404
    assert client.get(f"{API}/{path}", {"allow_deleted": "true"}).status_code == 200
    assert send(client, "PATCH", f"{path}/tags", {"tags": pairs(a="1")}).status_code == 404
    found = client.get(f"{API}/runs/get", {"run_id": run.public_id}).json()["run"]
    assert "outputs" not in found


def test_the_files_of_a_run_s_model_lie_in_a_folder_of_the_run(client, run):
    model = made(client, run)
    model_id, root = model["info"]["model_id"], files_at(model)
    assert client.generic("PUT", f"{root}/MLmodel", b"flavors: {}").status_code == 200
    assert client.generic("PUT", f"{root}/data/model.pkl", b"pickle").status_code == 200
    paths = {f"models/{model_id}/MLmodel", f"models/{model_id}/data/model.pkl"}
    assert {file.path for file in run.artifacts.all()} == paths
    assert b"".join(client.get(f"{root}/data/model.pkl").streaming_content) == b"pickle"
    at = f"{run.experiment.number}/models/{model_id}/artifacts"
    listed = [{"path": "MLmodel", "is_dir": False, "file_size": 11}, {"path": "data", "is_dir": True}]
    assert client.get(FILES, {"path": at}).json()["files"] == listed
    folders = f"{API}/logged-models/{model_id}/artifacts/directories"
    files = f"{API}/logged-models/{model_id}/artifacts/files"
    assert b"".join(client.get(files, {"artifact_file_path": "MLmodel"}).streaming_content) == b"flavors: {}"
    assert client.get(files).status_code == 400
    assert client.get(files, {"artifact_file_path": "nope"}).status_code == 404
    told = client.get(folders, {"artifact_directory_path": "data"}).json()
    assert told["root_uri"] == model["info"]["artifact_uri"]
    assert told["files"] == [{"path": "data/model.pkl", "is_dir": False, "file_size": 6}]
    assert client.get(folders).json()["files"] == listed
    assert client.delete(f"{root}/data").json() == {}
    assert [file.path for file in run.artifacts.all()] == [f"models/{model_id}/MLmodel"]


def test_the_files_of_a_model_without_a_run_are_its_own(client, run):
    model = made(client, run, source_run_id="")
    root = files_at(model)
    client.generic("PUT", f"{root}/data/model.pkl", b"one")
    client.generic("PUT", f"{root}/data/model.pkl", b"two")
    file = Artifact.objects.get()
    assert (file.run, file.path, file.model.public_id) == (None, "data/model.pkl", model["info"]["model_id"])
    assert b"".join(client.get(f"{root}/data/model.pkl").streaming_content) == b"two"
    assert client.generic("PUT", f"{root}/data", b"x").status_code == 409
    folders = f"{API}/logged-models/{model['info']['model_id']}/artifacts/directories"
    assert client.get(folders).json()["files"] == [{"path": "data", "is_dir": True}]
    assert client.delete(f"{root}/data").json() == {} and not Artifact.objects.exists()


@pytest.mark.parametrize(
    "path", ["", "artifacts", "../x", "artifacts/../../x", "artifacts/%252e%252e/x", "other/x"]
)
def test_nothing_lies_outside_of_a_model(client, run, path):
    model_id = made(client, run)["info"]["model_id"]
    answer = client.generic("PUT", f"{FILES}/{run.experiment.number}/models/{model_id}/{path}", b"x")
    assert answer.status_code in (400, 404)
    wrong = client.generic("PUT", f"{FILES}/77/models/{model_id}/artifacts/x", b"x")
    assert wrong.status_code == 404 and not Artifact.objects.exists()


def test_metrics_of_a_model_keep_the_last_of_each_dataset(client, run):
    model_id = made(client, run)["info"]["model_id"]

    def point(value, step, **more):
        return {"key": "acc", "value": value, "step": step, "timestamp": 5, "model_id": model_id, **more}

    test = {"dataset_name": "test", "dataset_digest": "d1"}
    batch = [point(0.5, 1), point(0.7, 2), point(0.6, 1, **test), {"key": "b", "value": 1, "timestamp": 1}]
    for _ in range(2):
        body = {"run_id": run.public_id, "metrics": batch}
        assert send(client, "POST", "runs/log-batch", body).json() == {}
    for older in (point(0.1, 0), {**point("NaN", 3), "key": "nan"}):
        assert send(client, "POST", "runs/log-metric", {"run_id": run.public_id, **older}).json() == {}
    metrics = shown(client, model_id).json()["model"]["data"]["metrics"]
    assert [(each["key"], each["value"], each["step"], each.get("dataset_name")) for each in metrics] == [
        ("acc", 0.7, 2, None),
        ("acc", 0.6, 1, "test"),
        ("nan", "NaN", 3, None),
    ]
    assert {each["run_id"] for each in metrics} == {run.public_id}
    assert ModelMetric.objects.count() == 3 and Metric.objects.get(run=run, name__text="acc").count == 4


def test_points_of_a_model_that_there_is_not_are_refused_with_all_else(client, run):
    point = {"key": "a", "value": 1, "timestamp": 1, "model_id": "m-none"}
    body = {"run_id": run.public_id, "metrics": [point], "params": pairs(a="1")}
    assert send(client, "POST", "runs/log-batch", body).status_code == 404
    assert not Metric.objects.exists() and not run.param_set.exists()
    infinite = {**point, "value": "Infinity", "model_id": made(client, run)["info"]["model_id"]}
    assert send(client, "POST", "runs/log-metric", {"run_id": run.public_id, **infinite}).status_code == 200
    assert math.isinf(ModelMetric.objects.get().value)


def test_a_run_in_the_trash_takes_its_models_along(client, run, owner):
    model = made(client, run)
    trash_run(run, by=owner, active=True)
    path = f"logged-models/{model['info']['model_id']}"
    assert send(client, "PATCH", path, {"status": 2}).status_code == 400
    assert client.generic("PUT", f"{files_at(model)}/a", b"x").status_code == 400
    Run.objects.filter(pk=run.pk).update(deleted_at=OLD)
    assert empty_trash() == 1 and not LoggedModel.objects.exists()


def test_a_deleted_model_goes_for_good_with_its_files_alone(client, run):
    models = [made(client, run), made(client, run, source_run_id=""), made(client, run)]
    for model in models:
        client.generic("PUT", f"{files_at(model)}/a", b"x")
    client.generic("PUT", f"{FILES}/{run.experiment.number}/{run.public_id}/artifacts/other", b"x")
    for model in models[:2]:
        send(client, "DELETE", f"logged-models/{model['info']['model_id']}", {})
    assert delete_old_models() == 0
    LoggedModel.objects.filter(deleted_at__isnull=False).update(deleted_at=OLD)
    keys = set(
        Artifact.objects.exclude(path__contains=models[2]["info"]["model_id"]).values_list("key", flat=True)
    )
    keys -= {Artifact.objects.get(path="other").key}
    assert delete_old_models() == 2 and Artifact.objects.count() == 2
    assert {key for job in Job.objects.filter(name="delete files") for key in job.payload["keys"]} == keys


def test_an_experiment_frees_the_files_of_models_without_a_run(client, workspace, owner):
    empty = make.experiment(workspace, "empty")
    body = {"experiment_id": str(empty.number), "name": "net"}
    model = send(client, "POST", "logged-models", body).json()["model"]
    client.generic("PUT", f"{files_at(model)}/a", b"x")
    key = Artifact.objects.get().key
    trash_experiment(empty, by=owner)
    Experiment.objects.filter(pk=empty.pk).update(deleted_at=OLD)
    assert delete_old_experiments() == 1
    assert not LoggedModel.objects.exists() and not Artifact.objects.exists()
    assert Job.objects.get(name="delete files").payload["keys"] == [key]


def test_the_token_of_a_script_reaches_the_models_of_its_run(client, run, workspace, owner):
    text = create_run_token(run, by=owner)[1]
    script = Client(headers={"Authorization": f"Bearer {text}"})
    own, other = made(script, run), made(client, make.run(workspace))
    alone = made(client, run, source_run_id="")
    assert script.generic("PUT", f"{files_at(own)}/a", b"x").status_code == 200
    assert shown(script, own["info"]["model_id"]).status_code == 200
    assert shown(script, other["info"]["model_id"]).status_code == 404
    assert shown(script, alone["info"]["model_id"]).status_code == 403
    body = {"experiment_id": str(run.experiment.number), "name": "net"}
    assert send(script, "POST", "logged-models", body).status_code == 403

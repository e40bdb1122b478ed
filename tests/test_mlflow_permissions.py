"""Who may do what by MLflow's protocol: one table of every route. One that is missing from it fails the test."""

import base64
import json

import pytest
from django.test import Client

from runs.actions.logged_models import create_logged_model
from runs.actions.run_tokens import create_run_token
from runs.models import LoggedModel
from tests import make
from tests.test_permissions import METHODS, ROLES, bearer, routes

TABLE: dict[str, dict[str, str]] = {
    "mlflow-server-info": {"GET": "signed in"},
    "mlflow-experiments-create": {"POST": "contributor"},
    "mlflow-experiments-get": {"GET": "reader"},
    "mlflow-experiments-get-by-name": {"GET": "reader"},
    "mlflow-experiments-search": {"GET": "reader", "POST": "reader"},
    "mlflow-experiments-update": {"POST": "contributor"},
    "mlflow-experiments-delete": {"POST": "contributor"},
    "mlflow-experiments-restore": {"POST": "contributor"},
    "mlflow-experiments-set-experiment-tag": {"POST": "contributor"},
    "mlflow-experiments-delete-experiment-tag": {"POST": "contributor"},
    "mlflow-runs-create": {"POST": "contributor"},
    "mlflow-runs-get": {"GET": "reader"},
    "mlflow-runs-update": {"POST": "contributor"},
    "mlflow-runs-delete": {"POST": "contributor"},
    "mlflow-runs-restore": {"POST": "contributor"},
    "mlflow-runs-search": {"POST": "reader"},
    "mlflow-runs-log-metric": {"POST": "contributor"},
    "mlflow-runs-log-parameter": {"POST": "contributor"},
    "mlflow-runs-log-batch": {"POST": "contributor"},
    "mlflow-runs-set-tag": {"POST": "contributor"},
    "mlflow-runs-delete-tag": {"POST": "contributor"},
    "mlflow-runs-log-inputs": {"POST": "contributor"},
    "mlflow-runs-outputs": {"POST": "contributor"},
    "mlflow-runs-log-model": {"POST": "contributor"},
    "mlflow-experiments-search-datasets": {"POST": "reader"},
    "mlflow-logged-models": {"POST": "contributor"},
    "mlflow-logged-models-search": {"POST": "reader"},
    "mlflow-logged-model": {"GET": "reader", "PATCH": "contributor", "DELETE": "contributor"},
    "mlflow-logged-model-tags": {"PATCH": "contributor"},
    "mlflow-logged-model-tag": {"DELETE": "contributor"},
    "mlflow-logged-model-params": {"POST": "contributor"},
    "mlflow-logged-model-folder": {"GET": "reader"},
    "mlflow-logged-model-file": {"GET": "reader"},
    "mlflow-metrics-get-history": {"GET": "reader"},
    "mlflow-metrics-get-history-bulk": {"GET": "reader"},
    "mlflow-metrics-get-history-bulk-interval": {"GET": "reader"},
    "mlflow-artifacts-list": {"GET": "reader"},
    "mlflow-artifacts-presigned-upload-url": {"POST": "signed in"},
    "mlflow-artifacts-presigned-download-url": {"POST": "signed in"},
    "mlflow-upload-artifact": {"POST": "contributor"},
    "mlflow-files": {"GET": "reader"},
    "mlflow-file": {"GET": "reader", "PUT": "contributor", "DELETE": "contributor"},
    "mlflow-file-parts": {"POST": "signed in"},
    "mlflow-file-presigned": {"GET": "signed in"},
    "mlflow-get-artifact": {"GET": "reader"},
}
CELLS = [(name, method) for name, methods in TABLE.items() for method in methods]
SCOPED = [(name, method) for name, method in CELLS if TABLE[name][method] in ROLES]


def ask(client: Client, method: str, name: str, run, prefix: str = ""):
    fields = {
        "run_id": run.public_id,
        "experiment_id": str(run.experiment.number),
        "experiment_name": run.experiment.name,
        "key": "team",
        "metric_key": "loss",
        "value": "1",
        "timestamp": 1,
        "experiment_ids": [str(run.experiment.number)],
        "source_run_id": run.public_id,
    }
    if name == "mlflow-experiments-create":
        fields["name"] = "brand new"
    route = next(
        route for route, found in routes() if found == name and not route.startswith(("w/", "ajax-"))
    )
    place = f"{run.experiment.number}/{run.public_id}/artifacts"
    model = LoggedModel.objects.order_by("pk")[0].public_id
    parts = {"path:path": f"{place}/a.txt", "model_id": model, "path:key": "team"}
    for part, value in parts.items():
        route = route.replace(f"<{part}>", value)
    path = f"/w/{run.workspace.name}/{route}"
    if name.startswith("mlflow-metrics-get-history-bulk"):
        fields["run_ids"] = run.public_id
    if name == "mlflow-files":
        fields["path"] = place
    if name in ("mlflow-get-artifact", "mlflow-artifacts-list"):
        fields["path"] = "a.txt"
    if name == "mlflow-upload-artifact":
        path = f"{path}?run_id={run.public_id}&path=a.txt"
    if method == "GET":
        return client.get(path, fields)
    return client.generic(method, path, json.dumps(fields), "application/json")


@pytest.fixture
def run(workspace, owner):
    made = make.run(workspace, tags={"team": "a"}, metrics={"loss": 1.0})
    client = bearer(owner)
    tag = {"experiment_id": str(made.experiment.number), "key": "team", "value": "x"}
    create_logged_model(made.experiment, "net", by=owner, run=made, tags={"team": "a"})
    path = f"/w/{workspace.name}/api/2.0/mlflow/experiments/set-experiment-tag"
    assert client.post(path, tag, content_type="application/json").status_code == 200
    return made


def test_every_route_is_in_the_table():
    found = {name for _, name in routes() if name.startswith("mlflow-")}
    assert found == {*TABLE, "mlflow-unknown", "mlflow-health"}


@pytest.mark.parametrize("path", ["/health", "/w/vision/health", "/w/nowhere/health"])
def test_everybody_may_ask_whether_the_server_is_well(path, db):
    answer = Client().get(path)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"OK", "text/plain")
    assert Client().head(path).status_code == 200 and Client().post(path).status_code == 405


@pytest.mark.parametrize(("name", "method"), CELLS)
def test_nobody_gets_in_without_signing_in(name, method, run):
    wrong = base64.b64encode(b"olga:wrong password").decode()
    for header in ({}, {"Authorization": "Bearer studio_1_wrong"}, {"Authorization": f"Basic {wrong}"}):
        answer = ask(Client(headers=header), method, name, run)
        assert answer.status_code == 401 and answer.json()["error_code"] == "UNAUTHENTICATED"
        assert "Basic" in answer["WWW-Authenticate"]


def test_the_cookie_of_a_browser_opens_nothing(run, client_of, owner):
    assert ask(client_of(owner), "GET", "mlflow-runs-get", run).status_code == 401


@pytest.mark.parametrize("name", TABLE)
def test_other_methods_are_refused(name, run, owner):
    for method in METHODS:
        if method not in TABLE[name]:
            assert ask(bearer(owner), method, name, run).status_code == 405


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_each_role_reaches_what_the_table_says(name, method, run, workspace):
    needed = ROLES[TABLE[name][method]]
    for role, level in ROLES.items():
        status = ask(bearer(make.member(workspace, role)), method, name, run).status_code
        assert (status == 403) == (level < needed), f"{role}: {status}"
        assert status < 500, f"{role}: {status}"


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_a_stranger_learns_nothing_of_it(name, method, run, stranger, owner):
    elsewhere = bearer(owner, workspace=make.workspace(owner=owner))
    for client in (bearer(stranger), elsewhere):
        assert ask(client, method, name, run).status_code == 404
    assert run.tag_set.count() == 1


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_a_reading_token_only_reads(name, method, run, owner):
    status = ask(bearer(owner, scope="read"), method, name, run).status_code
    assert (status == 403) == (TABLE[name][method] != "reader")


def test_the_token_of_a_script_reaches_its_own_run_and_makes_children_of_it(run, owner, workspace):
    text = create_run_token(run, by=owner)[1]
    client, other = Client(headers={"Authorization": f"Bearer {text}"}), make.run(workspace)
    assert ask(client, "GET", "mlflow-runs-get", run).status_code == 200
    assert ask(client, "GET", "mlflow-runs-get", other).status_code == 404
    assert ask(client, "POST", "mlflow-experiments-create", run).status_code == 403
    made = ask(client, "POST", "mlflow-runs-create", other)
    assert made.status_code == 200, made.content
    assert run.children.get().public_id == made.json()["run"]["info"]["run_id"]


def test_what_is_not_there_is_told_as_clients_bear_it(run):
    for path in ("/api/2.0/mlflow/registered-models/get", "/w/vision/api/3.0/mlflow/traces"):
        answer = Client().post(path, {}, content_type="application/json")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")

"""MLflow's own client with experiments of a fresh workspace: made, renamed, deleted, restored, searched."""

import json
from dataclasses import replace

import pytest

from studio.client.cli import main
from tests.mlflow_api.real_client import PYTHONS, python_of, run_script

pytestmark = pytest.mark.slow


@pytest.fixture(params=PYTHONS)
def python(request):
    """A Python with MLflow 3, then one with MLflow 2."""
    return python_of(request.param)


@pytest.fixture
def fresh(live_studio, monkeypatch, capsys, request):
    """The studio with a workspace that was made by the command line just now."""
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)
    name = "fresh-" + "".join(c for c in request.node.name.lower() if c.isalnum())[-40:]
    assert main(["workspace", "create", name]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == name
    return replace(live_studio, workspace=name)


SCRIPT = """
import json, mlflow
from mlflow.entities import ViewType
client, told = mlflow.MlflowClient(), {}

def names(**asked):
    return [experiment.name for experiment in client.search_experiments(**asked)]

def refusal(do, *given, **named):
    try:
        do(*given, **named)
        return ""
    except mlflow.MlflowException as error:
        return f"{error.error_code}: {error}"

told["fresh"] = [[each.experiment_id, each.name, each.lifecycle_stage] for each in client.search_experiments()]
told["ids"] = [mlflow.set_experiment("first").experiment_id,
               client.create_experiment("second", tags={"team": "vision"}),
               client.create_experiment("Third", tags={"team": "Speech"})]
told["all"] = names()
told["by name"] = names(order_by=["name ASC"])
told["filtered"] = [names(filter_string="name LIKE 's%'"), names(filter_string="name ILIKE 'T%'"),
                    names(filter_string="tags.team = 'vision'"), names(filter_string="tags.team != 'vision'"),
                    names(filter_string="name != 'first' AND tags.team ILIKE 'S%'")]
created = client.get_experiment("2").creation_time
told["since"] = names(filter_string=f"creation_time >= {created}", order_by=["experiment_id ASC"])
page = client.search_experiments(max_results=3, order_by=["experiment_id ASC"])
told["pages"] = [[each.name for each in page],
                 names(max_results=3, order_by=["experiment_id ASC"], page_token=page.token)]
client.rename_experiment("2", "renamed")
told["renamed"] = [client.get_experiment("2").name, client.get_experiment_by_name("second") is None,
                   client.get_experiment("2").last_update_time > created]
told["taken"] = refusal(client.rename_experiment, "2", "first")
run = client.create_run("2")
ended = client.create_run("2")
client.set_terminated(ended.info.run_id)
client.delete_run(run.info.run_id)
told["deleted run"] = client.get_run(run.info.run_id).info.lifecycle_stage
client.restore_run(run.info.run_id)
told["restored run"] = [client.get_run(run.info.run_id).info.lifecycle_stage,
                        client.get_run(run.info.run_id).info.status]
client.delete_experiment("2")
told["deleted"] = [names(view_type=ViewType.DELETED_ONLY), names(order_by=["name ASC"]),
                   names(view_type=ViewType.ALL, order_by=["experiment_id DESC"]),
                   client.get_experiment("2").lifecycle_stage, client.get_run(run.info.run_id).info.lifecycle_stage]
told["refused"] = [refusal(client.create_run, "2"), refusal(mlflow.set_experiment, "renamed"),
                   refusal(client.delete_experiment, "2"), refusal(client.create_experiment, "renamed"),
                   refusal(client.rename_experiment, "2", "other")]
client.restore_experiment("2")
told["restored"] = [client.get_experiment("2").lifecycle_stage,
                    sorted(each.info.lifecycle_stage for each in client.search_runs(["2"])),
                    refusal(client.restore_experiment, "2")]
with mlflow.start_run(experiment_id="0") as default:
    pass
told["default"] = [default.info.experiment_id, client.get_experiment("0").name]
print(json.dumps(told))
"""


def test_experiments_are_made_renamed_deleted_restored_and_searched(fresh, python):
    told = run_script(fresh, python, SCRIPT)
    assert told["fresh"] == [["0", "Default", "active"]]
    assert told["ids"] == ["1", "2", "3"]
    assert told["all"] == ["Third", "second", "first", "Default"]
    assert told["by name"] == ["Default", "Third", "first", "second"]
    assert told["filtered"] == [["second"], ["Third"], ["second"], ["Third"], ["Third"]]
    assert told["since"] == ["second", "Third"]
    assert told["pages"] == [["Default", "first", "second"], ["Third"]]
    assert told["renamed"] == ["renamed", True, True]
    assert "RESOURCE_ALREADY_EXISTS" in told["taken"]
    assert (told["deleted run"], told["restored run"]) == ("deleted", ["active", "RUNNING"])
    assert told["deleted"] == [
        ["renamed"],
        ["Default", "Third", "first"],
        ["Third", "renamed", "first", "Default"],
        "deleted",
        "deleted",
    ]
    run, chosen, again, made, renamed = told["refused"]
    assert "The experiment 2 must be in the 'active' state. Current state is deleted." in run
    assert "deleted experiment" in chosen
    assert "No Experiment with id=2 exists" in again and "RESOURCE_DOES_NOT_EXIST" in again
    assert "RESOURCE_ALREADY_EXISTS" in made
    assert "Cannot rename a non-active experiment." in renamed
    assert told["restored"][:2] == ["active", ["active", "active"]]
    assert "No Experiment with id=2 exists" in told["restored"][2]
    assert told["default"] == ["0", "Default"]

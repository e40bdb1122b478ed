"""MLflow's own client logs data inputs and models here, and loads the models again."""

import pytest

from tests.mlflow_api.real_client import PYTHONS, python_of, run_script

pytestmark = pytest.mark.slow

DATA = """
import json, mlflow, mlflow.data, pandas as pd
mlflow.set_experiment("data " + mlflow.__version__)
frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0, 1, 0]})
dataset = mlflow.data.from_pandas(frame, name="points", targets="y")
with mlflow.start_run() as run:
    mlflow.log_input(dataset, context="training")
    mlflow.log_input(dataset, context="training")
found = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
searched = mlflow.search_runs(filter_string="dataset.name = 'points' AND dataset.context = 'training'")
print(json.dumps({
    "names": [each.dataset.name for each in found],
    "digest": found[0].dataset.digest == dataset.digest,
    "tags": {tag.key: tag.value for tag in found[0].tags},
    "schema": "mlflow_colspec" in found[0].dataset.schema,
    "found": searched["run_id"].tolist() == [run.info.run_id],
}))
"""

MODELS = """
import json, mlflow
from mlflow.entities import LoggedModelStatus
mlflow.set_experiment("models " + mlflow.__version__)
client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    model = mlflow.initialize_logged_model(name="net", model_type="own", params={"depth": "3"}, tags={"a": "1"})
    mlflow.log_metric("acc", 0.9, model_id=model.model_id)
    mlflow.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    mlflow.set_logged_model_tags(model.model_id, {"b": "2"})
    mlflow.delete_logged_model_tag(model.model_id, "a")
alone = mlflow.create_external_model(name="alone")
many = mlflow.initialize_logged_model(name="many", params={str(n): str(n) for n in range(250)},
                                      source_run_id=run.info.run_id)
found = mlflow.search_logged_models(filter_string="metrics.acc > 0.5 AND params.depth = '3'", output_format="list")
ordered = mlflow.search_logged_models(order_by=[{"field_name": "metrics.acc", "ascending": False}],
                                      max_results=2, output_format="list")
client.delete_logged_model(alone.model_id)
left = mlflow.search_logged_models(output_format="list")
shown = mlflow.get_logged_model(model.model_id)
print(json.dumps({
    "found": [each.name for each in found],
    "first": ordered[0].name,
    "left": sorted(each.name for each in left),
    "status": str(shown.status),
    "tags": {key: value for key, value in shown.tags.items() if not key.startswith("mlflow.")},
    "params": len(mlflow.get_logged_model(many.model_id).params),
    "metrics": [[each.key, each.value] for each in shown.metrics],
    "source": shown.source_run_id == run.info.run_id,
}))
"""

SKLEARN = """
import json, warnings, mlflow, mlflow.sklearn
warnings.simplefilter("ignore")
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
mlflow.set_experiment("sklearn " + mlflow.__version__)
x, y = load_iris(return_X_y=True, as_frame=True)
is_3 = int(mlflow.__version__.split(".")[0]) >= 3
mlflow.sklearn.autolog()
with mlflow.start_run() as auto:
    LogisticRegression(max_iter=300).fit(x, y)
mlflow.sklearn.autolog(disable=True)
with mlflow.start_run() as run:
    fitted = LogisticRegression(max_iter=300).fit(x, y)
    how = {"name": "model"} if is_3 else {"artifact_path": "model"}
    info = mlflow.sklearn.log_model(fitted, input_example=x[:2], **how)
ways = [info.model_uri, f"runs:/{run.info.run_id}/model"]
models = [mlflow.sklearn.load_model(way) for way in ways]
logged = mlflow.get_run(auto.info.run_id)
print(json.dumps({
    "ways": [way.partition("/")[0] for way in ways],
    "right": [bool((model.predict(x) == fitted.predict(x)).all()) for model in models],
    "params": logged.data.params["max_iter"],
    "metrics": "training_accuracy_score" in logged.data.metrics,
    "data": [each.dataset.name for each in logged.inputs.dataset_inputs],
    "outputs": len(logged.outputs.model_outputs) if is_3 else 1,
    "files": sorted(file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id, "model"))[:1],
}))
"""


@pytest.fixture(params=PYTHONS)
def python(request):
    """A Python with MLflow 3, then one with MLflow 2."""
    return python_of(request.param)


def test_data_inputs_are_logged_and_searched_by(live_studio, python):
    told = run_script(live_studio, python, DATA, needs="pandas")
    assert told["names"] == ["points"] and told["digest"] and told["schema"] and told["found"]
    assert told["tags"] == {"mlflow.data.context": "training"}


def test_logged_models_are_made_searched_and_deleted(live_studio):
    told = run_script(live_studio, python_of("MLFLOW_PYTHON"), MODELS)
    assert (told["found"], told["first"], told["left"]) == (["net"], "net", ["many", "net"])
    assert (told["status"], told["tags"], told["params"]) == ("READY", {"b": "2"}, 250)
    assert told["metrics"] == [["acc", 0.9]] and told["source"]


def test_scikit_learn_logs_itself_and_its_models_are_loaded_again(live_studio, python):
    told = run_script(live_studio, python, SKLEARN, needs="sklearn pandas")
    assert told["right"] == [True, True] and told["params"] == "300" and told["metrics"]
    assert told["data"] and told["outputs"] == 1 and told["files"]

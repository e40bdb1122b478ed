"""Frameworks that log to MLflow, unmodified, against a live studio; each where it is installed beside MLflow 3."""

import pytest

from tests.mlflow_api.real_client import python_of, run_script

pytestmark = pytest.mark.slow


@pytest.fixture
def run_framework(live_studio, monkeypatch):
    """Runs a script with the package that it needs; nothing is fetched from a hub."""
    for variable, value in {"HF_HUB_OFFLINE": "1", "KERAS_BACKEND": "torch"}.items():
        monkeypatch.setenv(variable, value)
    return lambda needs, script: run_script(live_studio, python_of("MLFLOW_PYTHON"), script, needs=needs)


CALLS = """
import json, os, time, urllib.request, mlflow, numpy as np
mlflow.set_experiment("calls")
with mlflow.start_run() as run:
    for step in range(3):
        mlflow.log_image(np.full((8, 8, 3), 80 * step, dtype=np.uint8), key="dogs/eval", step=step)
    mlflow.log_table({"prompt": ["a", "b"], "loss": [0.5, 0.25]}, artifact_file="eval.json")
    mlflow.log_table({"prompt": ["c"], "loss": [0.125]}, artifact_file="eval.json")
mlflow.set_system_metrics_sampling_interval(0.2)
with mlflow.start_run(log_system_metrics=True) as sampled:
    time.sleep(2)
client = mlflow.MlflowClient()
table = mlflow.load_table("eval.json", run_ids=[run.info.run_id])
url = os.environ["MLFLOW_TRACKING_URI"].split("/w/")[0] + f"/api/v1/runs/{run.info.run_id}/metrics/"
head = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]}
shown = json.load(urllib.request.urlopen(urllib.request.Request(url, headers=head)))
print(json.dumps({"table": table["loss"].tolist(), "shown": shown["metrics"],
                  "written": list(json.loads(mlflow.artifacts.load_text(run.info.artifact_uri + "/eval.json"))),
                  "samples": sorted(client.get_run(sampled.info.run_id).data.metrics)}))
"""


def test_images_tables_and_system_metrics_arrive_as_such(run_framework):
    told = run_framework("PIL pandas psutil", CALLS)
    assert [(each["name"], each["kind"], each["count"]) for each in told["shown"]] == [
        ("dogs/eval", "image", 3)
    ]
    # What the page of a table file knows it by, and the samples by whose names Monitoring groups them.
    assert (told["table"], told["written"]) == ([0.5, 0.25, 0.125], ["columns", "data"])
    assert "system/cpu_utilization_percentage" in told["samples"]


OPTUNA = """
import json, mlflow, optuna
from mlflow.optuna.storage import MlflowStorage
from optuna_integration.mlflow import MLflowCallback
optuna.logging.set_verbosity(optuna.logging.ERROR)
objective = lambda trial: trial.suggest_float("x", -1, 1) ** 2 + trial.suggest_int("n", 1, 3)
study = optuna.create_study(study_name="told by callback")
study.optimize(objective, n_trials=3, callbacks=[MLflowCallback(metric_name="score")])
scores = [trial.value for trial in study.trials]
told = mlflow.search_runs(experiment_names=["told by callback"])
place = mlflow.create_experiment("kept in storage")
study = optuna.create_study(storage=MlflowStorage(experiment_id=place), study_name="kept")
study.optimize(objective, n_trials=3)
again = optuna.load_study(study_name="kept", storage=MlflowStorage(experiment_id=place))
again.optimize(objective, n_trials=2)
print(json.dumps({
    "scores": sorted(told["metrics.score"]) == sorted(scores),
    "states": [trial.state.name for trial in again.trials],
    "best": again.best_value == min(trial.value for trial in again.trials),
    "params": sorted(again.best_params),
}))
"""


def test_optuna_tells_by_its_callback_and_keeps_its_studies(run_framework):
    told = run_framework("optuna optuna_integration", OPTUNA)
    assert told == {"scores": True, "states": ["COMPLETE"] * 5, "best": True, "params": ["n", "x"]}


LIGHTNING = """
import json, os, torch, lightning, mlflow
from lightning.pytorch.loggers import MLFlowLogger
class Net(lightning.LightningModule):
    def __init__(self, width=4):
        super().__init__()
        self.save_hyperparameters()
        self.net = torch.nn.Linear(width, 1)
    def training_step(self, batch, _):
        loss = torch.nn.functional.mse_loss(self.net(batch[0]), batch[1])
        self.log("train/loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)
data = torch.utils.data.TensorDataset(torch.randn(64, 4), torch.randn(64, 1))
loader = torch.utils.data.DataLoader(data, batch_size=8)
quiet = dict(max_epochs=2, log_every_n_steps=1, enable_progress_bar=False, accelerator="cpu")
logger = MLFlowLogger("lightning", "net", os.environ["MLFLOW_TRACKING_URI"], tags={"team": "a"}, log_model=True)
lightning.Trainer(**quiet, logger=logger).fit(Net(), loader)
mlflow.pytorch.autolog(log_models=False)
mlflow.set_experiment("lightning by itself")
with mlflow.start_run() as own:
    lightning.Trainer(**quiet, logger=False).fit(Net(), loader)
client = mlflow.MlflowClient()
run, own = client.get_run(logger.run_id), client.get_run(own.info.run_id)
print(json.dumps({
    "run": [run.info.run_name, run.info.status, run.data.params, run.data.tags["team"]],
    "points": len(client.get_metric_history(logger.run_id, "train/loss")),
    "files": bool(client.list_artifacts(logger.run_id)),
    "own": [own.info.status, sorted(own.data.metrics), own.data.params["optimizer_name"]],
}))
"""


def test_lightning_logs_by_its_logger_and_by_autolog(run_framework):
    told = run_framework("torch lightning", LIGHTNING)
    assert told == {
        "run": ["net", "FINISHED", {"width": "4"}, "a"],
        "points": 16,
        "files": True,
        "own": ["FINISHED", ["train/loss"], "SGD"],
    }


TRAINER = """
import json, torch, mlflow
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
small = dict(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
class Data(torch.utils.data.Dataset):
    def __len__(self):
        return 32
    def __getitem__(self, place):
        return {"input_ids": torch.full((8,), place), "labels": torch.tensor(place % 2)}
mlflow.set_experiment("hugging face")
how = dict(num_train_epochs=2, logging_steps=1, report_to=["mlflow"], use_cpu=True, disable_tqdm=True)
how |= dict(eval_strategy="epoch", save_strategy="no", run_name="bert")
trainer = Trainer(BertForSequenceClassification(BertConfig(**small)), TrainingArguments("out", **how),
                  train_dataset=Data(), eval_dataset=Data())
trainer.train()
mlflow.end_run()
client = mlflow.MlflowClient()
run = client.get_run(mlflow.last_active_run().info.run_id)
print(json.dumps({
    "run": [run.info.run_name, run.info.status, run.data.params["num_train_epochs"]],
    "points": [len(client.get_metric_history(run.info.run_id, key)) for key in ("loss", "eval_loss")],
}))
"""


def test_the_hugging_face_trainer_reports_here(run_framework):
    told = run_framework("torch transformers accelerate", TRAINER)
    assert told == {"run": ["bert", "FINISHED", "2"], "points": [8, 2]}


KERAS = """
import json, keras, mlflow, numpy as np
mlflow.set_experiment("keras")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(optimizer="sgd", loss="mse")
with mlflow.start_run() as run:
    model.fit(np.ones((32, 4)), np.ones((32, 1)), epochs=3, verbose=0, callbacks=[mlflow.keras.MlflowCallback(run)])
    mlflow.keras.log_model(model, name="model")
loaded = mlflow.keras.load_model(f"runs:/{run.info.run_id}/model")
client = mlflow.MlflowClient()
print(json.dumps({
    "status": client.get_run(run.info.run_id).info.status,
    "points": len(client.get_metric_history(run.info.run_id, "loss")),
    "shape": list(loaded.predict(np.zeros((1, 4)), verbose=0).shape),
}))
"""


def test_keras_logs_by_its_callback_and_its_model_is_loaded_back(run_framework):
    told = run_framework("torch keras", KERAS)
    assert told == {"status": "FINISHED", "points": 3, "shape": [1, 1]}

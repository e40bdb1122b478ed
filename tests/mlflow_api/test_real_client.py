"""MLflow's own client against a real server. Its package lives in an environment of its own: see CONTRIBUTING."""

from pathlib import Path

import pytest

from tests.mlflow_api.real_client import PYTHONS, python_of, run_script

pytestmark = pytest.mark.slow
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(params=PYTHONS)
def python(request):
    """A Python with MLflow 3, then one with MLflow 2."""
    return python_of(request.param)


SCRIPT = """
import json, math, mlflow
mlflow.set_experiment("real client " + mlflow.__version__)
with mlflow.start_run(run_name="outer", description="**hello**", tags={"team": "vision"}) as outer:
    mlflow.log_params({"lr": 0.1, "depth": 3})
    mlflow.log_metric("loss", math.nan)
    for step in range(20):
        mlflow.log_metrics({"train/loss": 1 / (step + 1), "acc": step}, step=step)
    with mlflow.start_run(run_name="inner", nested=True) as inner:
        mlflow.set_tags({"a": "b"})
    try:
        mlflow.log_param("lr", 0.2)
        refused = ""
    except mlflow.MlflowException as error:
        refused = str(error)
try:
    with mlflow.start_run(run_name="broken") as broken:
        raise KeyError("no such key")
except KeyError:
    pass
client = mlflow.MlflowClient()
later = client.create_run(outer.info.experiment_id, run_name="asynchronous")
for step in range(50):
    client.log_metric(later.info.run_id, "m", step, step=step, timestamp=step, synchronous=False).wait()
client.set_terminated(later.info.run_id, "KILLED")
found = {name: client.get_run(run.info.run_id) for name, run in
         {"outer": outer, "inner": inner, "broken": broken, "later": later}.items()}
pages, token = [], None
while token != "":
    page = client.search_runs([outer.info.experiment_id], order_by=["attributes.start_time ASC"],
                              max_results=3, page_token=token)
    pages.append([run.info.run_name for run in page])
    token = page.token or ""
of_outer = f"tags.mlflow.parentRunId = '{outer.info.run_id}'"
table = mlflow.search_runs([outer.info.experiment_id], "metrics.acc > 18 AND params.depth = '3'")
print(json.dumps({
    "pages": pages,
    "children": [run.info.run_name for run in client.search_runs([outer.info.experiment_id], of_outer)],
    "failed": [run.info.run_name for run in client.search_runs([outer.info.experiment_id], "status = 'FAILED'")],
    "table": [table["tags.mlflow.runName"].tolist(), table["metrics.acc"].tolist(), table["params.lr"].tolist()],
    "statuses": {name: run.info.status for name, run in found.items()},
    "names": {name: run.info.run_name for name, run in found.items()},
    "params": found["outer"].data.params,
    "metrics": {key: str(value) for key, value in found["outer"].data.metrics.items()},
    "note": found["outer"].data.tags["mlflow.note.content"],
    "parent": found["inner"].data.tags["mlflow.parentRunId"] == outer.info.run_id,
    "history": [len(client.get_metric_history(outer.info.run_id, "train/loss")),
                len(client.get_metric_history(later.info.run_id, "m"))],
    "refused": refused,
}))
"""


def test_a_plain_script_logs_here_unmodified(live_studio, python):
    told = run_script(live_studio, python, SCRIPT)
    assert told["statuses"] == {
        "outer": "FINISHED",
        "inner": "FINISHED",
        "broken": "FAILED",
        "later": "KILLED",
    }
    assert told["names"]["outer"] == "outer" and told["note"] == "**hello**" and told["parent"]
    assert told["params"] == {"lr": "0.1", "depth": "3"}
    assert told["metrics"] == {"loss": "nan", "train/loss": "0.05", "acc": "19.0"}
    assert told["history"] == [20, 50]
    assert told["pages"] == [["outer", "inner", "broken"], ["asynchronous"]]
    assert (told["children"], told["failed"]) == (["inner"], ["broken"])
    assert told["table"] == [["outer"], [19.0], ["0.1"]]
    assert "Changing param values is not allowed" in told["refused"]


RESUMED = """
import json, mlflow
mlflow.set_experiment("resumed " + mlflow.__version__)
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 2.0, step=0)
with mlflow.start_run(run_id=run.info.run_id) as again:
    during = mlflow.get_run(run.info.run_id).info.status
    mlflow.log_metric("loss", 1.0, step=1)
client = mlflow.MlflowClient()
print(json.dumps({"during": during, "after": client.get_run(run.info.run_id).info.status,
                  "points": [metric.value for metric in client.get_metric_history(run.info.run_id, "loss")]}))
"""


def test_a_run_is_resumed(live_studio, python):
    told = run_script(live_studio, python, RESUMED)
    assert told == {"during": "RUNNING", "after": "FINISHED", "points": [2.0, 1.0]}


CANCELED = """
import json, os, time, urllib.request, mlflow
PLACE
def cancel(run_id):
    url = os.environ["MLFLOW_TRACKING_URI"].split("/w/")[0] + f"/api/v1/runs/{run_id}/cancel/"
    head = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url, b"{}", head, method="POST"))
mlflow.set_experiment("canceled " + mlflow.__version__)
told, stopped = "", False
try:
    with mlflow.start_run() as first:
        cancel(first.info.run_id)
        mlflow.log_metric("loss", 1.0)
except mlflow.MlflowException as error:
    told = str(error)
try:
    START
    cancel(run.info.run_id)
    for _ in range(300):
        time.sleep(0.1)
except KeyboardInterrupt:
    stopped = True
mlflow.end_run("KILLED")
client = mlflow.MlflowClient()
print(json.dumps({"told": told, "stopped": stopped,
                  "statuses": [client.get_run(each.info.run_id).info.status for each in (first, run)]}))
"""


def test_a_cancel_in_the_studio_stops_the_script(live_studio, python):
    helper = (DOCS / "mlflow.md").read_text().split("```python\n", 1)[1].split("```", 1)[0]
    define, start = helper.split("run = mlflow", 1)
    start = ("run = mlflow" + start.strip()).replace("\n", "\n    ")
    told = run_script(live_studio, python, CANCELED.replace("PLACE", define).replace("START", start))
    assert "was canceled in the studio by" in told["told"] and told["told"].startswith("RESOURCE_CONFLICT")
    assert told["stopped"] and told["statuses"] == ["KILLED", "KILLED"]


FILES = """
import json, os, tempfile, mlflow
mlflow.set_experiment("files of " + mlflow.__version__)
folder = tempfile.mkdtemp()
os.makedirs(os.path.join(folder, "deep", "er"))
for name, content in {"a.txt": "hello", "empty.txt": "", "deep/er/b.bin": "x" * 300_000, "ünï cödé.txt": "ü"}.items():
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(content)
client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    run_id = run.info.run_id
    mlflow.log_artifacts(folder, "all")
    mlflow.log_artifact(os.path.join(folder, "empty.txt"))
    mlflow.log_text("text", "notes/n.txt")
    mlflow.log_dict({"a": [1, 2]}, "conf.json")
    mlflow.log_table({"q": ["one", "two"], "n": [1, 2]}, "table.json")
    mlflow.log_table({"q": ["three"], "n": [3]}, "table.json")
uri = mlflow.get_artifact_uri() if mlflow.active_run() else run.info.artifact_uri
tree = sorted(item.path for folder in (None, "all", "all/deep", "all/deep/er", "notes")
              for item in client.list_artifacts(run_id, folder))
down = mlflow.artifacts.download_artifacts(run_id=run_id)
got = {os.path.relpath(os.path.join(at, name), down): os.path.getsize(os.path.join(at, name))
       for at, _, names in os.walk(down) for name in names}
print(json.dumps({
    "uri": uri, "run": run_id, "experiment": run.info.experiment_id, "tree": tree, "got": got,
    "text": mlflow.artifacts.load_text(f"{uri}/notes/n.txt"), "dict": mlflow.artifacts.load_dict(f"{uri}/conf.json"),
    "table": mlflow.load_table("table.json", run_ids=[run_id])["q"].tolist(),
    "one": open(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/all/a.txt")).read(),
}))
"""


def test_files_go_up_and_come_back(live_studio, python):
    told = run_script(live_studio, python, FILES, needs="pandas")
    assert told["uri"] == f"mlflow-artifacts:/{told['experiment']}/{told['run']}/artifacts"
    names = ["all/a.txt", "all/deep/er/b.bin", "all/empty.txt", "all/ünï cödé.txt", "conf.json", "empty.txt"]
    assert sorted(told["got"]) == sorted([*names, "notes/n.txt", "table.json"])
    assert (told["got"]["all/deep/er/b.bin"], told["got"]["empty.txt"]) == (300_000, 0)
    assert {"all", "all/deep", "all/deep/er", "all/deep/er/b.bin", "notes/n.txt", "conf.json"} <= set(
        told["tree"]
    )
    assert (told["text"], told["dict"], told["one"]) == ("text", {"a": [1, 2]}, "hello")
    assert told["table"] == ["one", "two", "three"]


PICTURES = """
import json, mlflow, numpy
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
mlflow.set_experiment("pictures of " + mlflow.__version__)
with mlflow.start_run() as run:
    mlflow.log_image(numpy.zeros((8, 8, 3), dtype=numpy.uint8), "black.png")
    for step in range(3):
        mlflow.log_image(numpy.full((8, 8, 3), 50 * step, dtype=numpy.uint8), key="grey", step=step)
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    mlflow.log_figure(figure, "plots/line.png")
client = mlflow.MlflowClient()
print(json.dumps({
    "run": run.info.run_id, "tags": client.get_run(run.info.run_id).data.tags,
    "images": len(client.list_artifacts(run.info.run_id, "images")),
    "size": list(mlflow.artifacts.load_image(f"{run.info.artifact_uri}/black.png").size),
}))
"""


def test_pictures_are_logged(live_studio, python):
    told = run_script(live_studio, python, PICTURES, needs="matplotlib PIL numpy")
    assert (told["images"], told["size"], told["tags"]["mlflow.loggedImages"]) == (6, [8, 8], "True")

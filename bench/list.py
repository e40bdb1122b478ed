"""How long lists of runs take: `python bench/list.py --data DIR`, on a database that bench/seed.py filled.

Server time: the whole of Django in one process, from the request to the last byte of the answer, without the network.
With MLflow's Python, the same runs go into `mlflow server` too, and both are asked over HTTP.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import django
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine, mlflow_server, server

WARM_UP = 3


@dataclass(frozen=True)
class Question:
    """What is asked of a list: in words, as parameters, and of which experiment."""

    words: str
    asked: dict[str, str]
    experiment: str = ""


def questions(largest: str, half: float, best: float) -> list[Question]:
    """What people ask. `half` is the accuracy that half of the runs exceed, `best` that 100 exceed."""
    by_accuracy = {"sort": "-metrics.accuracy"}
    return [
        Question("newest", {}),
        Question("newest of the largest experiment", {}, largest),
        Question("failed ones", {"status": "Failed"}),
        Question("a tag of 10 % of the runs", {"filter": "tags.team = 'team-4'"}),
        Question("a tag of about 50 runs", {"filter": "tags.ticket = 'ML-7'"}),
        Question("a metric's bound, half of the runs", {"filter": f"metrics.accuracy > {half!r}"}),
        Question("a metric's bound, 100 runs", {"filter": f"metrics.accuracy > {best!r}"}),
        Question("a param's bound", {"filter": "params.learning_rate >= 0.05"}),
        Question("sorted by a metric", by_accuracy),
        Question("sorted by a metric, largest experiment", by_accuracy, largest),
        Question(
            "tag, bound and param, sorted by another metric",
            {
                "filter": f"tags.team = 'team-4' and metrics.accuracy > {half!r} and params.optimizer = 'adam'",
                "sort": "metrics.val_loss",
            },
        ),
        Question("text of a few runs", {"q": "ml-7 keen comet"}),
        Question("text of many runs", {"q": "baseline"}),
    ]


def landmarks() -> tuple[str, float, float]:
    """The largest experiment, and the accuracies that half of the runs and that 100 exceed."""
    from runs.models import Experiment, Metric

    largest = Experiment.objects.order_by("-last_run_number")[0].name
    values = Metric.objects.filter(name__text="accuracy").order_by("-last").values_list("last", flat=True)
    return largest, values[len(values) // 2], values[100]


def addresses(question: Question) -> Iterator[tuple[str, str]]:
    """The page, and the REST list, that answer the question."""
    page = f"/w/default/experiments/{question.experiment}/" if question.experiment else "/w/default/runs/"
    yield "page", f"{page}?{urlencode(question.asked)}"
    asked = {**question.asked, **({"experiment": question.experiment} if question.experiment else {})}
    yield "REST", f"/api/v1/workspaces/default/runs/?{urlencode(asked)}"


def measure(get: Callable[[str], int], address: str, requests: int) -> tuple[list[float], list[float]]:
    """Wall time and processor time of each request after the warm-up, in milliseconds."""
    wall_ms, cpu_ms = [], []
    for number in range(WARM_UP + requests):
        wall, cpu = time.perf_counter(), time.process_time()
        status = get(address)
        if status != 200:
            raise RuntimeError(f"{address} answered {status}.")
        if number >= WARM_UP:
            wall_ms.append((time.perf_counter() - wall) * 1000)
            cpu_ms.append((time.process_time() - cpu) * 1000)
    return wall_ms, cpu_ms


def main() -> None:
    """Ask everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder that was seeded")
    parser.add_argument("--requests", type=int, default=20, help="requests that count, of each kind (20)")
    parser.add_argument("--mlflow-python", type=Path, help="the Python of an environment with MLflow")
    options = parser.parse_args()
    os.environ["STUDIO_DATA"] = str(options.data.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    print(f"{machine.describe()}\n")
    print(machine.table(*ask_all(options.requests)))
    if options.mlflow_python:
        print(f"\nOver HTTP, beside MLflow {mlflow_server.version(options.mlflow_python)}:\n")
        print(machine.table(*ask_both(options.data, options.mlflow_python, options.requests)))


def ask_both(data: Path, python: Path, requests: int) -> tuple[list[str], list[list[str]]]:
    """The table of both servers: one sitting, the same runs, one client."""
    from bench import mlflow_lists

    folder = server.scratch_folder("list")
    try:
        with mlflow_server.mlflow(python, folder) as peer, server.studio(data) as studio:
            mlflow_lists.copy_runs(folder / "mlflow.db")
            rows = mlflow_lists.compare(studio, peer, mlflow_lists.questions(*landmarks()), requests)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    head = ["list of 50 runs", "Run Studio median ms", "most", "MLflow median ms", "most", "times faster"]
    return head, rows


def ask_all(requests: int) -> tuple[list[str], list[list[str]]]:
    """The table: a line for each question and door."""
    from django.test import Client

    from runs.models import Member, Run, Workspace

    workspace = Workspace.objects.get(name="default")
    owner = Member.objects.filter(workspace=workspace, role="owner").select_related("user")[0].user
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner)
    print(f"{Run.objects.count():,} runs in {workspace.name}\n")
    rows = []
    for question in questions(*landmarks()):
        for door, address in addresses(question):
            wall_ms, cpu_ms = measure(lambda at: browser.get(at).status_code, address, requests)
            figures = (machine.median(wall_ms), machine.percentile(wall_ms, 0.95), machine.median(cpu_ms))
            rows.append([question.words, door, *(f"{figure:.1f}" for figure in figures)])
    return ["list of 50 runs", "door", "median ms", "p95 ms", "median cpu ms"], rows


if __name__ == "__main__":
    main()

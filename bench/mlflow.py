"""The same work of clients on `mlflow server` and here: `python bench/mlflow.py PLACE --mlflow-python P`.

By MLflow's protocol: batches of 1,000 metrics from four clients, single metrics one after the other, and searches of
the runs of PLACE, a database that bench/seed.py filled with 100,000. A PLACE: see bench/list.py. Where it is a
PostgreSQL, MLflow gets the one of `--mlflow-database`, which is empty.
"""

import argparse
import http.client
import json
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import clients, machine, mlflow_server, server
from bench.list import open_place

CLIENTS, BATCH, SINGLES, WARM_UP = 4, 1000, 300, 20
HEAD = ["work", "unit", "Run Studio", "MLflow", "times"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("place", metavar="PLACE", help="a data folder, or DIR=postgres://…")
    parser.add_argument(
        "--mlflow-python", type=Path, required=True, help="the Python of an environment with MLflow"
    )
    parser.add_argument("--mlflow-database", default="", help="an empty PostgreSQL database for MLflow")
    parser.add_argument("--seconds", type=float, default=10, help="how long batches are sent (10)")
    parser.add_argument("--pages", type=int, nargs="*", default=[1000, 50], help="runs a page (1000 50)")
    parser.add_argument("--requests", type=int, default=5, help="how often each search is asked (5)")
    options = parser.parse_args()
    open_place(options.place)
    print(f"{machine.describe()}; MLflow {mlflow_server.version(options.mlflow_python)}\n")
    folder = server.scratch_folder("mlflow")
    try:
        with (
            mlflow_server.mlflow(options.mlflow_python, folder, options.mlflow_database) as peer,
            server.studio(Path(options.place.partition("=")[0])) as studio,
        ):
            rows = [batches(studio, peer, options.seconds), singles(studio, peer)]
            print(f"{machine.table(HEAD, rows)}\n", flush=True)
            print(searches(studio, peer, options.mlflow_database or folder / "mlflow.db", options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def batches(studio: server.Studio, peer: mlflow_server.MlflowServer, seconds: float) -> list[str]:
    """Points a second of both, each alone while it is measured."""
    parts, found = urlsplit(studio.url), []
    ours = tuple(server.make_run(studio, "batches") for _ in range(CLIENTS))
    theirs = tuple(peer.make_run() for _ in range(CLIENTS))
    own = f"/w/{studio.workspace}"
    for host, port, base, runs, headers in (
        (str(parts.hostname), int(parts.port or 80), own, ours, bearer(studio)),
        (peer.host, peer.port, "", theirs, {}),
    ):
        paths = (f"{base}/api/2.0/mlflow/runs/log-batch",) * CLIENTS
        load = clients.Load(host, port, paths, runs, headers, clients.mlflow_body, BATCH, seconds)
        found.append(clients.measure(load).points_per_s)
    words = f"log-batch of {BATCH:,} metrics, {CLIENTS} clients"
    return [words, "points/s", *(f"{rate:,.0f}" for rate in found), f"{found[0] / found[1]:.1f}"]


def singles(studio: server.Studio, peer: mlflow_server.MlflowServer) -> list[str]:
    """The median of one log-metric after the other, over a connection that is kept."""
    ours = _singles(studio.url, f"/w/{studio.workspace}", bearer(studio), server.make_run(studio, "singles"))
    theirs = _singles(peer.url, "", {}, peer.make_run())
    return [
        "log-metric, one after the other",
        "ms, p50",
        f"{ours:.1f}",
        f"{theirs:.1f}",
        f"{theirs / ours:.1f}",
    ]


def _singles(url: str, base: str, headers: dict[str, str], run: str) -> float:
    parts, times = urlsplit(url), []
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    for step in range(WARM_UP + SINGLES):
        sent = {
            "run_id": run,
            "key": "loss",
            "value": 0.5,
            "timestamp": int(time.time() * 1000),
            "step": step,
        }
        body, before = json.dumps(sent), time.perf_counter()
        kind = {"Content-Type": "application/json"}
        connection.request("POST", f"{base}/api/2.0/mlflow/runs/log-metric", body, headers | kind)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{url} answered {response.status}: {answer[:300]!r}")
        if step >= WARM_UP:
            times.append((time.perf_counter() - before) * 1000)
    return machine.median(times)


def bearer(studio: server.Studio) -> dict[str, str]:
    """What lets a client in."""
    return {"Authorization": f"Bearer {studio.token}"}


def searches(
    studio: server.Studio, peer: mlflow_server.MlflowServer, target: Path | str, options: argparse.Namespace
) -> str:
    """The table of searches."""
    from bench import mlflow_lists
    from bench.pages import landmarks
    from runs.models import Run

    found = landmarks()
    mlflow_lists.copy_runs(target)
    asked = mlflow_lists.questions(found.largest, found.half, found.best)
    rows = []
    for page in options.pages:
        rows += mlflow_lists.compare_searches(studio, peer, asked, options.requests, page)
    head = [f"search of {Run.objects.count():,} runs", "a page", "Run Studio ms", "MLflow ms", "times faster"]
    return machine.table(head, rows)


if __name__ == "__main__":
    main()

"""How fast points come in: `python bench/ingest.py [--mlflow-python .venv-mlflow/bin/python]`.

Four client processes send batches of 1,000 and of 50 points over HTTP to a studio as `studio up` serves it, on SQLite;
with MLflow's Python, the same to `mlflow server` in turns. Then, what `log()` costs the training.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import clients, machine, mlflow_server, server

CLIENTS = 4
BATCHES = (1_000, 50)

Sender = Callable[[int, float], clients.Outcome]


@dataclass
class Figures:
    """Of one server and one size of batch: a figure for each round."""

    points_per_s: list[float] = field(default_factory=list)
    calls_s: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def row(self, name: str, batch: int) -> list[str]:
        """A line of the table."""
        return [
            name,
            f"{batch:,}",
            f"{machine.median(self.points_per_s):,.0f}",
            f"{min(self.points_per_s):,.0f} to {max(self.points_per_s):,.0f}",
            f"{machine.percentile(self.calls_s, 0.5) * 1000:.1f}",
            f"{machine.percentile(self.calls_s, 0.95) * 1000:.1f}",
            f"{machine.median(self.cpu_us):.1f}",
        ]


def studio_sender(studio: server.Studio) -> Sender:
    """Sends to four new runs of the studio."""
    parts = urlsplit(studio.url)

    def send(batch: int, seconds: float) -> clients.Outcome:
        made = tuple(server.make_run(studio, "ingest") for _ in range(CLIENTS))
        paths = tuple(f"/api/v1/runs/{run}/metrics/" for run in made)
        headers = {"Authorization": f"Bearer {studio.token}"}
        return clients.measure(
            clients.Load(
                str(parts.hostname),
                int(parts.port or 80),
                paths,
                made,
                headers,
                clients.studio_body,
                batch,
                seconds,
            )
        )

    return send


def mlflow_sender(peer: mlflow_server.MlflowServer) -> Sender:
    """Sends to four new runs of MLflow."""

    def send(batch: int, seconds: float) -> clients.Outcome:
        made = tuple(peer.make_run() for _ in range(CLIENTS))
        paths = ("/api/2.0/mlflow/runs/log-batch",) * CLIENTS
        return clients.measure(
            clients.Load(peer.host, peer.port, paths, made, {}, clients.mlflow_body, batch, seconds)
        )

    return send


def measure(send: Sender, session: int, batch: int, seconds: float, figures: Figures) -> None:
    """One round."""
    before = machine.cpu_s(session)
    outcome = send(batch, seconds)
    figures.points_per_s.append(outcome.points_per_s)
    figures.calls_s += outcome.calls_s
    figures.cpu_us.append((machine.cpu_s(session) - before) * 1e6 / outcome.points)


def measure_all(options: argparse.Namespace) -> dict[tuple[str, int], Figures]:
    """Rounds in turns, each server alone while it is measured, on databases that grow with the rounds."""
    found: dict[tuple[str, int], Figures] = {}
    folder = server.scratch_folder("ingest")
    try:
        for number in range(options.rounds):
            with server.studio(folder) as studio:
                _round("Run Studio", studio_sender(studio), studio.pid, options.seconds, found)
                if number == options.rounds - 1:
                    print(log_cost(studio, folder))
            if options.mlflow_python:
                with mlflow_server.mlflow(options.mlflow_python, folder) as peer:
                    _round("MLflow", mlflow_sender(peer), peer.pid, options.seconds, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _round(
    name: str, send: Sender, session: int, seconds: float, found: dict[tuple[str, int], Figures]
) -> None:
    for batch in BATCHES:
        measure(send, session, batch, seconds, found.setdefault((name, batch), Figures()))


def log_cost(studio: server.Studio, folder: Path) -> str:
    """The table of what `log()` costs, measured in a process of its own."""
    told = {"STUDIO_URL": studio.url, "STUDIO_TOKEN": studio.token, "STUDIO_WORKSPACE": studio.workspace}
    told |= {"PYTHONPATH": str(server.ROOT), "XDG_STATE_HOME": str(folder / "state")}
    command = [sys.executable, str(server.ROOT / "bench" / "log_cost.py")]
    ended = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    result = json.loads(ended.stderr.splitlines()[-1])
    rows = []
    for name, calls_s in result["found"].items():
        figures = [machine.percentile(calls_s, share) * 1e6 for share in (0.5, 0.95, 0.999)]
        mean = sum(calls_s) / len(calls_s) * 1e6
        rows.append([name, f"{len(calls_s):,}", *(f"{figure:.1f}" for figure in [*figures, mean])])
    head = ["`run.log()`, µs a call", "calls", "p50", "p95", "p99.9", "mean"]
    sent = (
        f"{result['sent']:,} of {result['wanted']:,} arrived, {result['flush_s']:.1f} s after the last call."
    )
    return f"{machine.table(head, rows)}\n\n{sent}\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median counts (3)")
    parser.add_argument("--seconds", type=float, default=10, help="how long each round lasts (10)")
    parser.add_argument("--mlflow-python", type=Path, help="the Python of an environment with MLflow")
    options = parser.parse_args()
    print(f"{machine.describe()}\n")
    found = measure_all(options)
    head = ["server", "points a call", "points/s", "rounds", "p50 ms", "p95 ms", "server cpu µs a point"]
    print(machine.table(head, [figures.row(*key) for key, figures in found.items()]))
    if options.mlflow_python:
        print(f"\nAgainst MLflow {mlflow_server.version(options.mlflow_python)}:")
        for batch in BATCHES:
            ours, theirs = (
                machine.median(found[name, batch].points_per_s) for name in ("Run Studio", "MLflow")
            )
            print(f"batches of {batch:,}: {ours / theirs:.1f} times the points/s")


if __name__ == "__main__":
    main()

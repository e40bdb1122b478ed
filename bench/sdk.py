"""What the SDK costs: importing it, a million calls of log(), an absent studio, reading a sweep back.

Prints tables; `--mlflow-python P` puts MLflow beside it, `--wandb-python P` wandb's import.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench import machine, mlflow_server, server

ROUNDS = 7
PARTS = str(Path(__file__).with_name("sdk_parts.py"))
MLFLOW_PARTS = str(Path(__file__).with_name("mlflow_parts.py"))


def import_ms(python: str, statement: str) -> float:
    """Median processor time in ms of the statement in a fresh interpreter, the interpreter's own taken off."""

    def spent(source: str) -> float:
        before = os.times()
        subprocess.run(
            [python, "-c", source],
            check=True,
            env={**os.environ, **mlflow_server.ENVIRONMENT, "PYTHONPATH": paths},
        )
        after = os.times()
        return (
            after.children_user - before.children_user + after.children_system - before.children_system
        ) * 1000

    paths = str(server.ROOT) if python == sys.executable else ""
    spent(statement)  # compiles
    bare = machine.median([spent("pass") for _ in range(ROUNDS)])
    return machine.median([spent(statement) for _ in range(ROUNDS)]) - bare


def imports(options: argparse.Namespace) -> str:
    """The table of imports."""
    rows = [
        ("`import studio`", sys.executable, "import studio"),
        (
            "`from studio import Experiment, Run, Workspace`",
            sys.executable,
            "from studio import Experiment, Run, Workspace",
        ),
    ]
    if options.mlflow_python:
        rows.append(("`import mlflow`", options.mlflow_python, "import mlflow"))
    if options.wandb_python:
        rows.append(("`import wandb`", options.wandb_python, "import wandb"))
    body = [[name, f"{import_ms(python, statement):,.0f}"] for name, python, statement in rows]
    return machine.table(["import", "processor time, ms"], body)


def parts(python: str, script: str, what: str, environment: Mapping[str, str]) -> dict[str, float]:
    """Run one measurement in a process of its own; it prints one line of JSON on stderr."""
    done = subprocess.run(
        [python, script, what],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    lines = [
        line for line in done.stderr.splitlines() if line.startswith("{")
    ]  # the SDK has its own words there
    found: dict[str, float] = json.loads(lines[-1])
    return found


COSTS = ("p50_us", "cpu_us", "all_s")


def logging(options: argparse.Namespace, studio: server.Studio, folder: Path) -> str:
    """The table of log(), beside MLflow's log_metric where it is installed."""
    known = {"STUDIO_URL": studio.url, "STUDIO_TOKEN": studio.token, "PYTHONPATH": str(server.ROOT)}
    known["XDG_STATE_HOME"] = str(folder / "state")
    rows = []
    for name, what, url in (
        ("`run.log()`, the studio answers", "million", studio.url),
        ("`run.log()`, the studio is away", "million-away", "http://127.0.0.1:9"),
    ):
        found = parts(sys.executable, PARTS, what, {**known, "STUDIO_URL": url})
        costs = [f"{found[cell]:,.1f}" for cell in COSTS]
        rows.append([name, "1,000,000", *costs, f"{found['kept']:,.0f}", f"{found['grown_mb']:,.1f}"])
    head = ["call", "calls", "p50 µs", "processor µs a call", "all calls and end, s", "points kept"]
    return machine.table([*head, "memory grown, MB"], [*rows, *mlflow_logging(options, folder)])


def mlflow_logging(options: argparse.Namespace, folder: Path) -> list[list[str]]:
    """The same of MLflow: each call waiting for its server or for SQLite, and in its background thread."""
    if not options.mlflow_python:
        return []
    python = options.mlflow_python
    here = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/here.db", **mlflow_server.ENVIRONMENT}
    with mlflow_server.mlflow(Path(python), folder) as peer:
        there = {**here, "MLFLOW_TRACKING_URI": peer.url}
        asked = (
            ("MLflow, `log_metric()` to its server", "log", there),
            ("MLflow, `synchronous=False`", "log-in-background", there),
            ("MLflow, `log_metric()` to SQLite without a server", "log", here),
        )
        found = [
            (name, parts(python, MLFLOW_PARTS, what, {**known, "PYTHONPATH": ""}))
            for name, what, known in asked
        ]
    return [
        [name, f"{one['calls']:,.0f}", *(f"{one[cell]:,.1f}" for cell in COSTS), f"{one['kept']:,.0f}", ""]
        for name, one in found
    ]


def sweep(options: argparse.Namespace, studio: server.Studio, folder: Path) -> str:
    """The table of reading 300 child runs back."""
    known = {"STUDIO_URL": studio.url, "STUDIO_TOKEN": studio.token, "PYTHONPATH": str(server.ROOT)}
    found = parts(sys.executable, PARTS, "sweep", {**known, "XDG_STATE_HOME": str(folder)})
    rows = [["Run Studio, `get_metrics(recursive=True)`: every value", f"{found['read_s'] * 1000:,.0f}", "1"]]
    if options.mlflow_python:
        with mlflow_server.mlflow(Path(options.mlflow_python), folder) as peer:
            known = {"MLFLOW_TRACKING_URI": peer.url, "PYTHONPATH": "", **mlflow_server.ENVIRONMENT}
            theirs = parts(options.mlflow_python, MLFLOW_PARTS, "sweep", known)
        rows.append(["MLflow, `search_runs`: last values only", f"{theirs['last_s'] * 1000:,.0f}", "1"])
        rows.append(["MLflow, `get_metric_history`: every value", f"{theirs['all_s'] * 1000:,.0f}", "901"])
    return machine.table(["300 child runs, 3 metrics of 10 values", "ms", "requests"], rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow-python", metavar="P", help="a Python that has mlflow")
    parser.add_argument("--wandb-python", metavar="P", help="a Python that has wandb")
    parser.add_argument("--only", choices=("import", "log", "sweep"), help="one of the three tables")
    options = parser.parse_args()
    print(machine.describe(), "\n")
    if options.only in (None, "import"):
        print(imports(options), "\n", flush=True)
    with tempfile.TemporaryDirectory() as name, server.studio(Path(name)) as studio:
        if options.only in (None, "log"):
            print(logging(options, studio, Path(name)), "\n", flush=True)
        if options.only in (None, "sweep"):
            print(sweep(options, studio, Path(name)), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(server.ROOT))
    main()

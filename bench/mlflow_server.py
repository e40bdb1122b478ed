"""MLflow's own server beside ours, from an environment where it is installed."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.server import answers, free_port, process, wait_for

# It tells its makers about its use, unless told not to.
ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


@dataclass(frozen=True)
class MlflowServer:
    """Where it answers, and the process that started it."""

    host: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}:{self.port}"

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call its REST API."""
        request = urllib.request.Request(
            f"{self.url}/api/2.0/mlflow/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=120) as response:
            found: dict[str, Any] = json.load(response)
        return found

    def make_run(self) -> str:
        """A new run in its default experiment; returns the id."""
        made = self.post("runs/create", {"experiment_id": "0", "start_time": 1_700_000_000_000})
        return str(made["run"]["info"]["run_id"])


@contextmanager
def mlflow(python: Path, folder: Path, database: str = "") -> Iterator[MlflowServer]:
    """Run `mlflow server` as its guide says, on SQLite in the folder or on that PostgreSQL, until the block ends."""
    port = free_port()
    place = database or f"sqlite:///{folder}/mlflow.db"
    store = ["--backend-store-uri", place, "--artifacts-destination", str(folder)]
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), *store]
    words = folder / "mlflow.log"
    path = {"PATH": f"{python.parent}:/usr/bin:/bin", **ENVIRONMENT}
    with process(command, words, path) as server:
        found = MlflowServer("127.0.0.1", port, server.pid)
        wait_for(lambda: answers(f"{found.url}/health"), server, words)
        yield found


def version(python: Path) -> str:
    """Which MLflow it is."""
    code = "import mlflow; print(mlflow.__version__)"
    return subprocess.run(
        [str(python), "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()

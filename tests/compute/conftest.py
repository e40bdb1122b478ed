"""A studio with a worker, as `studio up` starts them, for tests that submit to real engines."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio import Experiment, Run, Workspace
from studio.client.console import LOG_NAME
from tests.conftest import FIRST_TOKEN, ROOT, Studio, free_port, own_database, serving


def until(said: Callable[[], object]) -> None:
    """Wait until something is so, as processes and engines take their time."""
    deadline = time.monotonic() + 90
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def printed(run: Run, folder: Path) -> str:
    """What the script has printed so far; the folder holds the copy."""
    if LOG_NAME not in run.get_file_names():
        return ""
    run.download_file(LOG_NAME, str(folder / "log.txt"))
    return (folder / "log.txt").read_text()


def reason_of(run: Run) -> str:
    """Why the run is in its status, as pages say it."""
    return str(run._client.get(f"runs/{run.id}/")["status_reason"])


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A real server with a database of its own; no worker yet."""
    data = tmp_path_factory.mktemp("compute-studio")
    url = f"http://127.0.0.1:{free_port()}"
    own = {
        "STUDIO_DATA": str(data),
        "STUDIO_PUBLIC_URL": url,
        "STUDIO_THREADS": "16",
        "PYTHONPATH": str(ROOT),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    environment = {**kept, **own, "DJANGO_SETTINGS_MODULE": "studio.settings", "TMPDIR": str(data)}
    if environment.get("DATABASE_URL"):
        environment["DATABASE_URL"] = own_database(environment["DATABASE_URL"])
    made = Studio(url, "", "default", data, environment)
    made.command("migrate", "--verbosity", "0")
    made.token = made.command("shell", "--verbosity", "0", "-c", FIRST_TOKEN).stdout.split()[-1]
    with serving(made):
        yield made


class Workers:
    """The worker of a studio, which a test may kill and start again."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to work."""
        with (self.studio.data / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "runs.worker"],
                cwd=ROOT,
                env=self.studio.environment,
                stdout=log,
                stderr=log,
            )

    def end(self, number: int = signal.SIGTERM) -> None:
        """Stop it, or kill it."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None


@pytest.fixture(scope="module")
def worker(studio: Studio) -> Iterator[Workers]:
    """A worker that works."""
    workers = Workers(studio)
    workers.start()
    yield workers
    workers.end()


@pytest.fixture
def real(studio: Studio, worker: Workers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workspace:
    """The workspace, as a script of its owner sees it."""
    for name in [name for name in os.environ if name.startswith("STUDIO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STUDIO_MONITOR", "0")
    return Workspace.from_config(url=studio.url, token=studio.token, workspace=studio.workspace)


@pytest.fixture
def experiment(real: Workspace) -> Experiment:
    """Where the tests submit to."""
    return Experiment(real, "submitted")

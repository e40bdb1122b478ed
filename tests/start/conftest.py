"""A real `studio up` in a process of its own, on a folder and a free port of its own."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 150
# A real studio takes its own settings, and no test opens a browser.
NOT_PASSED_ON = ("DJANGO_SETTINGS_MODULE", "DISPLAY", "WAYLAND_DISPLAY")


class Studio:
    """One data folder and the `up` that runs on it. Its processes are known by a mark in their environment."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.mark = f"up-{uuid.uuid4().hex}"
        kept = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
        self.environment = {**kept, "DATABASE_URL": database_url, "TEST_MARK": self.mark}
        self.process: subprocess.Popen[str] | None = None
        self.output = ""

    def command(self, *arguments: str) -> list[str]:
        """The command line of `up` on this folder."""
        return [sys.executable, "manage.py", "up", "--data", str(self.folder), "--port", "0", *arguments]

    def refused(self, *arguments: str) -> str:
        """What `up` says when it does not start."""
        ended = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert ended.returncode == 1, ended.stdout + ended.stderr
        return ended.stderr

    def start(self, *arguments: str) -> float:
        """Start it and wait until it says that it is ready; the seconds that took."""
        started = time.monotonic()
        self.process = subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if line.startswith("  Stop"):
                return time.monotonic() - started
        raise AssertionError(f"`up` ended before it was ready:\n{self.output}")

    def send(self, signal: int) -> None:
        """Send `up` alone a signal."""
        assert self.process is not None
        self.process.send_signal(signal)

    def pids(self, *, running: str = "") -> list[int]:
        """Its living processes, `up` itself among them; only those whose command line holds `running`."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if not entry.name.isdecimal() or self.mark.encode() not in (entry / "environ").read_bytes():
                    continue
                if running.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:  # ended meanwhile, or another user's
                continue
        return found

    def server_file(self) -> dict[str, Any]:
        """What server.json says."""
        found: dict[str, Any] = json.loads((self.folder / "server.json").read_text())
        return found


def until(is_so: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {PATIENCE_S} s in vain: {what}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that no test has started yet; whatever still runs is killed at the end."""
    with own_database() as url:
        made = Studio(tmp_path_factory.mktemp("up"), url)
        yield made
        for pid in made.pids():
            os.kill(pid, 9)
        if made.process:
            made.process.wait()


@contextmanager
def own_database() -> Iterator[str]:
    """A new database where the tests run on PostgreSQL; otherwise nothing, SQLite lies in the data folder."""
    server, name = os.environ.get("DATABASE_URL", ""), f"up_{uuid.uuid4().hex}"
    if not server:
        yield ""
        return
    execute(server, f"CREATE DATABASE {name}")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(server: str, statement: str) -> None:
    """Run one statement of PostgreSQL outside any transaction."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)

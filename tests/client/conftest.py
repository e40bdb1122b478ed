"""Fixtures of the client's tests: a studio that can misbehave, a home of their own, short waits."""

import json
import os
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from studio import Experiment, Run, Workspace
from studio.client import courier, heart, http, process, recorder
from studio.client.cli import main
from tests.client.fake_server import TOKEN, FakeStudio
from tests.client.wire import Wire

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder, an environment and recorders of this test alone; nothing waits longer than a moment."""
    for name in [name for name in os.environ if name.startswith(("STUDIO_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("STUDIO_MONITOR", "0")  # its own tests turn it on
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDIO_SNAPSHOT", "off")  # what they are about is not the folder they run in
    monkeypatch.setattr(recorder, "TICK_S", 0.02)
    monkeypatch.setattr(http, "BACKOFF_S", 0.01)
    monkeypatch.setattr(courier, "LONGEST_AWAY_S", 0.05)
    monkeypatch.setattr(heart, "BEAT_S", 0.05)
    monkeypatch.setattr(process, "_recorders", {})
    monkeypatch.setattr(process, "_open_runs", [])
    monkeypatch.setattr(process, "_cancelled", False)
    stdout, stderr = sys.stdout, sys.stderr
    yield tmp_path
    for left in list(process._recorders.values()):
        left._may_rest = lambda: True
        left._wake.set()
        if left._thread is not None:
            left._thread.join(1)
    sys.stdout, sys.stderr = stdout, stderr


@pytest.fixture
def studio() -> Iterator[FakeStudio]:
    fake = FakeStudio()
    yield fake
    fake.stop()


@pytest.fixture
def workspace(studio: FakeStudio) -> Workspace:
    return Workspace.from_config(url=studio.url, token=TOKEN)


@pytest.fixture
def experiment(workspace: Workspace) -> Experiment:
    return Experiment(workspace, "digits")


@pytest.fixture
def environment(studio: FakeStudio, home: Path) -> dict[str, str]:
    """What a script of its own process needs to find the studio."""
    return {**os.environ, "STUDIO_URL": studio.url, "STUDIO_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}


Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def script(environment: dict[str, str], home: Path) -> Script:
    """Runs a script as a user would, and returns how it ended."""

    def run(source: str, *, wait: bool = True, **more: str) -> "subprocess.CompletedProcess[str]":
        path = home / "train.py"
        path.write_text(FAST + textwrap.dedent(source))
        return subprocess.run(
            [sys.executable, path],
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    return run


FAST = """
from studio import Workspace, Experiment, Run
from studio.client import courier, http, recorder
recorder.TICK_S, http.BACKOFF_S, courier.LONGEST_AWAY_S = 0.02, 0.01, 0.05
"""


def until(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


class Cli:
    """`studio …` in this process: called with a command it returns (exit code, stdout, stderr)."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(str(left.code))
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def json(self, *arguments: str) -> Any:
        """What a command prints that must succeed."""
        code, out, err = self(*arguments)
        assert code == 0, err
        return json.loads(out)

    def refused(self, *arguments: str, code: int = 1) -> str:
        """The one line on stderr of a command that must end with this code."""
        ended, out, err = self(*arguments)
        assert (ended, out) == (code, ""), err
        assert err.startswith("studio: ") and err.count("\n") == 1, err
        return err.removeprefix("studio: ").rstrip("\n")


@pytest.fixture
def fake_cli(studio: FakeStudio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line, with the small studio."""
    monkeypatch.setenv("STUDIO_URL", studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", TOKEN)
    return Cli(capsys)


@pytest.fixture
def live_cli(live_studio: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line, with a real server and as its owner."""
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)
    return Cli(capsys)


@pytest.fixture
def live_experiment(live_studio: Any) -> Experiment:
    """An experiment of a real server."""
    space = Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )
    return Experiment(space, "snapshots")


@pytest.fixture
def sources(home: Path) -> Path:
    """A small program of its own content, so that no other test has sent it before."""
    root = home / "program"
    (root / "lib").mkdir(parents=True)
    (root / "train.py").write_text(f"print('hello')  # {home}\n")
    (root / "lib" / "data.py").write_text(f"rows = {str(home)!r}\n" * 100)
    (root / "run.sh").write_text(f"#!/bin/sh\n# {home}\n")
    (root / "run.sh").chmod(0o755)
    return root


def quiet(experiment: Experiment) -> Run:
    """Begin a run that keeps no sources by itself."""
    return experiment.start_logging(snapshot_directory=None)


def names_in(path: str) -> dict[str, bytes]:
    """Return the files of a zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def wire(live_studio: Any) -> Iterator[Wire]:
    """The way to the real server."""
    found = Wire(urlsplit(live_studio.url).port or 0)
    yield found
    found.cut()

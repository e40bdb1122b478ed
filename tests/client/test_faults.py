"""Submitted runs with a real server and real processes while things go wrong, many at once, and much at once."""

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, Run, ScriptRunConfig, Workspace
from tests.client.conftest import ROOT, until
from tests.client.wire import Wire

# A real outage lasts longer; what is tested does not depend on how long.
OUTAGE_S = float(os.environ.get("STUDIO_TEST_OUTAGE_S") or 3.0)
OUT, LOG = "user_logs/stdout.txt", "user_logs/std_log.txt"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("STUDIO_RUNS_FOLDER", str(tmp_path / "runs"))
    monkeypatch.setenv("STUDIO_CANCEL_GRACE_S", "0.5")


@pytest.fixture
def real(live_studio: Any) -> Workspace:
    return Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )


def submit(workspace: Workspace, home: Path, text: str, *arguments: str) -> Run:
    folder = home / "sources"
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(text)
    return Experiment(workspace, "faults").submit(ScriptRunConfig(folder, "train.py", list(arguments)))


def content(run: Run, name: str) -> bytes:
    run.download_file(name, "downloaded.log")
    return Path("downloaded.log").read_bytes()


COUNTING = """
import sys, time
from studio import Run
run, until = Run.get_context(), time.monotonic() + float(sys.argv[1])
number = 0
while time.monotonic() < until:
    print("line", number, flush=True)
    run.log("number", number)
    number += 1
    time.sleep(0.01)
open("outputs/last.txt", "w").write(str(number))
"""


@pytest.mark.slow
@pytest.mark.parametrize("ends", [pytest.param("after it", marks=pytest.mark.once), "during it"])
def test_nothing_is_lost_of_what_a_script_prints_while_the_studio_is_away(
    live_studio: Any, real: Workspace, wire: Wire, home: Path, ends: str
) -> None:
    away = Workspace.from_config(
        url=f"http://127.0.0.1:{wire.port}", token=live_studio.token, workspace=live_studio.workspace
    )
    run = submit(away, home, COUNTING, str(OUTAGE_S + 4 if ends == "after it" else 1.5))
    seen = Run.get(real, run.id)
    until(lambda: OUT in seen.get_file_names(), 30)
    wire.cut()
    time.sleep(OUTAGE_S)
    wire.mend()
    assert seen.wait_for_completion()["status"] == "Completed"
    count = int(content(seen, "outputs/last.txt"))
    assert content(seen, OUT).decode().splitlines() == [f"line {number}" for number in range(count)]
    # The merged log also holds what the script's own recorder says of the outage, on stderr.
    merged = [line for line in content(seen, LOG).decode().splitlines() if not line.startswith("studio: ")]
    assert merged == [f"line {number}" for number in range(count)]
    assert seen.get_metrics()["number"] == list(range(count))


def test_a_cancel_that_was_asked_while_the_way_was_cut_is_heard_afterwards(
    live_studio: Any, real: Workspace, wire: Wire, home: Path
) -> None:
    away = Workspace.from_config(
        url=f"http://127.0.0.1:{wire.port}", token=live_studio.token, workspace=live_studio.workspace
    )
    run = submit(away, home, "import time; print('ready', flush=True); time.sleep(60)")
    seen = Run.get(real, run.id)
    until(lambda: OUT in seen.get_file_names(), 30)
    wire.cut()
    seen.cancel()
    assert seen.get_status() == "CancelRequested"
    wire.mend()
    until(lambda: seen.get_status() == "Canceled", 30)


@pytest.mark.slow
def test_20_runs_at_once_each_with_its_own_log(real: Workspace, home: Path) -> None:
    text = "import sys\nfrom studio import Run\nRun.get_context().log('own', int(sys.argv[1]))\nprint(sys.argv[1])\n"
    runs = [submit(real, home, text, str(number)) for number in range(20)]
    for number, run in enumerate(runs):
        assert run.wait_for_completion()["status"] == "Completed"
        assert content(run, OUT) == f"{number}\n".encode()
        assert run.get_metrics() == {"own": number}


@pytest.mark.slow
@pytest.mark.once
def test_a_script_that_prints_100_mb_is_kept_byte_for_byte(real: Workspace, home: Path) -> None:
    text = "import sys\nfor n in range(1000):\n    sys.stdout.write((f'{n:07d}' + 'x' * 92 + '\\n') * 1049)\n"
    run = submit(real, home, text)
    assert run.wait_for_completion()["status"] == "Completed"
    wanted = hashlib.sha256()
    for number in range(1000):
        wanted.update((f"{number:07d}" + "x" * 92 + "\n").encode() * 1049)
    for name in (OUT, LOG):
        found = content(run, name)
        assert (len(found), hashlib.sha256(found).hexdigest()) == (104_900_000, wanted.hexdigest())


@pytest.mark.slow
def test_200_children_are_made_and_cancelled_together(real: Workspace) -> None:
    parent = Experiment(real, "faults").start_logging(interrupt_on_cancel=False, snapshot_directory=None)
    children = [*parent.create_children(100), *parent.create_children(100)]
    real.client.post(f"runs/{parent.id}/cancel/", {"children": True})
    until(lambda: parent.cancel_requested, 20)
    parent.complete()
    assert parent.get_status() == "Canceled"
    assert [one.status for one in parent.get_children()] == ["Canceled"] * len(children)

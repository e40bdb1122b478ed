"""`studio run exec`: what a supervisor does with a run on any machine, and what is left when something is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, Run, ScriptRunConfig, Workspace
from studio.client import submission
from studio.client.run_folder import folder_of
from tests.client.conftest import ROOT, until

LOG, OUT, ERR = "user_logs/std_log.txt", "user_logs/stdout.txt", "user_logs/stderr.txt"
Submit = Callable[..., Run]


@pytest.fixture
def real(live_studio: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workspace:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("STUDIO_RUNS_FOLDER", str(tmp_path / "runs"))
    monkeypatch.setenv("STUDIO_CANCEL_GRACE_S", "0.5")
    return Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )


@pytest.fixture
def submit(real: Workspace, home: Path) -> Submit:
    """Submits a script of this text, named train.py, from a folder of its own."""

    def submitted(text: str, **options: Any) -> Run:
        folder = home / f"project-{time.monotonic_ns()}"
        folder.mkdir()
        (folder / "train.py").write_text(text)
        return Experiment(real, "supervised").submit(ScriptRunConfig(folder, "train.py", **options))

    return submitted


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def noted_pids(path: Path, count: int) -> list[int]:
    """The process ids that a script wrote there."""
    until(lambda: path.exists() and len(path.read_text().split()) == count, 30)
    return [int(word) for word in path.read_text().split()]


def text_of(run: Run, name: str) -> str:
    return str(run.get_details_with_logs()["logFiles"].get(name, ""))


def error_of(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.wait_for_completion(raise_on_error=False)["error"]["error"]
    return found


def ready(real: Workspace, home: Path, text: str, **definition: Any) -> tuple[str, str]:
    """A run that waits for a machine, with its sources, and a token for it: what an engine is given."""
    folder = home / "sources"
    folder.mkdir()
    (folder / "train.py").write_text(text)
    body = {"experiment": "supervised", "script": "train.py", "arguments": ["--name", "a 'b' \"c\""]}
    found = real.client.post(f"workspaces/{real.name}/runs/", {**body, "definition": definition})
    real.get_run(found["id"]).take_snapshot(folder)
    return found["id"], real.client.post(f"runs/{found['id']}/token/")["token"]


def execute(run_id: str, environment: dict[str, str], home: Path) -> "subprocess.CompletedProcess[str]":
    """Execute a run as an engine does: nothing but an address and a token, in a folder where nothing is."""
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home), "TMPDIR": str(home)}
    command = [sys.executable, "-m", "studio.client.cli", "run", "exec", run_id]
    return subprocess.run(
        command, env={**bare, **environment}, cwd="/", capture_output=True, text=True, timeout=60, check=False
    )


def test_a_run_is_executed_with_an_address_and_a_token_alone(real: Workspace, home: Path) -> None:
    run_id, token = ready(
        real,
        home,
        "import os, sys\n"
        "from studio import Run\n"
        "run = Run.get_context(allow_offline=False)\n"
        "run.log('score', 0.5)\n"
        "print(sys.argv[1:], os.environ['COLOUR'])\n"
        "print('careful', file=sys.stderr)\n"
        "print(os.environ['STUDIO_TOKEN'])\n"
        "open('outputs/model.bin', 'w').write('weights')\n",
        environment={"COLOUR": "dark red"},
    )
    done = execute(run_id, {"STUDIO_URL": real.client.url, "STUDIO_TOKEN": token}, home)
    assert done.returncode == 0, done.stderr
    run = real.get_run(run_id)
    assert run.get_status() == "Completed"
    assert run.get_metrics() == {"score": 0.5}
    assert "outputs/model.bin" in run.get_file_names()
    words = "['--name', 'a \\'b\\' \"c\"'] dark red\n"
    number = token.split("_")[1]
    assert text_of(run, OUT) == f"{words}studio_{number}_***\n"
    assert text_of(run, ERR) == "careful\n"
    assert sorted(text_of(run, LOG).splitlines()) == sorted(
        (text_of(run, OUT) + text_of(run, ERR)).splitlines()
    )
    assert token.split("_", 2)[2] not in done.stdout + done.stderr
    assert not any((home / f"studio_runs_{os.getuid()}").iterdir())  # nothing stays of a run that is over
    again = execute(run_id, {"STUDIO_URL": real.client.url, "STUDIO_TOKEN": token}, home)
    assert "has already ended as Completed" in again.stderr and again.returncode == 0


def test_a_run_that_is_not_there_or_not_submitted_is_told_in_a_sentence(real: Workspace, home: Path) -> None:
    environment = {"STUDIO_URL": real.client.url, "STUDIO_TOKEN": real.client.identity[1]}
    done = execute("no-such-run", environment, home)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("studio: There is no run 'no-such-run' here")
    with Experiment(real, "supervised").start_logging() as run:
        done = execute(run.id, environment, home)
    assert (done.returncode, "was not submitted" in done.stderr) == (1, True)


def test_the_script_has_a_token_for_its_run_alone(real: Workspace, submit: Submit) -> None:
    run = submit(
        "import os\n"
        "from studio import Run, Workspace, Experiment\n"
        "run = Run.get_context()\n"
        "with run.child_run('a child') as child:\n"
        "    child.log('depth', 1)\n"
        "try:\n"
        "    list(Workspace.from_config().get_runs())\n"
        "except Exception as refusal:\n"
        "    print(refusal)\n"
    )
    run.wait_for_completion()
    assert "This token belongs to one run: it reads and changes that run and its children" in text_of(
        run, OUT
    )
    assert [child.get_metrics() for child in run.get_children()] == [{"depth": 1}]


def test_bytes_that_are_no_text_arrive_as_they_were_printed(submit: Submit) -> None:
    run = submit(
        "import sys, time\n"
        "write = sys.stdout.buffer.write\n"
        "write(b'\\xff\\xfe\\x00\\r50%\\r100%\\n' + 'h\\u00e4'.encode()[:2]); sys.stdout.flush()\n"
        "time.sleep(0.1)\n"
        "write('h\\u00e4'.encode()[2:] + b'\\xe2\\x82')\n"
    )
    run.wait_for_completion()
    run.download_file(OUT, "log.bin")
    assert Path("log.bin").read_bytes() == b"\xff\xfe\x00\r50%\r100%\n" + "hä".encode() + b"\xe2\x82"


DAEMONS = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(os.environ["PIDS"], "a") as pids:
    for kind in ("child", "session", "double"):
        pid = os.fork()
        if pid == 0:
            if kind != "child":
                os.setsid()
            if kind == "double" and os.fork():
                os._exit(0)
            pids.write(f"{os.getpid()} ")
            pids.flush()
            os.closerange(0, 3)
            time.sleep(60)
            os._exit(0)
    pids.write(f"{os.getpid()} ")
LAST
"""


@pytest.fixture
def daemons(
    submit: Submit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[Run, list[int]]]:
    """A script that forks three daemons, which ignore SIGTERM, and then does as told; its run and their ids."""

    def started(last: str) -> tuple[Run, list[int]]:
        path = home / f"pids-{time.monotonic_ns()}"
        monkeypatch.setenv("PIDS", str(path))
        run = submit(DAEMONS.replace("LAST", last))
        return run, noted_pids(path, 4)

    return started


def test_daemons_of_a_script_do_not_outlive_it(daemons: Any) -> None:
    run, pids = daemons("sys.exit(0)")
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    assert not any(alive(pid) for pid in pids)


def test_daemons_of_a_script_are_gone_when_its_run_is_canceled(daemons: Any) -> None:
    run, pids = daemons("time.sleep(60)")
    run.cancel()
    until(lambda: run.get_status() == "Canceled", 15)
    assert not any(alive(pid) for pid in pids)


def test_a_supervisor_that_is_killed_leaves_nothing_and_the_run_says_so(daemons: Any) -> None:
    run, pids = daemons("print('the last words', flush=True); time.sleep(60)")
    submission._supervisors[run.id].send_signal(signal.SIGKILL)
    until(lambda: not any(alive(pid) for pid in pids), 15)
    error = error_of(run)
    assert error["code"] == "SupervisorKilled"
    assert error["message"] == "The supervisor of the script was killed, so the script was stopped."
    assert run.get_status() == "Failed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_supervisor_that_somebody_else_stops_is_no_cancel(daemons: Any, number: signal.Signals) -> None:
    """The time limit of a cluster, a `scancel`, a Ctrl-C in front of it: nobody canceled the run."""
    run, pids = daemons("print('the last words', flush=True); time.sleep(60)")
    submission._supervisors[run.id].send_signal(number)
    error = error_of(run)
    assert (run.get_status(), error["code"]) == ("Failed", "SupervisorStopped")
    assert error["message"].startswith(f"The supervisor of the script was stopped by {number.name}")
    assert text_of(run, OUT) == "the last words\n"
    assert not any(alive(pid) for pid in pids)


def test_a_supervisor_that_is_stopped_before_it_hears_of_a_cancel_is_canceled(
    real: Workspace, daemons: Any
) -> None:
    run, pids = daemons("time.sleep(60)")
    supervisor = submission._supervisors[run.id]
    supervisor.send_signal(signal.SIGSTOP)
    real.client.post(f"runs/{run.id}/cancel/")
    supervisor.send_signal(signal.SIGTERM)
    supervisor.send_signal(signal.SIGCONT)
    until(lambda: run.get_status() == "Canceled", 15)
    until(lambda: not any(alive(pid) for pid in pids), 15)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_guard_that_is_killed_leaves_nothing_and_the_run_says_so(daemons: Any) -> None:
    run, pids = daemons("time.sleep(60)")
    script = next(
        parent_of(pid) for pid in pids if parent_of(pid) in pids
    )  # in what order they wrote is chance
    os.kill(parent_of(script), signal.SIGKILL)
    assert error_of(run)["code"] == "GuardKilled"
    assert not any(alive(pid) for pid in pids)


def test_a_run_that_a_script_submits_goes_on_when_the_script_ends(submit: Submit, home: Path) -> None:
    run = submit(
        "from studio import Run, ScriptRunConfig\n"
        "child = Run.get_context().submit_child(ScriptRunConfig('.', command='sleep 2; echo still here'))\n"
        "print(child.id)\n"
    )
    run.wait_for_completion()
    child = next(run.get_children())
    assert child.wait_for_completion()["status"] == "Completed"
    assert text_of(child, OUT) == "still here\n"


def test_a_traceback_is_told_with_the_last_lines(submit: Submit) -> None:
    run = submit("def train():\n    print('epoch 1')\n    raise ValueError('it diverges')\ntrain()\n")
    error = error_of(run)
    assert (error["code"], error["details"]["exit_code"]) == ("ExitCode", "1")
    assert error["message"] == "The script ended with exit code 1. ValueError: it diverges"
    assert error["details"]["debug_stack_trace"].startswith("Traceback (most recent call last)")
    assert "in train" in error["details"]["debug_stack_trace"]
    assert "epoch 1" in error["details"]["last_lines"]


def test_the_folder_of_a_run_is_gone_when_it_is_over(submit: Submit) -> None:
    run = submit("print(1)")
    run.wait_for_completion()
    until(lambda: not folder_of(run.id).exists(), 15)


def test_a_run_is_run_again_with_other_arguments(
    real: Workspace, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    first = submit("import sys; print(sys.argv[1:])", arguments=["--lr", "0.1"])
    first.wait_for_completion()
    second = first.resubmit(["--lr", 'it\'s "0.2"'], display_name="slower")
    assert second.wait_for_completion()["status"] == "Completed"
    assert text_of(second, OUT) == "['--lr', 'it\\'s \"0.2\"']\n"
    assert second.get_snapshot_id() == first.get_snapshot_id()
    assert real.client.get(f"runs/{second.id}/")["resubmitted_from"] == first.id


def test_a_supervisor_that_cannot_begin_is_told_at_once(
    submit: Submit, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    broken = home / "python"
    broken.write_text("#!/bin/sh\necho 'no such module' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    error = error_of(submit("print(1)"))
    assert error["message"] == "The supervisor of the script could not begin: no such module"

"""Scripts submitted to this machine, with a real server and real processes."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from studio import Environment, Experiment, Run, RunConfiguration, ScriptRunConfig, Workspace
from studio.client.run_folder import folder_of
from studio.exceptions import (
    ActivityFailedException,
    ComputeTargetException,
    ExperimentExecutionException,
    UserErrorException,
)
from tests.client.conftest import ROOT, until


@pytest.fixture
def real(live_studio: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workspace:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("STUDIO_RUNS_FOLDER", str(tmp_path / "runs"))
    return Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )


@pytest.fixture
def experiment(real: Workspace) -> Experiment:
    return Experiment(real, "submitted")


@pytest.fixture
def source(home: Path) -> Path:
    folder = home / "project"
    folder.mkdir()
    return folder


def script(source: Path, text: str) -> Path:
    (source / "train.py").write_text(text)
    return source


GOOD = """
import os, subprocess, sys
from pathlib import Path
from studio import Run
print("Hello", sys.argv[1:], os.environ["GREETING"])
run = Run.get_context()
assert Run.get_context() is run
run.log("score", 0.5)
Path("outputs").mkdir(exist_ok=True)
Path("outputs/model.bin").write_text("weights")
subprocess.run([sys.executable, "-c", "from studio import Run; Run.get_context(False).log('from a child', 1)"])
run.complete()
print("status", run.get_status())
"""


def test_a_script_runs_is_shown_and_completes(experiment: Experiment, source: Path, capsys) -> None:
    config = ScriptRunConfig(script(source, GOOD), "train.py", ["--lr", "0.1 or so", 'it\'s "fine"'])
    config.run_config.environment_variables["GREETING"] = "hi"
    run = experiment.submit(config, tags={"team": "vision"})
    assert run.id.startswith("submitted_") and len(run.id.split("_")) == 3
    (source / "train.py").write_text("raise SystemExit(9)")  # it has its own copy
    capsys.readouterr()
    details = run.wait_for_completion(show_output=True)
    page = run.get_portal_url()
    assert capsys.readouterr().out == (
        f"RunId: {run.id}\nWeb View: {page}\n\n"
        f"Streaming user_logs/std_log.txt\n{'=' * 31}\n\n"
        "Hello ['--lr', '0.1 or so', 'it\\'s \"fine\"'] hi\nstatus Running\n\n"
        f"Execution Summary\n=================\nRunId: {run.id}\nWeb View: {page}\n\n"
    )
    assert (details["status"], details["target"], run.type) == ("Completed", "local", "studio.scriptrun")
    assert run.get_metrics() == {"score": 0.5, "from a child": 1}
    assert run.get_tags() == {"team": "vision"}
    assert "outputs/model.bin" in run.get_file_names()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import sys; sys.exit(3)", "The script ended with exit code 3."),
        ("raise ValueError('boom')", "The script ended with exit code 1. ValueError: boom"),
        ("import os; os.kill(os.getpid(), 9)", "The script was ended by SIGKILL."),
        (
            "from studio import Run\nRun.get_context()\nraise ValueError('boom')",
            "User program failed with ValueError: boom",
        ),
        ("from studio import Run\nRun.get_context().fail('too bad', 'E7')", "too bad"),
    ],
)
def test_a_script_that_fails_says_why(experiment: Experiment, source: Path, text: str, message: str) -> None:
    run = experiment.submit(ScriptRunConfig(script(source, text), "train.py"))
    with pytest.raises(ActivityFailedException, match="Activity Failed:\n") as failure:
        run.wait_for_completion()
    assert failure.value.error_details["error"]["message"] == message
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Failed"
    assert details["error"]["error"]["details"]["exit_code"]


def test_cancel_right_after_submit_ends_canceled(experiment: Experiment, source: Path) -> None:
    run = experiment.submit(ScriptRunConfig(script(source, "import time; time.sleep(60)"), "train.py"))
    run.cancel()
    assert run.get_status() == "Canceled"
    assert run.wait_for_completion()["status"] == "Canceled"


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"])
open("outputs_pids", "w").write(f"{os.getpid()} {child.pid}")
print("ready")
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # also between opening and reading
        return False
    return state != "Z"


def pids(run: Run) -> list[int]:
    path = folder_of(run.id) / "code" / "outputs_pids"
    until(lambda: path.exists() and len(path.read_text().split()) == 2, 20)
    return [int(pid) for pid in path.read_text().split()]


def test_a_script_that_ignores_term_is_killed_with_all_that_it_started(
    experiment: Experiment, source: Path, monkeypatch
) -> None:
    monkeypatch.setenv("STUDIO_CANCEL_GRACE_S", "0.5")
    run = experiment.submit(ScriptRunConfig(script(source, STUBBORN), "train.py"))
    started = pids(run)
    began = time.monotonic()
    run.cancel()
    until(lambda: run.get_status() == "Canceled", 10)
    assert time.monotonic() - began < 8
    assert not any(alive(pid) for pid in started)


def test_a_run_that_is_failed_from_outside_stops(
    real: Workspace, experiment: Experiment, source: Path, monkeypatch
) -> None:
    monkeypatch.setenv("STUDIO_CANCEL_GRACE_S", "0.5")
    run = experiment.submit(ScriptRunConfig(script(source, STUBBORN), "train.py"))
    started = pids(run)
    real.get_run(run.id).fail("somebody saw that it diverges")
    until(lambda: not any(alive(pid) for pid in started), 20)
    assert run.get_status() == "Failed"


def test_a_script_has_its_time(experiment: Experiment, source: Path) -> None:
    config = ScriptRunConfig(
        script(source, "import time; time.sleep(60)"), "train.py", max_run_duration_seconds=1
    )
    error = experiment.submit(config).wait_for_completion(raise_on_error=False)["error"]["error"]
    assert (error["code"], error["message"]) == ("TooLong", "The script ran for longer than 1 s.")


def test_a_script_has_no_more_time_than_it_asked_its_engine_for(experiment: Experiment, source: Path) -> None:
    config = ScriptRunConfig(script(source, "import time; time.sleep(60)"), "train.py")
    config.run_config.resources.time_s = 1
    error = experiment.submit(config).wait_for_completion(raise_on_error=False)["error"]["error"]
    assert (error["code"], error["message"]) == ("TooLong", "The script ran for longer than 1 s.")


def test_a_command_instead_of_a_script(experiment: Experiment, source: Path) -> None:
    run = experiment.submit(ScriptRunConfig(source, command="echo one; echo two >&2"))
    run.wait_for_completion()
    assert sorted(run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"].split()) == ["one", "two"]
    words = experiment.submit(ScriptRunConfig(source, command=["echo", "a  b"]))
    words.wait_for_completion()
    assert words.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"] == "a  b\n"


def test_an_interpreter_that_is_missing(experiment: Experiment, source: Path) -> None:
    environment = Environment("own")
    environment.python.interpreter_path = "/nowhere/python"
    config = ScriptRunConfig(script(source, "1"), "train.py", environment=environment)
    error = experiment.submit(config).wait_for_completion(raise_on_error=False)["error"]["error"]
    assert error["message"] == "/nowhere/python could not be started: No such file or directory."


def test_a_child_is_submitted(experiment: Experiment, source: Path) -> None:
    with experiment.start_logging() as run:
        child = run.submit_child(ScriptRunConfig(script(source, "print(1)"), "train.py"))
        child.wait_for_completion()
    assert [one.id for one in run.get_children()] == [child.id]


BY_ITSELF = """
from studio import Experiment, Workspace
with Experiment(Workspace.from_config(), "by-itself").start_logging() as run:
    run.log("loss", 1.5)
"""


def test_a_program_that_begins_its_run_itself_is_submitted_as_it_is(
    experiment: Experiment, source: Path
) -> None:
    script(source, BY_ITSELF)
    run = experiment.submit(ScriptRunConfig(source_directory=str(source), script="train.py"))
    run.wait_for_completion()
    (child,) = run.get_children()
    assert child.get_status() == "Completed" and child.get_metrics() == {"loss": 1.5}


def test_a_run_that_its_own_program_began_is_run_again(
    live_studio: Any, real: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)
    monkeypatch.setenv("STUDIO_WORKSPACE", live_studio.workspace)
    script(source, BY_ITSELF + "print(run.id)\n")
    begun = subprocess.run(
        [sys.executable, "train.py", "--lr", "1"], cwd=source, check=True, capture_output=True, text=True
    )
    first = Run.get(real, begun.stdout.split()[-1])
    second = first.resubmit(["--lr", "2"])
    assert second.wait_for_completion()["status"] == "Completed"
    (child,) = second.get_children()
    assert child.get_metrics() == {"loss": 1.5}
    assert real.client.get(f"runs/{second.id}/")["arguments"] == ["--lr", "2"]


def test_what_cannot_be_submitted_is_refused_with_a_sentence(experiment: Experiment, source: Path) -> None:
    with pytest.raises(ExperimentExecutionException, match=r"train\.py script path doesn't exist"):
        experiment.submit(ScriptRunConfig(source, "train.py"))
    with pytest.raises(ExperimentExecutionException, match="There is no folder"):
        experiment.submit(ScriptRunConfig(source / "nowhere", "train.py"))
    with pytest.raises(ComputeTargetException, match="'gpu-cluster' does not exist in the workspace"):
        experiment.submit(ScriptRunConfig(source, command="true", compute_target="gpu-cluster"))
    with pytest.raises(UserErrorException, match="submit takes a ScriptRunConfig, not RunConfiguration"):
        experiment.submit(RunConfiguration())  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match="Please specify the script to run"):
        experiment.submit(ScriptRunConfig(source))
    with pytest.raises(TypeError, match="show_output"):
        experiment.submit(ScriptRunConfig(source, command="true"), show_output=True)
    assert list(experiment.get_runs(tags={"never": "made"})) == []

"""Scripts submitted to the machine of the server, with a real server, worker and processes."""

from pathlib import Path

import pytest

from studio import ComputeTarget, Environment, Experiment, RunConfiguration, ScriptRunConfig, Workspace
from studio.compute import ServerCompute
from studio.exceptions import ActivityFailedException, ComputeTargetException
from tests.compute.conftest import until
from tests.conftest import ROOT


@pytest.fixture
def target(real: Workspace) -> ComputeTarget:
    """The machine of the server, switched on; attached by the first test that asks."""
    if "the-server" in real.compute_targets:
        return real.compute_targets["the-server"]
    made = ComputeTarget.attach(real, "the-server", ServerCompute.attach_configuration(slots=4, enabled=True))
    made.wait_for_completion()
    return made


def config(folder: Path, script: str, *arguments: str) -> ScriptRunConfig:
    (folder / "train.py").write_text(script)
    around = Environment()
    around.environment_variables = {
        "PYTHONPATH": str(ROOT)
    }  # this checkout, also where another one is installed
    return ScriptRunConfig(folder, "train.py", [*arguments], compute_target="the-server", environment=around)


GOOD = """
import os, sys
from pathlib import Path
from studio import Run, ScriptRunConfig
run = Run.get_context()
print("Hello", sys.argv[1:])
run.log("score", 0.5)
Path("outputs").mkdir(exist_ok=True)
Path("outputs/model.bin").write_text("weights")
print("secrets:", [name for name in ("DATABASE_URL", "STUDIO_SECRET_KEY", "STUDIO_DATA") if name in os.environ])
child = run.submit_child(ScriptRunConfig(".", command="echo I am a child", compute_target="the-server"))
child.wait_for_completion()
"""


def test_a_script_and_its_child_run_there_and_tell_everything(target, experiment: Experiment, tmp_path: Path):
    run = experiment.submit(config(tmp_path, GOOD, "a b", "'c'"))
    assert run.get_status() in ("Queued", "Preparing", "Starting", "Running")
    run.wait_for_completion()
    found = run.get_details()
    assert (found["status"], found["target"]) == ("Completed", "the-server")
    assert run.get_metrics() == {"score": 0.5}
    assert "outputs/model.bin" in run.get_file_names()
    log = Path(run.get_all_logs(str(tmp_path / "logs"))[0]).parent
    printed = "\n".join(file.read_text() for file in log.rglob("*") if file.is_file())
    assert "Hello ['a b', \"'c'\"]" in printed and "secrets: []" in printed
    (child,) = run.get_children()
    assert (child.get_status(), child.get_details()["target"]) == ("Completed", "the-server")


def test_a_script_that_fails_is_reported(target, experiment: Experiment, tmp_path: Path):
    run = experiment.submit(config(tmp_path, "import sys; print('half'); sys.exit(3)"))
    with pytest.raises(ActivityFailedException, match="exit code 3"):
        run.wait_for_completion()


def test_a_script_is_cancelled(target, experiment: Experiment, tmp_path: Path):
    ready = tmp_path / "ready"
    run = experiment.submit(config(tmp_path, f"import time; open({str(ready)!r}, 'w'); time.sleep(600)"))
    until(ready.exists)
    run.cancel()
    until(lambda: run.get_status() == "Canceled")


def test_a_queued_run_is_canceled_at_once(target, experiment: Experiment, tmp_path: Path):
    target.disable()
    run = experiment.submit(config(tmp_path, "print(1)"))
    run.cancel()
    assert run.get_status() == "Canceled"
    target.enable()


def test_what_cannot_be_is_refused_with_a_sentence(target, real, experiment: Experiment, tmp_path: Path):
    (tmp_path / "train.py").write_text("print(1)")
    with pytest.raises(ComputeTargetException, match="'nowhere' does not exist in the workspace"):
        experiment.submit(ScriptRunConfig(tmp_path, "train.py", compute_target="nowhere"))
    with pytest.raises(ComputeTargetException, match="'nowhere' does not exist"):
        ComputeTarget(real, "nowhere")
    with pytest.raises(ComputeTargetException, match="already"):
        ComputeTarget.attach(real, "the-server", ServerCompute.attach_configuration())
    with pytest.raises(ComputeTargetException, match="is made by"):
        ComputeTarget.attach(real, "other", {"kind": "local"})
    with pytest.raises(ComputeTargetException, match="this machine: it cannot be detached"):
        ComputeTarget(real, "local").detach()


def test_a_python_that_cannot_start_runs_is_told_and_detached(real: Workspace):
    wrong = ServerCompute.attach_configuration(python="/bin/false")
    made = ComputeTarget.attach(real, "wrong-python", wrong)
    with pytest.raises(ComputeTargetException, match="/bin/false cannot start runs"):
        made.wait_for_completion()
    made.detach()
    assert "wrong-python" not in real.compute_targets


def test_resources_travel_from_the_configuration_to_the_run(
    target, real, experiment: Experiment, tmp_path: Path
):
    wanted = RunConfiguration()
    wanted.target, wanted.script = target, "train.py"
    wanted.resources.cpus, wanted.resources.queue = 2, "gpu"
    (tmp_path / "train.py").write_text("print(1)")
    run = experiment.submit(ScriptRunConfig(tmp_path, run_config=wanted))
    found = real.client.get(f"runs/{run.id}/definition/")["resources"]
    assert found == {"cpus": 2, "gpus": None, "memory_mb": None, "time_s": None, "queue": "gpu"}
    run.wait_for_completion()

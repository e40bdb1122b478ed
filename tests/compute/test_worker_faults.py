"""Runs on the server's own machine while workers and supervisors are killed, stopped or race: real processes only."""

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from studio import ComputeTarget, Environment, Experiment, Run, ScriptRunConfig, Workspace
from studio.compute import ServerCompute
from tests.compute.conftest import Workers, until
from tests.conftest import ROOT, Studio

SLEEPS = "import time; print('here', flush=True); time.sleep(600)"
# Seconds; the real two minutes take too long for a test, and what happens then is the same.
SILENT_AFTER_S = 30


@pytest.fixture
def target(real: Workspace) -> ComputeTarget:
    """The machine of the server, attached by the first test that asks."""
    if "the-server" in real.compute_targets:
        return real.compute_targets["the-server"]
    made = ComputeTarget.attach(real, "the-server", ServerCompute.attach_configuration(slots=4, enabled=True))
    made.wait_for_completion()
    return made


@pytest.fixture
def experiment(real: Workspace, target: ComputeTarget) -> Experiment:
    return Experiment(real, "worker-faults")


def submit(experiment: Experiment, folder: Path, script: str) -> Run:
    (folder / "train.py").write_text(script)
    around = Environment()
    around.environment_variables = {"PYTHONPATH": str(ROOT)}
    return experiment.submit(
        ScriptRunConfig(folder, "train.py", compute_target="the-server", environment=around)
    )


def django(studio: Studio, code: str) -> str:
    """What a piece of code prints beside the server."""
    return studio.command("shell", "--verbosity", "0", "-c", f"from runs.models import *\n{code}").stdout


def supervisor_of(studio: Studio, run: Run) -> int:
    """Its process id, once it leads the script."""
    until(lambda: "user_logs/stdout.txt" in run.get_file_names())
    return int((studio.data / "compute" / run.id / "pid").read_text())


def below(pid: int) -> list[int]:
    """All processes under this one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [found for child in map(int, children) for found in (child, *below(child))]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def facts(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run._client.get(f"runs/{run.id}/")
    return found


@pytest.mark.slow
@pytest.mark.once
def test_a_supervisor_that_is_stopped_falls_silent_and_comes_back(
    studio: Studio, worker: Workers, experiment: Experiment, tmp_path: Path
) -> None:
    """Stopped by SIGSTOP, as a machine that hangs: its heartbeats cease, and go on.

    The first test, as a worker that begins waits a while before it calls a run silent.
    """
    django(studio, f"Workspace.objects.update(silent_after_s={SILENT_AFTER_S})")
    run = submit(experiment, tmp_path, SLEEPS)
    supervisor = supervisor_of(studio, run)
    os.kill(supervisor, signal.SIGSTOP)
    began = time.monotonic()
    until(lambda: run.get_status() == "NotResponding")
    assert time.monotonic() - began > SILENT_AFTER_S - 12  # a beat is written down every 10 s
    os.kill(supervisor, signal.SIGCONT)
    until(lambda: run.get_status() == "Running")
    run.cancel()
    until(lambda: run.get_status() == "Canceled")


def test_a_worker_that_is_killed_during_a_dispatch_leaves_runs_running_and_the_next_one_takes_over(
    studio: Studio, worker: Workers, experiment: Experiment, tmp_path: Path
) -> None:
    """Killed as soon as the supervisor may have been started: whatever it had written down, it happens once."""
    code = f"open({str(tmp_path / 'started')!r}, 'a').write('x'); import time\n"
    code += f"while not __import__('os').path.exists({str(tmp_path / 'go')!r}): time.sleep(0.02)"
    run = submit(experiment, tmp_path, code)
    until(lambda: (studio.data / "compute" / run.id / "pid").exists())
    worker.end(signal.SIGKILL)
    worker.start()
    until((tmp_path / "started").exists)
    (tmp_path / "go").touch()
    run.wait_for_completion()
    assert (tmp_path / "started").read_text() == "x"


@pytest.mark.parametrize(
    "moment", ["before it kills", pytest.param("as it has killed", marks=pytest.mark.once)]
)
def test_a_worker_that_is_killed_during_a_cancel_leaves_no_process_and_no_run_open(
    studio: Studio, worker: Workers, experiment: Experiment, tmp_path: Path, moment: str
) -> None:
    """The supervisor hears nothing, so that the worker has to end the job."""
    run = submit(experiment, tmp_path, SLEEPS)
    supervisor = supervisor_of(studio, run)
    family = [supervisor, *below(supervisor)]
    assert len(family) >= 3
    os.kill(supervisor, signal.SIGSTOP)
    run.cancel()
    assert run.get_status() == "CancelRequested"
    code = "from datetime import timedelta\nfrom django.utils import timezone\n"
    ago = "cancel_requested_at=timezone.now() - timedelta(minutes=1)"
    code += f"Run.objects.filter(public_id={run.id!r}).update({ago})"
    if moment == "before it kills":
        worker.end(signal.SIGKILL)
        django(studio, code)
        time.sleep(2)
        assert all(is_alive(pid) for pid in family)
    else:
        django(studio, code)
        until(lambda: not is_alive(supervisor))
        worker.end(signal.SIGKILL)
    worker.start()
    until(lambda: run.get_status() == "Canceled")
    until(lambda: not any(is_alive(pid) for pid in family))
    kinds = [event["kind"] for event in run._client.get(f"runs/{run.id}/events/")["results"]]
    assert kinds.count("canceled") == 1


def test_a_supervisor_that_is_killed_is_told_while_no_worker_works(
    studio: Studio, worker: Workers, experiment: Experiment, tmp_path: Path
) -> None:
    run = submit(experiment, tmp_path, SLEEPS)
    supervisor = supervisor_of(studio, run)
    family = [supervisor, *below(supervisor)]
    worker.end(signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: run.get_status() == "Failed")
    worker.start()
    assert facts(run)["error"]["code"] == "SupervisorKilled"
    until(lambda: not any(is_alive(pid) for pid in family))


@pytest.mark.skipif(not os.environ.get("DATABASE_URL"), reason="several workers work at once on PostgreSQL")
def test_two_workers_that_race_start_and_tell_everything_once(
    studio: Studio, worker: Workers, real: Workspace, experiment: Experiment, tmp_path: Path
) -> None:
    alert = {"name": "ends", "experiment": experiment.name, "statuses": ["ended"], "channel": "app"}
    made = real.client.post(f"workspaces/{real.name}/alerts/", alert)
    other = Workers(studio)
    other.start()
    try:
        noted = tmp_path / "started"
        code = f"import os; open({str(noted)!r}, 'a').write(os.environ['STUDIO_RUN_ID'] + '\\n')"
        runs = [submit(experiment, tmp_path, code) for _ in range(12)]
        for run in runs:
            assert run.wait_for_completion()["status"] == "Completed"
        wanted = {run.id: 1 for run in runs}
        assert Counter(noted.read_text().split()) == wanted
        for run in runs:
            events = run._client.get(f"runs/{run.id}/events/")["results"]
            assert [event["kind"] for event in events].count("dispatched") == 1
        told = (
            "import json\nprint(json.dumps([*AlertMoment.objects.filter(alert__name='ends', delivery__sent_at__isnull"
            "=False).values_list('run__public_id', flat=True)]))"
        )
        until(lambda: len(json.loads(django(studio, told))) >= len(runs))
        assert Counter(json.loads(django(studio, told))) == wanted
    finally:
        other.end()
        real.client.delete(f"workspaces/{real.name}/alerts/{made['id']}/")

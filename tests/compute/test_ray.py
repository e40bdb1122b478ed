"""Scripts submitted to a real Ray: `ray start --head`, in a network of its own, for it opens ports on every address.

Needs root, and RAY_PYTHON: the Python of an environment with `pip install 'ray[default]'`. Skipped without.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runs.compute.engine import Order
from runs.compute.ray import RayEngine
from runs.definition import Resources
from studio import ComputeTarget, Environment, Experiment, RunConfiguration, ScriptRunConfig, Workspace
from studio.compute import RayCompute
from studio.exceptions import ActivityFailedException, ComputeTargetException
from tests.compute.conftest import Workers, printed, reason_of, until
from tests.conftest import ROOT, Studio

pytestmark = pytest.mark.slow

ADDRESS, TOKEN = "http://127.0.0.1:8265", "0123456789abcdef0123456789abcdef"
CLONE_NEWNET, SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8913, 0x8914, 1


@pytest.fixture(scope="module", autouse=True)
def network() -> Iterator[None]:
    """A network that holds loopback alone, for this thread and what it starts: studio, worker and Ray."""
    if not os.environ.get("RAY_PYTHON"):
        pytest.skip("RAY_PYTHON names no Python with Ray")
    if os.geteuid() != 0:
        pytest.skip("a network of its own takes root, and Ray opens ports on every address")
    if os.environ.get("DATABASE_URL"):
        pytest.skip("the database is in another network; what Ray is asked has nothing to do with it")
    libc = ctypes.CDLL(None, use_errno=True)
    outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    if libc.unshare(CLONE_NEWNET):
        pytest.skip(f"no network of its own: {os.strerror(ctypes.get_errno())}")
    try:
        with socket.socket() as asked:
            flags = struct.unpack(
                "16sh14x", fcntl.ioctl(asked, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
            )[1]
            fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
        yield
    finally:
        libc.setns(outside, CLONE_NEWNET)
        os.close(outside)


class Cluster:
    """A Ray of one machine with two processors."""

    def __init__(self, folder: Path) -> None:
        ray = Path(os.environ["RAY_PYTHON"]).with_name("ray")
        asked = "--head --block --node-ip-address=127.0.0.1 --num-cpus=2 --object-store-memory=80000000"
        words = [str(ray), "start", *asked.split(), "--disable-usage-stats", f"--temp-dir={folder}"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
        own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
        with (folder / "ray.out").open("wb") as log:
            self.process = subprocess.Popen(
                words, env={**kept, **own}, stdout=log, stderr=log, start_new_session=True
            )
        self.folder = folder

    def answers(self) -> bool:
        """Whether its dashboard does."""
        assert self.process.poll() is None, (self.folder / "ray.out").read_text()
        asked = urllib.request.Request(f"{ADDRESS}/api/version", headers={"Authorization": f"Bearer {TOKEN}"})
        try:
            return urllib.request.urlopen(asked, timeout=5).status == 200
        except OSError:
            return False

    def end(self) -> None:
        """Stop it, with everything that it started."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for process in processes(f"--temp-dir={self.folder}", str(self.folder)):
            os.kill(process, signal.SIGKILL)


def processes(*words: str) -> list[int]:
    """The numbers of the processes that have one of these in their command."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_text()
            except OSError:
                continue
            if any(word in command for word in words):
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def cluster(network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The path of a socket is short."""
    made = Cluster(Path(tmp_path_factory.mktemp("r")))
    try:
        until(made.answers)
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def worker(studio: Studio, cluster: Cluster) -> Iterator[Workers]:
    """A worker that works once Ray does."""
    workers = Workers(studio)
    workers.start()
    yield workers
    workers.end()


@pytest.fixture
def target(real: Workspace) -> ComputeTarget:
    if "ray" in real.compute_targets:
        return real.compute_targets["ray"]
    return attached(real, "ray", TOKEN)


def attached(real: Workspace, name: str, token: str, python: str = sys.executable) -> ComputeTarget:
    wanted = RayCompute.attach_configuration(ADDRESS, token, private=True, python=python)
    made = ComputeTarget.attach(real, name, wanted)
    made.wait_for_completion()
    return made


def config(folder: Path, script: str, cpus: int = 1, target: str = "ray") -> ScriptRunConfig:
    (folder / "train.py").write_text(script)
    wanted = RunConfiguration()
    wanted.target, wanted.resources.cpus = target, cpus
    wanted.environment = Environment()
    return ScriptRunConfig(folder, "train.py", run_config=wanted)


def asked_again(target: ComputeTarget) -> dict[str, Any]:
    """What the studio says of the target after its worker has asked it once more."""
    target.workspace.client.post(f"workspaces/{target.workspace.name}/computetargets/{target.name}/test/")
    target.get_status()
    return target.serialize()


def test_a_script_runs_there_its_log_streams_and_it_submits_another(
    target: ComputeTarget, experiment: Experiment, tmp_path: Path
) -> None:
    # Ray counts its machines a little later than it answers.
    until(lambda: asked_again(target)["capacity"].get("CPUs") == "0 of 2 busy")
    go = tmp_path / "go"
    code = f"""
import os, time
from studio import Run, ScriptRunConfig
print("job", sorted(name for name in os.environ if "SECRET" in name or "DATABASE" in name), flush=True)
while not os.path.exists({str(go)!r}): time.sleep(0.05)
run = Run.get_context()
run.log("score", 1.5)
if run.parent is None:
    again = ScriptRunConfig(".", "train.py")
    again.run_config.target = "ray"
    run.submit_child(again).wait_for_completion()
"""
    run = experiment.submit(config(tmp_path, code))
    until(lambda: "job []" in printed(run, tmp_path))
    assert run.get_status() == "Running"
    go.touch()
    run.wait_for_completion()
    [child] = run.get_children()
    assert (run.get_metrics(), child.get_status()) == ({"score": 1.5}, "Completed")
    assert child.get_metrics() == {"score": 1.5}


def test_a_script_that_fails_is_reported(
    target: ComputeTarget, experiment: Experiment, tmp_path: Path
) -> None:
    run = experiment.submit(config(tmp_path, "raise ValueError('no data')"))
    with pytest.raises(ActivityFailedException, match="no data"):
        run.wait_for_completion()


def test_what_runs_and_what_waits_is_cancelled(
    target: ComputeTarget, experiment: Experiment, tmp_path: Path
) -> None:
    mark = f"sleep-{tmp_path.name}"
    script = f"import subprocess; print('here', flush=True); subprocess.run(['sleep', '600'], check=True)  # {mark}"
    first = experiment.submit(config(tmp_path, script, cpus=2))
    until(lambda: "here" in printed(first, tmp_path))
    sleeping = set(processes("sleep\x00600"))
    assert sleeping
    second = experiment.submit(config(tmp_path, "print(1)", cpus=2))
    until(lambda: "waits for free machines" in reason_of(second))
    second.cancel()
    first.cancel()
    until(lambda: (first.get_status(), second.get_status()) == ("Canceled", "Canceled"))
    until(lambda: not sleeping & set(processes("sleep\x00600")))


def test_the_id_of_a_run_starts_one_job(target: ComputeTarget, studio: Studio) -> None:
    """Ray answers 500 to an id that it has; what asks for it twice has died half-way, or is another worker."""
    engine = RayEngine(
        {"address": ADDRESS, "private": True, "python": sys.executable}, Path("/nowhere"), TOKEN
    )
    order = Order("gone-by-now", studio.url, "studio_0_x", "default", Resources())
    first = engine.submit(order)
    assert engine.submit(order) == first == engine.find("gone-by-now")
    answer = engine._ask("POST", "api/jobs/", engine._body(order, first))
    assert answer.status == 500 and engine._job(first) is not None
    engine.stop(first, hard=True)


def test_a_supervisor_that_cannot_start_fails_with_the_log_of_its_start(
    real: Workspace, target: ComputeTarget, experiment: Experiment, tmp_path: Path
) -> None:
    attached(real, "no-python", TOKEN, python="/no/such/python")
    run = experiment.submit(config(tmp_path, "print(1)", target="no-python"))
    with pytest.raises(ActivityFailedException, match="/no/such/python: not found"):
        run.wait_for_completion()


def test_a_token_that_is_not_taken_is_told(real: Workspace, target: ComputeTarget) -> None:
    with pytest.raises(ComputeTargetException, match="does not take the token of this target"):
        attached(real, "wrong-token", "0123456789abcdef0123456789abcdee")


def test_a_ray_that_is_gone_is_told(real: Workspace, target: ComputeTarget, cluster: Cluster) -> None:
    """The last of them: nothing answers afterwards."""
    cluster.end()
    until(lambda: f"Ray at {ADDRESS}" in asked_again(target)["state_reason"])

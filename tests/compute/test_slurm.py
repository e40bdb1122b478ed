"""Scripts submitted to a real Slurm: Debian's slurmctld, slurmd and munged as plain processes on loopback.

Needs `apt-get install slurm-wlm munge`; skipped without, unless STUDIO_REQUIRE_SLURM=1.
"""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import ComputeTarget, Environment, Experiment, RunConfiguration, ScriptRunConfig, Workspace
from studio.compute import SlurmCompute
from studio.exceptions import ActivityFailedException
from tests.compute.conftest import Workers, printed, reason_of, until
from tests.conftest import ROOT, Studio, free_port

pytestmark = pytest.mark.slow

CONFIGURATION = """
ClusterName=studio
SlurmctldHost=localhost(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ctld}
SlurmdPort={slurmd}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=2
EnforcePartLimits=ALL
NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file of configuration of a cluster of one machine with two processors."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if not shutil.which(name)]
    if missing:
        said = f"{', '.join(missing)} not found: apt-get install slurm-wlm munge"
        (pytest.fail if os.environ.get("STUDIO_REQUIRE_SLURM") else pytest.skip)(said)
    # The path of a socket is short.
    folder = Path(tmp_path_factory.mktemp("s"))
    for name in ("state", "spool"):
        (folder / name).mkdir()
    ports = {"ctld": free_port(), "slurmd": free_port()}
    conf = folder / "slurm.conf"
    conf.write_text(CONFIGURATION.format(folder=folder, user=getpass.getuser(), **ports))
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    munge = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.sock"]
    munge += [f"--{kind}-file={folder}/munged.{kind}" for kind in ("pid", "log", "seed")]
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    daemons = [munge, ["slurmctld", "-D"], ["slurmd", "-D", "-N", "localhost"]]
    started = []
    try:
        for words in daemons:
            with (folder / f"{words[0]}.out").open("wb") as log:
                started.append(subprocess.Popen(words, env=environment, stdout=log, stderr=log))
            if words is munge:
                until((folder / "munge.sock").exists)
        until(lambda: "idle" in slurm(conf, "sinfo", "-h", "-o", "%T"))
        assert {listening(port) for port in ports.values()} == {"127.0.0.1"}
        yield conf
    finally:
        for daemon in reversed(started):
            daemon.terminate()
            daemon.wait(30)


def slurm(conf: Path, *words: str) -> str:
    done = subprocess.run(words, env={**os.environ, "SLURM_CONF": str(conf)}, capture_output=True, text=True)
    return done.stdout


def listening(port: int) -> str:
    """The address that the port is open on."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, number = line.split()[1].split(":")
        if line.split()[3] == "0A" and int(number, 16) == port:
            return ".".join(str(part) for part in reversed(bytes.fromhex(address)))
    return "nowhere"


@pytest.fixture(scope="module")
def worker(studio: Studio, cluster: Path) -> Iterator[Workers]:
    """A worker that knows the cluster."""
    studio.environment["SLURM_CONF"] = str(cluster)
    workers = Workers(studio)
    workers.start()
    yield workers
    workers.end()


@pytest.fixture
def target(real: Workspace, tmp_path: Path) -> ComputeTarget:
    if "cluster" in real.compute_targets:
        return real.compute_targets["cluster"]
    made = ComputeTarget.attach(real, "cluster", SlurmCompute.attach_configuration(partition="main"))
    made.wait_for_completion()
    return made


def config(folder: Path, script: str, cpus: int = 1, target: str = "cluster") -> ScriptRunConfig:
    (folder / "train.py").write_text(script)
    wanted = RunConfiguration()
    wanted.target, wanted.resources.cpus, wanted.resources.time_s = target, cpus, 600
    wanted.environment = Environment()
    wanted.environment_variables = {"PYTHONPATH": str(ROOT)}
    return ScriptRunConfig(folder, "train.py", run_config=wanted)


def test_a_script_runs_there_and_its_log_streams(
    target, experiment: Experiment, cluster: Path, tmp_path: Path
):
    assert target.serialize()["capacity"] == {"Machines": "1 of 1 up", "CPUs": "0 of 2 busy"}
    go = tmp_path / "go"
    code = "import os, time\nfrom studio import Run\nprint('job', os.environ['SLURM_JOB_ID'], flush=True)\n"
    code += f"while not os.path.exists({str(go)!r}): time.sleep(0.05)\n"
    code += (
        "Run.get_context().log('score', 1.5)\nprint(sorted(name for name in os.environ if 'SECRET' in name))"
    )
    run = experiment.submit(config(tmp_path, code))
    until(lambda: "job " in printed(run, tmp_path))
    job = slurm(cluster, "squeue", "-h", "-o", "%A|%j|%T").strip()
    assert job.split("|")[1:] == [run.id, "RUNNING"]
    number = job.split("|")[0]
    told = slurm(cluster, "scontrol", "show", "job", number) + slurm(cluster, "ps", "-ef")
    told += slurm(cluster, "scontrol", "write", "batch_script", number, "-")
    assert run.id in told and "studio_" not in told.replace(f"studio_runs_{os.getuid()}", "")
    go.touch()
    run.wait_for_completion()
    assert run.get_metrics() == {"score": 1.5}
    assert printed(run, tmp_path) == f"job {number}\n[]\n"


def test_a_script_that_fails_is_reported(target, experiment: Experiment, tmp_path: Path):
    run = experiment.submit(config(tmp_path, "raise ValueError('no data')"))
    with pytest.raises(ActivityFailedException, match="no data"):
        run.wait_for_completion()


def test_what_runs_and_what_waits_is_cancelled(target, experiment: Experiment, cluster: Path, tmp_path: Path):
    first = experiment.submit(
        config(tmp_path, "import time; print('here', flush=True); time.sleep(600)", cpus=2)
    )
    until(lambda: "here" in printed(first, tmp_path))
    second = experiment.submit(config(tmp_path, "print(1)", cpus=2))
    until(lambda: second.id in slurm(cluster, "squeue", "-h", "-t", "PENDING", "-o", "%j"))
    until(lambda: waits(second))
    second.cancel()
    assert second.get_status() == "Canceled"
    first.cancel()
    until(lambda: first.get_status() == "Canceled")
    until(lambda: not slurm(cluster, "squeue", "-h", "-o", "%j"))


@pytest.mark.parametrize("by", ["time limit", "scancel"])
def test_what_slurm_ends_by_itself_failed_with_its_reason(
    target, experiment: Experiment, cluster: Path, tmp_path: Path, by: str
):
    """Nobody canceled it in the studio."""
    run = experiment.submit(config(tmp_path, "import time; print('here', flush=True); time.sleep(600)"))
    until(lambda: "here" in printed(run, tmp_path))
    job = slurm(cluster, "squeue", "-h", "-n", run.id, "-o", "%A").strip()
    words = ["scontrol", "update", f"JobId={job}", "EndTime=now"] if by == "time limit" else ["scancel", job]
    slurm(cluster, *words)
    said = "time limit" if by == "time limit" else "canceled in Slurm"
    until(lambda: f"Stopped by the target cluster: {said}." in reason_of(run))
    assert (run.get_status(), run.get_details()["error"]["error"]["code"]) == ("Failed", "SupervisorStopped")


def waits(run) -> bool:
    return "waits for free machines" in reason_of(run)


def test_what_slurm_refuses_fails_with_its_words(target, experiment: Experiment, tmp_path: Path):
    run = experiment.submit(config(tmp_path, "print(1)", cpus=64))
    with pytest.raises(ActivityFailedException, match="cluster refused the run"):
        run.wait_for_completion()


def test_a_supervisor_that_cannot_start_fails_with_the_log_of_its_start(
    real: Workspace, target, experiment: Experiment, tmp_path: Path
):
    wrong = SlurmCompute.attach_configuration(python="/no/such/python")
    ComputeTarget.attach(real, "no-python", wrong).wait_for_completion()
    run = experiment.submit(config(tmp_path, "print(1)", target="no-python"))
    with pytest.raises(ActivityFailedException, match="/no/such/python: not found"):
        run.wait_for_completion()


def test_a_partition_that_is_not_there_is_told(real: Workspace):
    made = ComputeTarget.attach(real, "no-partition", SlurmCompute.attach_configuration(partition="gpu"))
    with pytest.raises(Exception, match="the partition gpu has no machines"):
        made.wait_for_completion()

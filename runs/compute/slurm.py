"""Slurm, by its own commands on the studio's server: sbatch, squeue, scancel, sinfo.

A job has the id of its run as its name, by which one is found again whose number was lost. Slurm forgets ended jobs
after some minutes; the run itself tells how it ended, so that the engine is asked only for what the run cannot tell.
"""

import os
import shlex
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from runs.compute.engine import Engine, EngineAway, EngineRefused, Order, Seen, State, end_of

TIMEOUT_S = 20.0
# In sbatch's words: it could not ask, rather than was refused.
AWAY = (
    "unable to contact",
    "timed out",
    "temporarily",
    "connection",
    "establish",
    "communication",
    "slurm_persist",
)
WAITING = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"})
ON = frozenset(
    {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING", "RESV_DEL_HOLD"}
)
# What Slurm has ended a job for, in words for people.
STOPPED = {
    "TIMEOUT": "time limit",
    "DEADLINE": "its deadline has passed",
    "OUT_OF_MEMORY": "out of memory",
    "NODE_FAIL": "its machine failed",
    "BOOT_FAIL": "its machine did not boot",
    "PREEMPTED": "preempted by another job",
    "CANCELLED": "canceled in Slurm",
}
# In squeue's words, for people.
REASONS = {
    "Resources": "it waits for free machines",
    "Priority": "jobs of higher priority go first",
    "None": "",
    "BeginTime": "it begins later",
    "PartitionConfig": "the partition has no machine that gives so much",
    "PartitionNodeLimit": "the partition has no such machines",
    "ReqNodeNotAvail": "the machines it asks for are not available",
}


class SlurmEngine(Engine):
    """Batch jobs of the server's user."""

    def check(self) -> dict[str, str]:
        """Ask for the machines and their processors."""
        partition = str(self.settings.get("partition") or "")
        words = ["sinfo", "-h", "-N", "-o", "%N|%C|%t"]
        lines = self._asked([*words, f"--partition={partition}"] if partition else words).split()
        rows = {name: (cpus, state) for name, cpus, state in (line.split("|") for line in lines)}
        if not rows:
            where = f"the partition {partition}" if partition else "the cluster"
            raise EngineAway(f"Slurm answers, but {where} has no machines.")
        counts = [[int(part) for part in cpus.split("/")] for cpus, _ in rows.values()]
        busy, whole = sum(row[0] for row in counts), sum(row[3] for row in counts)
        up = sum(not state.startswith(("down", "drain", "fail", "unk")) for _, state in rows.values())
        return {"Machines": f"{up} of {len(rows)} up", "CPUs": f"{busy} of {whole} busy"}

    def submit(self, order: Order) -> str:
        """Hand the supervisor over as a batch script, which is read from stdin and holds no secret."""
        known = self.find(order.run_id)
        if known is not None:
            return known
        folder = self._shared()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise EngineAway(f"{folder} cannot be written: {problem.strerror}") from None
        log = str(self._log(order.run_id)).replace("%", "%%")
        fixed = ["sbatch", "--parsable", "--no-requeue", "--export=ALL", "--open-mode=append"]
        own = [f"--job-name={order.run_id}", f"--chdir={folder}", f"--output={log}"]
        script = f"#!/bin/sh\nexec {shlex.join(self.words(order.run_id))}\n"
        words = [*fixed, *own, *self._wishes(order)]
        done = _run(words, {**self.environment(order), **_slurm_s_own()}, script)
        said = _words_of(done.stderr)
        if done.returncode != 0:
            kind = EngineAway if any(word in said.lower() for word in AWAY) else EngineRefused
            raise kind(f"sbatch: {said or f'exit code {done.returncode}'}")
        return done.stdout.strip().split(";")[0]

    def _wishes(self, order: Order) -> list[str]:
        asked = order.resources
        partition = asked.queue or self.settings.get("partition")
        wishes = {
            "--partition": partition,
            "--account": self.settings.get("account"),
            "--cpus-per-task": asked.cpus,
            "--gpus": asked.gpus,
            "--mem": f"{asked.memory_mb}M" if asked.memory_mb else None,
            "--time": -(-asked.time_s // 60) if asked.time_s else None,  # whole minutes
        }
        return [f"{option}={value}" for option, value in wishes.items() if value]

    def find(self, run_id: str) -> str | None:
        """By the name of the job."""
        found = [row for row in self._jobs() if row[3] == run_id]
        return found[-1][0] if found else None

    def states(self, job_ids: Collection[str]) -> dict[str, Seen]:
        """One question for all of them."""
        rows = {job_id: (state, reason) for job_id, state, reason, _ in self._jobs()}
        return {job_id: _seen(*rows[job_id]) if job_id in rows else Seen(State.UNKNOWN) for job_id in job_ids}

    def _jobs(self) -> list[list[str]]:
        """Number, state, reason and name of each job of ours that Slurm remembers."""
        lines = self._asked(["squeue", "--me", "-h", "-t", "all", "-o", "%i|%T|%r|%j"]).splitlines()
        return [parts for line in lines if len(parts := line.strip().split("|", 3)) == 4]

    def stop(self, job_id: str, *, hard: bool) -> None:
        """Cancel the job; `hard` kills what runs of it at once."""
        if hard:
            _run(["scancel", "--full", "--signal=KILL", job_id], _plain())
        done = _run(["scancel", job_id], _plain())
        said = _words_of(done.stderr)
        if done.returncode != 0 and "invalid job id" not in said.lower():
            raise EngineAway(f"scancel: {said}")

    def start_log(self, run_id: str) -> str:
        """What the job printed, where server and machines share the folder."""
        return end_of(self._log(run_id))

    def forget(self, run_id: str) -> None:
        """Remove the file of its output."""
        try:
            self._log(run_id).unlink(missing_ok=True)
        except OSError:
            pass

    def _shared(self) -> Path:
        return Path(str(self.settings.get("folder") or self.folder))

    def _log(self, run_id: str) -> Path:
        return self._shared() / f"{run_id}.start.log"

    def _asked(self, words: Sequence[str]) -> str:
        done = _run(words, _plain())
        if done.returncode != 0:
            raise EngineAway(f"{words[0]}: {_words_of(done.stderr) or f'exit code {done.returncode}'}")
        return done.stdout


def _seen(state: str, reason: str) -> Seen:
    if state in WAITING:
        return Seen(State.QUEUED, REASONS.get(reason, reason))
    if state in ON:
        return Seen(State.RUNNING)
    if state in STOPPED:
        return Seen(State.ENDED, STOPPED[state], was_stopped=True)
    return Seen(State.ENDED, state.replace("_", " ").lower())


def _run(
    words: Sequence[str], environment: Mapping[str, str], script: str = ""
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            words,
            input=script,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except FileNotFoundError:
        raise EngineAway(f"{words[0]} is not installed on the machine of the studio's server.") from None
    except subprocess.TimeoutExpired:
        raise EngineAway(f"{words[0]} has not answered within {TIMEOUT_S:.0f} s.") from None
    except OSError as problem:
        raise EngineAway(f"{words[0]} cannot be started: {problem.strerror}") from None


def _plain() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LANG") if name in os.environ}
    return {**kept, **_slurm_s_own()}


def _slurm_s_own() -> dict[str, str]:
    return {name: os.environ[name] for name in ("SLURM_CONF",) if name in os.environ}


def _words_of(stderr: str) -> str:
    lines = [line.partition("error: ")[2] or line for line in stderr.strip().splitlines()]
    return " ".join(lines)[:1000]

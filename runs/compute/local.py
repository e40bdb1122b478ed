"""The machine of the server itself: each run is a process of the server's user, in a session of its own.

That a run was started, and whether it still is, is said by a lock on a file of its folder that the supervisor holds as
long as it lives: it outlasts a worker that dies at any moment, and no number of a process is mistaken for another.
"""

import fcntl
import os
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path
from shutil import rmtree

from runs.compute.engine import Engine, EngineAway, EngineRefused, Order, Seen, State, end_of

LOCK, PID, LOG = "held", "pid", "start.log"
# Notes its own number and becomes the supervisor: the number is there whatever happens to the worker.
NOTING = 'echo $$ > "$1" && shift && exec "$@"'
CHECK_TIMEOUT_S = 30

# Kept so that a supervisor that has ended is reaped.
_supervisors: list["subprocess.Popen[bytes]"] = []


class LocalEngine(Engine):
    """Processes on this machine. The id of a job is that of its run."""

    def check(self) -> dict[str, str]:
        """Try the Python that starts the runs."""
        python = self.words("")[0]
        order = Order("", "", "")
        try:
            subprocess.run(
                [python, "-c", "import studio.client.cli"],
                env=self.environment(order),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=CHECK_TIMEOUT_S,
            )
        except subprocess.CalledProcessError as problem:
            said = problem.stderr.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
            raise EngineAway(f"{python} cannot start runs, run-studio is missing there: {said[-1]}") from None
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise EngineAway(f"{python} cannot be started: {problem}") from None
        cpus = os.cpu_count() or 1
        return {"CPUs": str(cpus), "Memory": f"{_memory_bytes() / 2**30:.0f} GiB"}

    def submit(self, order: Order) -> str:
        """Start the supervisor, which takes over the lock."""
        folder = self._folder(order.run_id)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as problem:
            raise EngineAway(f"{folder} cannot be written: {problem.strerror}") from None
        try:
            if _take(lock) and not (folder / PID).exists():
                self._start(order, folder, lock)
        finally:
            os.close(lock)
        _supervisors[:] = [one for one in _supervisors if one.poll() is None]
        return order.run_id

    def _start(self, order: Order, folder: Path, lock: int) -> None:
        words = ["/bin/sh", "-c", NOTING, "sh", str(folder / PID), *self.words(order.run_id)]
        try:
            with (folder / LOG).open("wb") as log:
                _supervisors.append(
                    subprocess.Popen(
                        words,
                        cwd=folder,
                        env=self.environment(order),
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                        pass_fds=(lock,),
                    )
                )
        except (OSError, ValueError) as problem:
            raise EngineRefused(f"The supervisor could not be started: {problem}") from None

    def find(self, run_id: str) -> str | None:
        """By its lock, or by the number it noted."""
        folder = self._folder(run_id)
        return run_id if _is_held(folder) or (folder / PID).exists() else None

    def states(self, job_ids: Collection[str]) -> dict[str, Seen]:
        """Running while the lock is held."""
        return {job_id: self._state(job_id) for job_id in job_ids}

    def _state(self, job_id: str) -> Seen:
        folder = self._folder(job_id)
        if _is_held(folder):
            return Seen(State.RUNNING)
        return Seen(State.ENDED if (folder / PID).exists() else State.UNKNOWN)

    def stop(self, job_id: str, *, hard: bool) -> None:
        """Signal the supervisor: TERM lets it stop the script in its own way, after KILL its guard does."""
        folder = self._folder(job_id)
        if not _is_held(folder):
            return
        try:
            pid = int((folder / PID).read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if job_id.encode() in command:
                os.kill(pid, signal.SIGKILL if hard else signal.SIGTERM)
        except (OSError, ValueError):  # it has just ended, or has not yet noted its number
            return

    def start_log(self, run_id: str) -> str:
        """What the supervisor printed."""
        return end_of(self._folder(run_id) / LOG)

    def forget(self, run_id: str) -> None:
        """Remove its folder."""
        rmtree(self._folder(run_id), ignore_errors=True)

    def _folder(self, run_id: str) -> Path:
        if run_id in ("", ".", "..") or "/" in run_id or "\0" in run_id:
            raise EngineRefused(f"{run_id!r} is no id of a run.")
        return self.folder / run_id


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_held(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _take(lock)
    finally:
        os.close(lock)


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

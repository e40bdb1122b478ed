"""Executes one submitted script: its process group, its log, its cancel, its end.

`python -m studio.client.supervise FOLDER` is started by a submission and by nobody else.
"""

import codecs
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from studio.client.console import Capture
from studio.client.context import ERROR_FILE, EXPERIMENT, RUN_ID, noted_error
from studio.client.ending import COMPLETED, Ending, Terminated, canceled
from studio.client.errors import ServiceException
from studio.client.experiment import Experiment
from studio.client.folders import Folders
from studio.client.heart import Live
from studio.client.monitor import is_wanted
from studio.client.operation import change
from studio.client.process import add_open
from studio.client.run import Run
from studio.client.workspace import Workspace
from studio.parent_death import tied_to_me

LOOK_S = 0.1
START_PATIENCE_S = 60.0
GRACE_S = 10.0
TAIL_CHARACTERS = 4_000
END_S = 300.0


class Script:
    """A script that runs in a process group of its own. What it prints goes to `feed`."""

    def __init__(self, words: list[str], folder: Path, environment: dict[str, str], feed: Any) -> None:
        self.tail = ""
        self._feed = feed
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=tied_to_me(),  # no script outlives its supervisor, not even one that is killed
        )
        outputs = ((self.process.stdout, "o"), (self.process.stderr, "e"))
        self._readers = [threading.Thread(target=self._read, args=each, daemon=True) for each in outputs]
        for reader in self._readers:
            reader.start()

    def _read(self, output: IO[bytes], stream: str) -> None:
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while piece := os.read(output.fileno(), 1 << 16):
            text = decode(piece)
            self.tail = (self.tail + text)[-TAIL_CHARACTERS:]
            self._feed(text, stream)

    def is_running(self) -> bool:
        """Whether the script itself, not what it has started, still runs."""
        return self.process.poll() is None

    def stop(self, grace_s: float) -> None:
        """TERM to the whole group, KILL to what is left of it after the grace."""
        until = time.monotonic() + grace_s
        self._signal(signal.SIGTERM)
        while self._signal(0) and time.monotonic() < until:
            self.process.poll()
            time.sleep(LOOK_S / 2)
        self.clear()

    def clear(self) -> None:
        """Leave nothing behind of the group, and read its last words."""
        self._signal(signal.SIGKILL)
        self.process.wait()
        for reader in self._readers:
            reader.join(2)

    def _signal(self, number: int) -> bool:
        """Whether anything of the group was there to be told."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # all that is left are zombies, on some systems
            return False
        return True


def supervise(folder: Path) -> int:
    """Execute the script of a submission and say how its run ended. Returns the exit code for the shell."""
    order = json.loads((folder / "order.json").read_text())
    run = Run(Experiment._known(Workspace.from_config(), order["experiment"]), order["run"])
    if not _begin(run):
        return 0
    live, capture = _prepare(run, folder)
    try:
        script = Script(order["words"], folder / "code", _environment(order, folder), capture.feed)
    except OSError as problem:
        run._end(_failed(f"{order['words'][0]} could not be started: {problem.strerror}.", "NotStarted"))
        return 1
    live.watched_pid = script.process.pid
    ending = _watch(live, script, folder, order.get("longest_s"))
    if ending is not None:
        run._end(ending, END_S)
    return 0


def _begin(run: Run) -> bool:
    """Running from now on. False when the run has ended already: it was cancelled before it began."""
    operation = change(run.id, "begin", "start/", {"heartbeat": True})
    try:
        run._found = run._recorder.submit(operation).wait(START_PATIENCE_S) or run._found
    except ServiceException as refusal:
        print(f"The script is not started: {refusal}", file=sys.stderr)
        return False
    return True


def _prepare(run: Run, folder: Path) -> tuple[Live, Capture]:
    run._live = live = Live(
        run.id, f"Run {run.id}", run.get_portal_url(), interrupt=False, is_monitored=is_wanted(None)
    )
    run._capture = capture = run._recorder.listen(run.id)
    run._folders = Folders(run, folder / "code" / "outputs")
    run._recorder.follow(live)
    add_open(run)
    return live, capture


def _environment(order: dict[str, Any], folder: Path) -> dict[str, str]:
    environment = {**os.environ, **order["environment"]}
    environment["PYTHONPATH"] = order["environment"].get(
        "PYTHONPATH", environment.pop("STUDIO_SCRIPT_PYTHONPATH", "")
    )
    if not environment["PYTHONPATH"]:
        del environment["PYTHONPATH"]
    own = {RUN_ID: order["run"], EXPERIMENT: order["experiment"], ERROR_FILE: str(folder / "error.json")}
    return {**environment, **own, "PYTHONUNBUFFERED": "1"}


def _watch(live: Live, script: Script, folder: Path, longest_s: float | None) -> Ending | None:
    """Return how the run ended; None when somebody else has ended it."""
    grace_s = float(os.environ.get("STUDIO_CANCEL_GRACE_S") or GRACE_S)
    until = time.monotonic() + (longest_s or float("inf"))
    try:
        while script.is_running():
            if live.cancelled_by is not None:
                script.stop(grace_s)
                return canceled(f"cancelled by {live.cancelled_by}")
            if live.ended_elsewhere:
                script.stop(grace_s)
                return None
            if time.monotonic() > until:
                script.stop(grace_s)
                return _failed(f"The script ran for longer than {longest_s:,.0f} s.", "TooLong")
            time.sleep(LOOK_S)
    except Terminated:
        script.stop(grace_s)
        return canceled("terminated by SIGTERM")
    script.clear()
    return _ending_of(script, folder)


def _ending_of(script: Script, folder: Path) -> Ending:
    """By its exit code, and by what the script itself has noted of its failure."""
    code = script.process.returncode
    noted = noted_error(folder / "error.json")
    if noted is not None:
        noted["details"]["exit_code"] = str(code)
        return Ending("fail", f"failed ({noted['message']})", noted)
    if code == 0:
        return COMPLETED
    if code < 0:
        return _failed(f"The script was ended by {signal.Signals(-code).name}.", "Signal", script.tail, code)
    return _failed(
        f"The script ended with exit code {code}.{_last_word(script.tail)}", "ExitCode", script.tail, code
    )


def _last_word(tail: str) -> str:
    """The last line of a traceback says what went wrong."""
    lines = [line for line in tail.splitlines() if line.strip()]
    return f" {lines[-1].strip()}" if lines and "Traceback (most recent call last)" in tail else ""


def _failed(message: str, code: str, tail: str = "", exit_code: int | None = None) -> Ending:
    details = {"last_lines": tail} if tail else {}
    if exit_code is not None:
        details["exit_code"] = str(exit_code)
    return Ending("fail", f"failed ({message})", {"message": message, "code": code, "details": details})


if __name__ == "__main__":
    sys.exit(supervise(Path(sys.argv[1])))

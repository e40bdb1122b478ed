"""Executes one submitted run, on a laptop as on a cluster: its sources, its script, its cancel, its end.

`studio run exec RUN_ID` needs no more than STUDIO_URL and STUDIO_TOKEN, and of the run what the studio knows.
"""

import os
import sys
import threading
import time
from pathlib import Path
from shutil import rmtree
from typing import Any

from studio.client.address import RUN_ID
from studio.client.console import LOG_NAME
from studio.client.context import ERROR_FILE, EXPERIMENT, noted_error
from studio.client.descendants import SUPERVISOR
from studio.client.ending import Ending, Terminated, canceled
from studio.client.errors import (
    ExperimentExecutionException,
    ServiceException,
    StudioException,
    UnreachableException,
)
from studio.client.experiment import Experiment
from studio.client.folders import OUTPUTS, Folders
from studio.client.grace import grace_of
from studio.client.heart import Live
from studio.client.http import Request, segment
from studio.client.inherit import send_left_behind
from studio.client.monitor import is_wanted
from studio.client.notices import warn
from studio.client.operation import change
from studio.client.process import add_open, remove_open
from studio.client.run import Run
from studio.client.run_folder import CODE, ERROR, clear_old_folders, folder_of, holding
from studio.client.script_end import Over, could_not_end, ending_of, not_started, stopped, too_long
from studio.client.script_process import Script
from studio.client.sender import Sender
from studio.client.unpack import unpack
from studio.client.workspace import Workspace

LOOK_S = 0.1
# A worker may begin while the studio is restarted.
PATIENT_ATTEMPTS = 40
START_PATIENCE_S = 60.0
END_S = 300.0
FINALIZING_AFTER_S = 5.0
REFUSED_FOR_S = 60.0
UNSENT_PATIENCE_S, LOOK_AGAIN_S = 3600.0, 1.0
NOT_OURS = 401
OWN_LOGS = {"o": "user_logs/stdout.txt", "e": "user_logs/stderr.txt"}
PYTHONPATH_OF_SCRIPT = "STUDIO_SCRIPT_PYTHONPATH"


def supervise(run_id: str) -> int:
    """Execute the run and say how it ended; return the exit code for the shell: 0 once that is said.

    A run that has ended, that is cancelled before it begins, or that another supervisor on this machine has, is left
    alone. Raises StudioException when the studio cannot be asked what to execute.
    """
    os.environ[RUN_ID] = run_id
    asking = Workspace.from_config().client
    order = asking.json(Request("GET", f"runs/{segment(run_id)}/definition/"), attempts=PATIENT_ATTEMPTS)
    workspace = Workspace.from_config(workspace=order["workspace"])
    run = Run(Experiment._known(workspace, order["experiment"]), run_id)
    clear_old_folders()
    folder = folder_of(run_id)
    with holding(folder) as is_ours:
        if not is_ours:
            raise ExperimentExecutionException(f"The run {run_id} is being executed on this machine already.")
        Supervisor(run, order, folder).execute()
        _send_all(run, folder)
    return 0


class Supervisor:
    """One run in its folder."""

    def __init__(self, run: Run, order: dict[str, Any], folder: Path) -> None:
        self._run, self._order, self._folder = run, order, folder
        self._grace_s = grace_of(order["cancel_grace_seconds"])
        self._live = Live(run.id, f"Run {run.id}", run.get_portal_url(), interrupt=False, is_monitored=False)

    def execute(self) -> None:
        """Lead the run from here to its end."""
        try:
            self._step("begin", "stage/", {"status": "Preparing", "heartbeat": True})
        except Over as over:
            if over.ending is not None:
                self._run._end(over.ending)
            return
        self._come_alive()
        self._finish(self._run_to_its_end())

    def _run_to_its_end(self) -> Ending | None:
        try:
            self._prepare()
            return self._run_script()
        except Over as over:
            return over.ending
        except Terminated:
            return stopped("SIGTERM")
        except KeyboardInterrupt:
            return stopped("SIGINT")
        except (StudioException, OSError) as problem:
            return not_started(str(problem))

    def _step(self, kind: str, path: str, body: dict[str, Any]) -> None:
        """Take a step of the run's life. Raises Over when it is not to be executed any more."""
        operation = change(self._run.id, kind, path, body)
        try:
            found = self._run._recorder.submit(operation).wait(START_PATIENCE_S)
        except ServiceException as refusal:
            print(f"The script is not started: {refusal}", file=sys.stderr)
            # Of a run that was cancelled before it began nobody else can say that it does not run.
            was_cancelled = refusal.details.get("status") == "CancelRequested"
            raise Over(canceled("canceled before it began") if was_cancelled else None) from refusal
        self._run._found = found or self._run._found

    def _come_alive(self) -> None:
        run, recorder = self._run, self._run._recorder
        run._live = self._live
        self._capture = run._capture = recorder.listen(run.id, LOG_NAME)
        self._own_logs = {stream: recorder.listen(run.id, name) for stream, name in OWN_LOGS.items()}
        recorder.follow(self._live)
        add_open(run)

    def _feed(self, piece: bytes, stream: str) -> None:
        self._capture.feed(piece, stream)
        self._own_logs[stream].feed(piece)

    def _prepare(self) -> None:
        """Bring the sources, and say that the script begins."""
        code = self._folder / CODE
        if not code.is_dir():
            self._fetch(code)
        self._check_wanted()
        self._step("start", "start/", {"heartbeat": True})

    def _fetch(self, code: Path) -> None:
        snapshot = self._order["snapshot"]
        if snapshot is None and self._order["command"] is None:
            raise ExperimentExecutionException(
                f"The run has no snapshot of its sources, so there is no {self._order['script']} to run."
            )
        part = self._folder / "unpacking"
        rmtree(part, ignore_errors=True)
        part.mkdir()
        if snapshot is not None:
            archive = Path(self._run.restore_snapshot(snapshot, self._folder))
            unpack(archive, part)
            archive.unlink()
        part.rename(code)

    def _run_script(self) -> Ending | None:
        """Run it to its end, or stop it; None when somebody else has ended the run."""
        code = self._folder / CODE
        self._run._folders = Folders(self._run, code / OUTPUTS)
        words, environment = words_of(self._order), self._environment()
        script = Script(words, code, environment, feed=self._feed, grace_s=self._grace_s)
        self._live.watched_pid, self._live.is_monitored = script.pid, is_wanted(None)
        try:
            self._watch(script)
        except BaseException as told:
            script.stop(self._grace_s)
            left = script.finish()
            if isinstance(told, Over) and told.ending is not None:
                raise Over(told.ending.with_more(could_not_end(left))) from told
            raise
        left = script.finish()
        return ending_of(script, noted_error(self._folder / ERROR), left)

    def _watch(self, script: Script) -> None:
        """Return when the script has ended. Raises Over when it is to be stopped."""
        # Not every engine ends a job that takes longer than it asked for.
        limits_s = self._order["max_run_duration_seconds"], self._order["resources"]["time_s"]
        longest_s = min((limit_s for limit_s in limits_s if limit_s), default=float("inf"))
        until = time.monotonic() + longest_s
        while not script.wait(LOOK_S):
            self._check_wanted()
            if time.monotonic() > until:
                raise Over(too_long(script, longest_s))

    def _check_wanted(self) -> None:
        """Raise Over when somebody has cancelled the run, has ended it, or has closed the studio to it."""
        live = self._live
        if live.cancelled_by is not None:
            raise Over(canceled(f"canceled by {live.cancelled_by}"))
        if live.ended_elsewhere:
            raise Over(None)
        if live.refused_since is not None and time.monotonic() - live.refused_since > REFUSED_FOR_S:
            warn("The studio does not take this run's token any more: it was ended, or its person has left.")
            raise Over(None)

    def _environment(self) -> dict[str, str]:
        given = dict(os.environ)
        # What the supervisor itself is imported from is nothing that the script should import.
        given["PYTHONPATH"] = given.pop(PYTHONPATH_OF_SCRIPT, given.get("PYTHONPATH", ""))
        given |= self._order["environment"]
        given = {name: text for name, text in given.items() if name != SUPERVISOR}
        if not given["PYTHONPATH"]:
            del given["PYTHONPATH"]
        client = self._run._client
        own = {
            "STUDIO_URL": client.url,
            "STUDIO_TOKEN": client.identity[1],
            "STUDIO_WORKSPACE": self._order["workspace"],
            RUN_ID: self._run.id,
            EXPERIMENT: self._order["experiment"],
            ERROR_FILE: str(self._folder / ERROR),
            "PYTHONUNBUFFERED": "1",
        }
        return {**given, **own}

    def _finish(self, ending: Ending | None) -> None:
        """Send what is still here, then the end; a studio that is away is waited for."""
        finalizing = threading.Timer(FINALIZING_AFTER_S, self._say_finalizing)
        finalizing.daemon = True
        finalizing.start()
        self._send_the_rest()
        finalizing.cancel()
        if ending is not None:
            self._run._end(ending, END_S)
        else:
            self._live.end()
            self._run._recorder.release(self._capture)
            self._run._recorder.unfollow(self._live)
            remove_open(self._run)

    def _say_finalizing(self) -> None:
        body = {"status": "Finalizing", "reason": "its files are on their way"}
        self._run._recorder.submit(change(self._run.id, "stage", "stage/", body))

    def _send_the_rest(self) -> None:
        run = self._run
        for capture in self._own_logs.values():
            run._recorder.release(capture)
        if run._folders is not None:
            run._folders.finish()
            run._folders = None
        self._send_what_the_script_left()

    def _send_what_the_script_left(self) -> None:
        """What its processes had journaled and could not send any more, as they were killed or the studio was away."""
        client, run, until = self._run._client.twin(), self._run.id, time.monotonic() + _patience_s()
        while True:
            try:
                return send_left_behind(Sender(client), client.url, run)
            except UnreachableException as failure:
                if time.monotonic() > until or failure.status_code == NOT_OURS:
                    return None  # their journals stay where they are
                time.sleep(LOOK_AGAIN_S)


def words_of(order: dict[str, Any]) -> list[str]:
    """Return what is started, word by word. A command of one text is a line for the shell."""
    command = order["command"]
    if isinstance(command, str):
        return ["/bin/sh", "-c", command]
    if command is not None:
        return list(command)
    python = order["interpreter"]
    chosen = sys.executable if python in ("", "python") else python
    return [chosen, "-u", order["script"], *order["arguments"]]


def _patience_s() -> float:
    return float(os.environ.get("STUDIO_SUPERVISOR_PATIENCE_S") or UNSENT_PATIENCE_S)


def _send_all(run: Run, folder: Path) -> None:
    """Wait for a studio that is away: on a machine of a cluster nobody else would send what is left."""
    until = time.monotonic() + _patience_s()
    recorder = run._recorder
    while not recorder.flush(END_S) and recorder.journal.count():
        if time.monotonic() > until:
            warn(f"{recorder.journal.count()} batches stay on this machine: `studio sync` sends them.")
            return
        time.sleep(LOOK_AGAIN_S)
    rmtree(folder, ignore_errors=True)

"""A run: one execution of a program, with what it logged, its children and how it ended."""

import sys
import uuid
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from studio.client.console import Capture
from studio.client.ending import COMPLETED, Ending, canceled, ending_for, failed
from studio.client.errors import ServiceException
from studio.client.family import RunFamily
from studio.client.folders import Folders
from studio.client.heart import ENDED, Live
from studio.client.http import segment
from studio.client.labels import RunLabels, param_values, tag_text
from studio.client.metrics import RunMetrics
from studio.client.model import RunModels
from studio.client.monitor import is_wanted
from studio.client.notebook import RunShown
from studio.client.notices import say, warn
from studio.client.operation import change, creation, now_text
from studio.client.process import EXIT_FLUSH_S, add_open, note_cancelled, open_runs, remove_open
from studio.client.record import PROMPT_S
from studio.client.run_snapshot import RunSnapshot
from studio.client.waiting import RunWaiting

if TYPE_CHECKING:
    from studio.client.experiment import Experiment
    from studio.client.offline_run import OfflineRun
    from studio.client.workspace import Workspace

# While the studio answers, an end waits for everything to be sent; a studio that is away is not waited for.
END_S = 300.0
# A program that ends without `complete` waits so long for its snapshot.
SOURCES_S = 30.0
MOST_ARGUMENTS = 1000


class Run(RunMetrics, RunModels, RunLabels, RunFamily, RunSnapshot, RunWaiting, RunShown):
    """One run.

    `Run(experiment, run_id)` is one that exists; `experiment.start_logging()` begins a new one.
    """

    _capture: Capture | None = None
    _ended_as: str | None = None
    _folders: Folders | None = None

    @staticmethod
    def get(workspace: "Workspace", run_id: str) -> "Run":
        """Return the run with this id. Raises ServiceException when the workspace has none."""
        from studio.client.experiment import Experiment

        found = workspace.client.get(f"runs/{segment(run_id)}/")
        return Run(Experiment._known(workspace, found["experiment"]), run_id, _found=found)

    @classmethod
    def get_context(
        cls, allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: Any
    ) -> "Run | OfflineRun":
        """Return the run that this program is: of a submitted script and its child processes, the submitted run.

        Anywhere else a stand-in that prints what it is given, or, with `allow_offline=False`, raises
        RunEnvironmentException. The other arguments are the cloud's own.
        """
        from studio.client.context import current_run

        return current_run(allow_offline)

    @classmethod
    def begin(
        cls,
        experiment: "Experiment",
        fields: dict[str, Any],
        *,
        interrupt: bool = True,
        capture: bool = False,
        monitor: bool | None = None,
        outputs: str | bool | None = False,
    ) -> "Run":
        """Create a run and start it. With the studio away it is created here, and sent later.

        `fields`: of the REST call that creates a run; a `run_id` is made when there is none. `outputs`: a folder
        whose new files are uploaded at the end; None for ./outputs, False for none.
        """
        run_id = fields.get("run_id") or str(uuid.uuid4())
        body = {"experiment": experiment.name, "start": True, "heartbeat": True, **fields, "run_id": run_id}
        body["started_at"] = now_text()
        run = cls(experiment, run_id)
        path = f"workspaces/{segment(experiment.workspace.name)}/"
        # An id that somebody chose may be taken: only a key of its own tells that from our own second attempt.
        key = str(uuid.uuid4()) if fields.get("run_id") else run_id
        ticket = run._recorder.submit(creation(run_id, path, _without_none(body), key))
        found = ticket.wait(PROMPT_S)
        run._found = found or {"status": "Running", **_without_none(fields)}
        run._folders = Folders.of(run, outputs)
        run._come_alive(interrupt=interrupt, capture=capture, monitor=is_wanted(monitor))
        return run

    def _come_alive(self, *, interrupt: bool, capture: bool, monitor: bool) -> None:
        name = _title(self._found.get("display_name") or self._id[:8])
        self._live = Live(self._id, name, self.get_portal_url(), interrupt, monitor)
        self._recorder.follow(self._live)
        add_open(self)
        say(f"{name} started: {self._live.url or self._recorder.whereabouts()}")
        if capture and all(run._capture is None for run in open_runs()):
            self._capture = self._recorder.capture(self._id)

    @property
    def cancel_requested(self) -> bool:
        """Whether somebody has cancelled this run while this program executes it."""
        return self._live is not None and self._live.cancelled_by is not None

    def start(self) -> None:
        """Mark a run that was made by hand as running. A second time is no error."""
        self._found = self._change(change(self._id, "start", "start/", {})) or self._found

    def resume(self) -> "Run":
        """Go on with a run that has ended: it is Running again, and this program is behind it until it ends it.

        What it logged stays, and its metrics go on where they were; what it prints is not captured. Raises
        ServiceException for a run that the studio executed, which `resubmit` runs again, and while the studio is away.
        """
        if self._live is not None and self._live.is_ours and not self._live.ended:
            return self
        self._found = self._client.post(self._path("reopen/"), {"heartbeat": True})
        self._ended_as = None
        self._come_alive(interrupt=True, capture=False, monitor=is_wanted(None))
        return self

    def complete(self) -> None:
        """Mark the run as completed, after everything that was logged. A second time is no error."""
        self._end(self._cancelled_ending() or COMPLETED)

    def fail(self, error_details: str | BaseException | None = None, error_code: str | None = None) -> None:
        """Mark the run as failed, with a sentence or the exception that ended it."""
        if error_details is not None and not isinstance(error_details, str | BaseException):
            raise TypeError("error_details must be instance of string or BaseException.")
        self._end(failed(error_details, error_code))

    def cancel(self) -> None:
        """Cancel the run: one that this program executes ends at once, any other is asked to stop."""
        if self._live is not None and self._live.is_ours:
            self._end(canceled("canceled by its own program"))
        else:
            self._found = self._client.post(self._path("cancel/"))

    def _end(self, ending: Ending, wait_s: float = END_S) -> None:
        """End a run of ours in order, behind all that it logged; any other directly."""
        live = self._live
        if live is None or not live.is_ours or (not live.end() and self._ended_as != ending.verb):
            # Behind what this program has logged of it; a refusal is raised, as nobody else would hear of it.
            self._recorder.courier.try_now()
            self._found = self._recorder.submit(ending.operation(self._id)).wait(wait_s) or self._found
        elif self._ended_as is None:
            self._ended_as = ending.verb
            self._close(live, ending, wait_s)

    def _close(self, live: Live, ending: Ending, wait_s: float) -> None:
        if self._folders is not None:
            self._folders.finish()
        self._finish_sources(2.0 if live.cancelled_by is not None else max(wait_s, SOURCES_S))
        if self._capture is not None:
            self._recorder.release(self._capture)
            self._capture = None
        if live.cancelled_by is not None:
            note_cancelled()
        self._recorder.unfollow(live)
        remove_open(self)
        self._recorder.courier.try_now()
        try:
            found = self._recorder.submit(ending.operation(self._id)).wait(wait_s)
        except ServiceException as refusal:
            warn(f"{live.name} could not be marked as {ending.verb}: {refusal}")
            return
        self._found = found or self._found
        later = "" if found else " (kept on this machine, `studio sync` sends it)"
        if self._id in self._recorder.courier.deleted_runs:
            later = " (deleted in the studio)"
        say(f"{live.name} {ending.words}{later}: {live.url or self._recorder.whereabouts()}")

    def _cancelled_ending(self) -> Ending | None:
        by = self._live.cancelled_by if self._live else None
        return None if by is None else ending_for(None, by)

    def end_at_exit(self, error: BaseException | None) -> None:
        """The program ends and nobody has ended this run: end it as the program does."""
        if self._live is not None and self._live.is_ours:
            self._end(ending_for(error, self._live.cancelled_by), EXIT_FLUSH_S)

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Complete, fail or cancel the run, as the block ends.

        Only the cancel of a child alone is swallowed.
        """
        live = self._live
        if live is None:
            self._end_as_it_left(error)
            return False
        if not live.is_ours or live.ended:
            return False
        try:
            self._end(ending_for(error, live.cancelled_by))
        except KeyboardInterrupt:
            self._end(ending_for(KeyboardInterrupt(), live.cancelled_by), EXIT_FLUSH_S)
            raise
        return isinstance(error, KeyboardInterrupt) and self._was_cancelled_alone(live)

    def _end_as_it_left(self, error: BaseException | None) -> None:
        """The block of a run that this program did not begin, such as one of `create_children`."""
        if self._found.get("status") not in ENDED:
            self._end(ending_for(error, None))

    def _was_cancelled_alone(self, live: Live) -> bool:
        """Somebody stopped this child: the program that runs its siblings goes on with the next one."""
        parent_is_here = any(run.id == self._found.get("parent") for run in open_runs())
        return live.cancelled_by is not None and parent_is_here and not was_cancelled_too()


def was_cancelled_too() -> bool:
    """Whether another open run of this program is being cancelled as well."""
    return any(run.cancel_requested for run in open_runs())


def start_fields(
    name: str | None, run_id: str | None, description: str | None, labels: dict[str, dict[str, Any] | None]
) -> dict[str, Any]:
    """Return the fields of a new interactive run. `labels`: its tags, properties and params."""
    tags, properties, params = (labels.get(kind) or {} for kind in ("tags", "properties", "params"))
    return {
        "display_name": name,
        "run_id": run_id,
        "description": description,
        "tags": {str(key): tag_text(key, value) for key, value in tags.items()},
        "properties": {str(key): str(value) for key, value in properties.items()},
        "params": param_values(params),
        **_started_by(),
    }


def _started_by() -> dict[str, Any]:
    """The script of this program, by its place in the working folder, and its arguments where they can be kept."""
    if not sys.argv or sys.argv[0] in ("", "-c", "-m"):
        return {}
    script = Path(sys.argv[0])
    try:
        name = script.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):
        name = script.name
    given = sys.argv[1:]
    fits = len(given) <= MOST_ARGUMENTS and all(len(text) <= 8000 and _is_text(text) for text in given)
    return {"script": name, "arguments": given if fits else None}


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _title(name: str) -> str:
    """The studio calls a run without a name "Run 12"."""
    return name if name.lower().startswith("run") else f"Run {name}"


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}

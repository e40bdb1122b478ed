"""The run that a program is: of a submitted script, told by its environment."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from studio.client.address import RUN_ID
from studio.client.ending import Ending, failed
from studio.client.errors import RunEnvironmentException, UnreachableException
from studio.client.notices import warn
from studio.client.run import Run

if TYPE_CHECKING:
    from studio.client.offline_run import OfflineRun

EXPERIMENT, ERROR_FILE = "STUDIO_EXPERIMENT_NAME", "STUDIO_ERROR_FILE"
NO_RUN = (
    "Could not load a submitted run, if outside of an execution context, use experiment.start_logging to "
    "initialize a studio.Run."
)
LONGEST_ERROR_BYTES = 1 << 20

_found: dict[str, "SubmittedRun"] = {}


class SubmittedRun(Run):
    """The run of a submitted script, from within. How it ends is for whoever runs the script to say."""

    def complete(self) -> None:
        """Send everything logged so far. The run is completed when the script ends with exit code 0."""
        self.flush()

    def fail(self, error_details: str | BaseException | None = None, error_code: str | None = None) -> None:
        """Note why the run is to be called Failed, as it will be when the script ends, whatever its exit code."""
        if error_details is not None and not isinstance(error_details, str | BaseException):
            raise TypeError("error_details must be instance of string or BaseException.")
        note_error(failed(error_details, error_code))

    def cancel(self) -> None:
        """Warn that a script cannot cancel its own run: let it end instead."""
        warn("cancel is not supported for submitted runs.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Send what was logged; note the exception that left the block, which goes on."""
        if isinstance(error, Exception):
            self.fail(error)
        self.complete()
        return False


def current_run(allow_offline: bool) -> "Run | OfflineRun":
    """Return the submitted run that this process belongs to, the same object each time.

    Without one: a stand-in, or RunEnvironmentException where that is not allowed.
    """
    run_id = os.environ.get(RUN_ID)
    if run_id:
        if run_id not in _found:
            _found[run_id] = _submitted(run_id)
        return _found[run_id]
    if not allow_offline:
        raise RunEnvironmentException(NO_RUN)
    from studio.client.offline_run import OfflineRun

    return OfflineRun()


def _submitted(run_id: str) -> SubmittedRun:
    from studio.client.experiment import Experiment
    from studio.client.process import watch_the_end
    from studio.client.workspace import Workspace

    workspace = Workspace.from_config()
    name, known = os.environ.get(EXPERIMENT), {}
    if not name:
        try:
            known = workspace.client.get(f"runs/{run_id}/")
        except UnreachableException as failure:
            raise RunEnvironmentException(f"The run {run_id} cannot be read: {failure}") from failure
        name = known["experiment"]
    watch_the_end()
    return SubmittedRun(Experiment._known(workspace, name), run_id, _found=known)


def note_error(ending: Ending) -> None:
    """Leave the error where whoever runs the script looks for it, unless there is one already. Never raises."""
    path = os.environ.get(ERROR_FILE)
    if path and not Path(path).exists():
        try:
            Path(path).write_text(json.dumps(ending.body))
        except OSError as problem:
            warn(f"The error could not be noted: {problem}")


def noted_error(path: Path) -> dict[str, Any] | None:
    """Return what `note_error` left, or None. The script may have written anything there."""
    try:
        with path.open("rb") as stream:
            found = json.loads(stream.read(LONGEST_ERROR_BYTES))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("message"), str):
        return None
    details = found.get("details")
    texts = {str(key): str(text) for key, text in details.items()} if isinstance(details, dict) else {}
    return {"message": found["message"], "code": str(found.get("code") or "UserError"), "details": texts}

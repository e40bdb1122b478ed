"""Submitting a script: its folder is copied, its run is made, and a supervisor of its own executes it."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.address import RUN_ID
from studio.client.beginnings import keep_sources
from studio.client.compute import LOCAL
from studio.client.context import ERROR_FILE, EXPERIMENT
from studio.client.descendants import SUPERVISOR
from studio.client.ending import failed
from studio.client.errors import (
    ExperimentExecutionException,
    UserErrorException,
)
from studio.client.folder import read_folder
from studio.client.git import git_properties
from studio.client.heart import ENDED
from studio.client.http import segment
from studio.client.labels import tag_text
from studio.client.remote import made_for_target, queue_with_sources
from studio.client.run import Run
from studio.client.run_folder import CODE, LOG, RUNS_FOLDER, clear_old_folders, folder_of
from studio.client.script import ScriptRunConfig
from studio.client.supervise import PYTHONPATH_OF_SCRIPT

if TYPE_CHECKING:
    from studio.client.experiment import Experiment
    from studio.client.workspace import Workspace

TYPE = "studio.scriptrun"
NO_SCRIPT = "{} script path doesn't exist. The script should be inside the project folder"
CANCEL_PATIENCE_S = 5.0
# What belongs to the submitted run that this program may itself be, and to no run that it submits.
NOT_INHERITED = (RUN_ID, EXPERIMENT, ERROR_FILE)

# Kept so that a supervisor that has ended is reaped, and none is taken for forgotten.
_supervisors: dict[str, "subprocess.Popen[bytes]"] = {}


class ScriptRun(Run):
    """The run of a submitted script, from outside."""

    def get_status(self) -> str:
        """Return the status now. A run whose supervisor could not begin here has failed."""
        status = super().get_status()
        if status == "NotStarted" and (reason := _why_it_ended(self.id)):
            super().fail(f"The supervisor of the script could not begin: {reason}", "NotStarted")
            status = super().get_status()
        return status

    def cancel(self) -> None:
        """Ask the script to stop, and wait a moment for its supervisor to say that it has."""
        super().cancel()
        until = time.monotonic() + CANCEL_PATIENCE_S
        while self.get_status() not in ENDED and time.monotonic() < until:
            time.sleep(0.1)


def submit(
    experiment: "Experiment",
    config: ScriptRunConfig,
    *,
    tags: Mapping[str, Any] | None = None,
    parent: str | None = None,
    run_id: str | None = None,
    display_name: str | None = None,
    credential_passthrough: bool | None = None,
) -> ScriptRun:
    """Run a script on this machine, or on the attached target that `config` names; return its run at once.

    `credential_passthrough` is the cloud's, not used.
    """
    if not isinstance(config, ScriptRunConfig):
        raise UserErrorException(f"submit takes a ScriptRunConfig, not {type(config).__name__}.")
    _check(experiment, config)
    words = config.command_line()
    run_id = run_id or new_run_id(experiment)
    target, source = config.run_config.target, Path(config.source_directory)
    fields: dict[str, Any] = {
        "experiment": experiment.name,
        "run_id": run_id,
        "type": TYPE,
        "target": target,
        "script": config.script or " ".join(words),
        "arguments": [str(argument) for argument in config.arguments],
        "definition": config.definition(),
        "tags": {str(key): tag_text(key, value) for key, value in (tags or {}).items()},
        "display_name": display_name or "",
        "parent": parent,
        "properties": _properties(config),
    }
    workspace = experiment.workspace
    path = f"workspaces/{segment(workspace.name)}/runs/"
    key = str(uuid.uuid4())
    if target != LOCAL:
        made_for_target(workspace, path, fields, key=key, target=target)
        return ScriptRun(experiment, run_id, _found=queue_with_sources(workspace, run_id, source))
    clear_old_folders()
    folder = _copied(source, run_id)
    found = workspace.client.post(path, fields, key=key)
    keep_sources(workspace.client, run_id, folder / CODE)
    return execute_here(ScriptRun(experiment, run_id, _found=found))


def resubmit(
    run: Run,
    arguments: Sequence[Any] | None = None,
    *,
    display_name: str | None = None,
    run_id: str | None = None,
) -> ScriptRun:
    """Run a run once more on this machine, from its snapshot; return the new run at once."""
    experiment = run.experiment
    body: dict[str, Any] = {
        "run_id": run_id or new_run_id(experiment),
        "display_name": display_name or "",
    }
    if arguments is not None:
        body["arguments"] = [str(argument) for argument in arguments]
    path = f"runs/{segment(run.id)}/resubmit/"
    found = experiment.workspace.client.post(path, body, key=str(uuid.uuid4()))
    clear_old_folders()
    return execute_here(ScriptRun(experiment, found["id"], _found=found))


def new_run_id(experiment: "Experiment") -> str:
    """Return an id as the cloud gives it to submitted runs."""
    return f"{experiment.name}_{int(time.time())}_{uuid.uuid4().hex[:8]}"


def _check(experiment: "Experiment", config: ScriptRunConfig) -> None:
    source = Path(config.source_directory)
    if not source.is_dir():
        raise ExperimentExecutionException(f"There is no folder {source} to run a script in.")
    if config.command is None and config.script and not (source / config.script).is_file():
        raise ExperimentExecutionException(NO_SCRIPT.format(config.script))


def _properties(config: ScriptRunConfig) -> dict[str, str]:
    properties = git_properties(Path(config.source_directory))
    if config.resume_from is not None:
        properties["resumed from"] = config.resume_from.id
    return properties


def _copied(source: Path, run_id: str) -> Path:
    """The files that the snapshot has as well, so that the script finds here what it would find anywhere.

    Links out of the folder, to data for example, lead there in the copy, too: it is the same machine.
    """
    from shutil import copy2

    found = read_folder(source)
    folder = folder_of(run_id)
    folder.mkdir(mode=0o700)
    code = folder / CODE
    code.mkdir()
    for file in found.files:
        place = code / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        copy2(file.place, place)
    for path, _reason in found.left_out:
        if (source / path).is_symlink():
            place = code / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to((source / path).resolve())
    return folder


def execute_here(run: ScriptRun) -> ScriptRun:
    """Have the run executed on this machine, by a supervisor with a token for this run alone. Returns the run.

    A run that cannot be executed here ends as Failed, and the reason is raised.
    """
    workspace = run.experiment.workspace
    try:
        token = workspace.client.post(f"runs/{segment(run.id)}/token/")["token"]
        _supervise(run.id, workspace, token)
    except OSError as problem:
        run._end(failed(f"The supervisor could not be started: {problem}", "NotStarted"))
        raise ExperimentExecutionException(f"The supervisor could not be started: {problem}") from problem
    return run


def _supervise(run_id: str, workspace: "Workspace", token: str) -> None:
    """Start the supervisor in a session of its own: it outlives this program and its terminal."""
    folder = folder_of(run_id)
    folder.mkdir(mode=0o700, exist_ok=True)
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    environment = {name: text for name, text in os.environ.items() if name not in NOT_INHERITED}
    environment |= {"STUDIO_URL": workspace.client.url, "STUDIO_TOKEN": token, SUPERVISOR: run_id}
    environment |= {"PYTHONPATH": path, PYTHONPATH_OF_SCRIPT: os.environ.get("PYTHONPATH", "")}
    environment |= {"STUDIO_WORKSPACE": workspace.name, RUNS_FOLDER: str(folder.parent)}
    with (folder / LOG).open("wb") as log:
        _supervisors[run_id] = subprocess.Popen(
            [sys.executable, "-m", "studio.client.cli", "run", "exec", run_id],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    for other in [name for name, one in _supervisors.items() if one.poll() == 0]:
        del _supervisors[other]


def _why_it_ended(run_id: str) -> str:
    """The last words of a supervisor of ours that ended with an error; empty for any other."""
    process = _supervisors.get(run_id)
    if process is None or not process.poll():
        return ""
    try:
        lines = (folder_of(run_id) / LOG).read_text(errors="replace").split("\n")
    except OSError:
        lines = []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else f"exit code {process.returncode}"

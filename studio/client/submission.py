"""Submitting a script: its folder is copied, its run is made, and a supervisor of its own executes it."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.beginnings import keep_sources
from studio.client.compute import LOCAL, UNKNOWN
from studio.client.context import ERROR_FILE, RUN_ID
from studio.client.errors import (
    ComputeTargetException,
    ExperimentExecutionException,
    UserErrorException,
)
from studio.client.git import git_properties
from studio.client.heart import ENDED
from studio.client.labels import tag_text
from studio.client.run import Run
from studio.client.script import ScriptRunConfig

if TYPE_CHECKING:
    from studio.client.experiment import Experiment

TYPE = "studio.scriptrun"
NO_SCRIPT = "{} script path doesn't exist. The script should be inside the project folder"
LEFT_OUT = (".git", "__pycache__", ".ipynb_checkpoints", ".venv", "venv", "node_modules")
CANCEL_PATIENCE_S = 5.0

# Kept so that a supervisor that has ended is reaped, and none is taken for forgotten.
_supervisors: list["subprocess.Popen[bytes]"] = []


class ScriptRun(Run):
    """The run of a submitted script, from outside."""

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
    """Run a script on this machine; return its run at once. `credential_passthrough` is the cloud's, not used."""
    if not isinstance(config, ScriptRunConfig):
        raise UserErrorException(f"submit takes a ScriptRunConfig, not {type(config).__name__}.")
    _check(experiment, config)
    words = config.command_line()
    run_id = run_id or f"{experiment.name}_{int(time.time())}_{uuid.uuid4().hex[:8]}"
    folder = _copied(config, run_id)
    fields: dict[str, Any] = {
        "experiment": experiment.name,
        "run_id": run_id,
        "type": TYPE,
        "target": LOCAL,
        "script": config.script or " ".join(words),
        "arguments": [str(argument) for argument in config.arguments],
        "tags": {str(key): tag_text(key, value) for key, value in (tags or {}).items()},
        "display_name": display_name or "",
        "parent": parent,
    }
    properties = git_properties(Path(config.source_directory))
    if config.resume_from is not None:
        properties["resumed from"] = config.resume_from.id
    fields["properties"] = properties
    workspace = experiment.workspace
    found = workspace.client.post(f"workspaces/{workspace.name}/runs/", fields, key=str(uuid.uuid4()))
    keep_sources(workspace.client, run_id, folder / "code")
    _write(folder, config, words, run_id, experiment)
    _supervise(folder, workspace)
    return ScriptRun(experiment, run_id, _found=found)


def _check(experiment: "Experiment", config: ScriptRunConfig) -> None:
    target = config.run_config.target
    if target != LOCAL:
        raise ComputeTargetException(UNKNOWN.format(target, experiment.workspace.name))
    source = Path(config.source_directory)
    if not source.is_dir():
        raise ExperimentExecutionException(f"There is no folder {source} to run a script in.")
    if config.command is None and config.script and not (source / config.script).is_file():
        raise ExperimentExecutionException(NO_SCRIPT.format(config.script))


def _copied(config: ScriptRunConfig, run_id: str) -> Path:
    from shutil import copytree, ignore_patterns

    folder = runs_folder() / run_id
    copytree(
        config.source_directory,
        folder / "code",
        ignore=ignore_patterns(*LEFT_OUT),
        symlinks=True,
        ignore_dangling_symlinks=True,
    )
    return folder


def runs_folder() -> Path:
    """Return the folder in which submitted scripts run, readable by this user alone."""
    from tempfile import gettempdir

    folder = Path(gettempdir()) / f"studio_runs_{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ExperimentExecutionException(
            f"{folder} belongs to somebody else; set TMPDIR to another folder."
        )
    return folder


def _write(
    folder: Path, config: ScriptRunConfig, words: list[str], run_id: str, experiment: "Experiment"
) -> None:
    """What the supervisor needs to know, but no token: that is handed over in its environment."""
    order = {
        "run": run_id,
        "experiment": experiment.name,
        "words": words,
        "environment": config.run_config.environment_variables,
        "longest_s": config.max_run_duration_seconds,
    }
    (folder / "order.json").write_text(json.dumps(order))


def _supervise(folder: Path, workspace: Any) -> None:
    """Start the supervisor in a session of its own: it outlives this program and its terminal."""
    url, token = workspace.client.identity
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    environment = {name: text for name, text in os.environ.items() if name not in (RUN_ID, ERROR_FILE)}
    environment |= {"STUDIO_URL": url, "STUDIO_TOKEN": token, "STUDIO_WORKSPACE": workspace.name}
    environment |= {"PYTHONPATH": path, "STUDIO_SCRIPT_PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    with (folder / "supervisor.log").open("wb") as log:
        _supervisors.append(
            subprocess.Popen(
                [sys.executable, "-m", "studio.client.supervise", str(folder)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )
    _supervisors[:] = [one for one in _supervisors if one.poll() is None]

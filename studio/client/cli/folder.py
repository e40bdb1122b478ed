"""`studio folder attach`: a folder that belongs to an experiment, so that commands in it need not name one."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun
from studio.client.errors import ServiceException, UnreachableException, UserErrorException
from studio.client.experiment import NAME, NAME_RULE
from studio.client.http import segment
from studio.client.script import RunConfiguration
from studio.client.workspace import Workspace

IGNORED = """\
# What is not kept with a run: names and patterns as in .gitignore.
.git
.studio
.venv
.ipynb_checkpoints
__pycache__
node_modules
outputs
logs
assets
snapshot-*
"""


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "folder", "attach a folder to an experiment")
    attach = noun.add(
        "attach",
        attach_folder,
        "attach a folder to an experiment: commands in it are about that one",
        "-e digits --path project",
    )
    attach.add_argument(
        "-e", "--experiment-name", metavar="NAME", help="the experiment (default: the name of the folder)"
    )


def attach_folder(arguments: argparse.Namespace) -> int:
    """Make the folder and the experiment where they are missing, and write what is not there yet."""
    folder = Path(arguments.path).absolute()
    if folder.exists() and not folder.is_dir():
        raise UserErrorException(f"{folder} exists and is not a directory.")
    name = arguments.experiment_name or folder.resolve().name
    if not NAME.fullmatch(name):
        raise UserErrorException(f"{NAME_RULE} {name!r} is not like that: name another with -e.")
    workspace = Workspace.from_config(folder, workspace=arguments.workspace_name)
    find_or_make(workspace, name)
    written = write(folder, workspace, name)
    found = {
        "experiment_name": name,
        "workspace_name": workspace.name,
        "url": workspace.client.url,
        "project_path": str(folder),
        "written": written,
    }
    return show(found, arguments, ("experiment_name", "workspace_name", "url", "project_path"))


def find_or_make(workspace: Workspace, name: str) -> None:
    """Make the experiment where it is missing. One that is there only needs to be readable."""
    path = f"workspaces/{segment(workspace.name)}/experiments/"
    try:
        workspace.client.get(f"{path}{segment(name)}/")
    except UnreachableException:
        raise
    except ServiceException as refusal:
        if refusal.status_code != 404:
            raise
        workspace.post_once(path, {"name": name})


def write(folder: Path, workspace: Workspace, experiment: str) -> list[str]:
    """Write the folder's files, without any token; return those that were not there before or have changed."""
    inner = folder / ".studio"
    inner.mkdir(parents=True, exist_ok=True)
    config: dict[str, Any] = {
        "url": workspace.client.url,
        "workspace": workspace.name,
        "experiment": experiment,
    }
    written = [_place(inner / "config.json", json.dumps(config, indent=2) + "\n", replace=True)]
    written.append(_place(folder / ".amlignore", IGNORED, replace=False))
    if not (inner / "local").exists():
        RunConfiguration().save(folder, "local")
        written.append(inner / "local")
    return [path.relative_to(folder).as_posix() for path in written if path is not None]


def _place(path: Path, text: str, *, replace: bool) -> Path | None:
    if path.exists() and (not replace or path.read_text() == text):
        return None
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(text)
    fresh.replace(path)
    return path

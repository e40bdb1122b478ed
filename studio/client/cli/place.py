"""What a command is about: the workspace, and the experiment of an attached folder."""

import argparse
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from studio.client.address import attached_experiment
from studio.client.cli.output import one_line
from studio.client.cli.parsing import UsageException
from studio.client.http import segment
from studio.client.notices import warn
from studio.client.workspace import Workspace

MOST_NAMES, SHOWN = 500, 5
NO_EXPERIMENT = "Name the experiment: -e NAME, or once for this folder `studio folder attach -e NAME`."


def workspace_of(arguments: argparse.Namespace) -> Workspace:
    """Return the workspace that the command is about."""
    if not Path(arguments.path).exists():
        raise UsageException(f"There is no folder {arguments.path}.")
    workspace = Workspace.from_config(Path(arguments.path), workspace=arguments.workspace_name)
    if arguments.verbose or arguments.debug:
        words = f"{workspace.client.url}, workspace {workspace.name}, found in {workspace._source}"
        warn(words)
    return workspace


def experiment_of(arguments: argparse.Namespace, workspace: Workspace) -> str | None:
    """Return the experiment that was named, or that the folder is attached to; None without either."""
    named: str | None = arguments.experiment_name
    if named is not None:
        return named
    return attached_experiment(Path(arguments.path), workspace.client.url, workspace.name)


def doubt(workspace: Workspace, experiment: str) -> None:
    """Say that nothing was found because there is no such experiment, and which there are, if that is why."""
    path = f"workspaces/{segment(workspace.name)}/experiments/"
    names = [str(one["name"]) for one in islice(workspace.client.pages(path), MOST_NAMES)]
    archived = (one["name"] for one in workspace.client.pages(path, archived="true"))
    if experiment in names or experiment in archived:
        return
    near = get_close_matches(experiment, names) or names[:SHOWN]
    listed = f"there are {', '.join(near)}" if near else "there is none yet"
    warn(one_line(f"There is no experiment {experiment!r} in {workspace.name}; {listed}."))

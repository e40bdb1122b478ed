"""Which run is meant: by its id, the beginning of its id, or its number in an experiment."""

import argparse
from collections.abc import Iterator
from itertools import islice
from typing import Any

from studio.client.cli.place import experiment_of, workspace_of
from studio.client.errors import ServiceException, UnreachableException, UserErrorException
from studio.client.http import segment
from studio.client.workspace import Workspace

NONE = "There is no run {!r} in the workspace {}. {}"
SEVERAL = "Several runs begin with {!r}: {}. Write more of the id."
SHOWN = 5
ANY_AGE = "(archived = true or archived = false)"


def find_run(arguments: argparse.Namespace, workspace: Workspace | None = None) -> dict[str, Any]:
    """Return the run that `-r` and `-e` mean. Raises UserErrorException that names runs there are."""
    return named_run(arguments.run, arguments, workspace or workspace_of(arguments))


def named_run(name: str, arguments: argparse.Namespace, workspace: Workspace) -> dict[str, Any]:
    """Return the run that a text means, at best one of the experiment that is given."""
    found = _by_id(name, workspace) or _by_number(name, arguments, workspace) or _by_prefix(name, workspace)
    if found is None:
        raise UserErrorException(NONE.format(name, workspace.name, _newest(workspace)))
    _check(found, arguments)
    return found


def id_of(name: str, arguments: argparse.Namespace, workspace: Workspace) -> str:
    """Return the id of a run, also of one in the trash, which cannot be read but is still known by its id."""
    try:
        return str(named_run(name, arguments, workspace)["id"])
    except ServiceException as refusal:
        if refusal.status_code != 410:
            raise
        return name


def _by_id(name: str, workspace: Workspace) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = workspace.client.get(f"runs/{segment(name)}/")
    except UnreachableException:
        raise
    except ServiceException as refusal:
        if refusal.status_code != 404:
            raise
        return None
    return found


def _by_number(name: str, arguments: argparse.Namespace, workspace: Workspace) -> dict[str, Any] | None:
    experiment, slash, number = name.rpartition("/")
    if not slash:
        experiment = experiment_of(arguments, workspace) or ""
    if not experiment or not (number.isascii() and number.isdecimal()):
        return None
    asked = {"experiment": experiment, "filter": f"number = {int(number)} and {ANY_AGE}"}
    return next(_runs(workspace, include_children="true", limit=1, **asked), None)


def _by_prefix(name: str, workspace: Workspace) -> dict[str, Any] | None:
    if not name or not all(letter.isalnum() or letter in "_-." for letter in name):
        return None
    # In LIKE `_` is any letter, so what comes is looked at once more.
    like = _runs(workspace, filter=f"id LIKE '{name}%' and {ANY_AGE}", limit=50)
    found = []
    for one in like:
        found += [one] if one["id"].startswith(name) else []
        if len(found) > SHOWN:
            break
    if len(found) > 1:
        listed = ", ".join(one["id"] for one in found[:SHOWN]) + (" …" if len(found) > SHOWN else "")
        raise UserErrorException(SEVERAL.format(name, listed))
    return found[0] if found else None


def _check(found: dict[str, Any], arguments: argparse.Namespace) -> None:
    for kind, wanted, name in (
        ("workspace", arguments.workspace_name, found["workspace"]),
        ("experiment", arguments.experiment_name, found["experiment"]),
    ):
        if wanted is not None and wanted != name:
            raise UserErrorException(f"The run {found['id']} is not in the {kind} {wanted} but in {name}.")


def _newest(workspace: Workspace) -> str:
    found = _runs(workspace, include_children="true", limit=SHOWN)
    names = [f"{one['experiment']}/{one['number']} ({one['id']})" for one in islice(found, SHOWN)]
    return f"The newest are {', '.join(names)}." if names else "It has no runs yet."


def _runs(workspace: Workspace, **asked: Any) -> Iterator[dict[str, Any]]:
    return workspace.client.pages(f"workspaces/{segment(workspace.name)}/runs/", **asked)

"""`studio run delete`, `restore`, `archive` and `unarchive`."""

import argparse
import time
from collections.abc import Callable
from typing import Any

from studio.client.cli.output import one_line, show
from studio.client.cli.parsing import Noun, add_run
from studio.client.cli.place import workspace_of
from studio.client.cli.run_find import id_of
from studio.client.http import segment
from studio.client.notices import warn
from studio.client.workspace import Workspace

LOOK_S = 0.5
VERBS = {
    "delete": ("trash", "move runs to the trash, where they stay for 30 days"),
    "restore": ("restore", "bring runs back from the trash"),
    "archive": ("archive", "take runs out of the lists"),
    "unarchive": ("unarchive", "bring runs back from the archive"),
}


def add(noun: Noun) -> None:
    """Add the commands."""
    for verb, (action, text) in VERBS.items():
        example = "-r digits_1618830000_1a2b3c4d" if verb == "restore" else "-r digits/12 -r digits/13"
        parser = noun.add(verb, change_runs, text, example)
        add_run(parser, several=True)
        parser.set_defaults(action=action)


def change_runs(arguments: argparse.Namespace) -> int:
    """Move runs to the trash or the archive, or back. 1 when one of them was left as it is."""
    workspace = workspace_of(arguments)
    ids = [id_of(name, arguments, workspace) for name in arguments.run]
    body = {"action": arguments.action, "ids": ids}
    done = changed(workspace, body)
    show({**done, "ids": ids}, arguments, ("action", "done", "unchanged"))
    for refusal in done.get("refused", []):
        warn(one_line(refusal["reason"]))
    return 1 if done.get("refused") else 0


def changed(
    workspace: Workspace, body: dict[str, Any], *, tell: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Change runs, wait for what takes the studio longer than an answer may, and return the report.

    `tell` hears how far it is, each time there is news.
    """
    path = f"workspaces/{segment(workspace.name)}/runs/bulk/"
    report: dict[str, Any] = workspace.client.post(path, body)
    taken = None
    while report.get("state") == "running":
        if tell is not None and report["taken"] != taken:
            taken = report["taken"]
            tell(report)
        time.sleep(LOOK_S)
        report = workspace.client.get(f"{path}{report['id']}/")
    return report

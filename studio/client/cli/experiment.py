"""`studio experiment …`: list experiments."""

import argparse

from studio.client.cli.output import add_common, show, workspace_of
from studio.client.http import segment

COLUMNS = ("id", "name", "description", "created_at", "created_by")


def add(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    experiment = nouns.add_parser("experiment", help="list experiments")
    experiment.set_defaults(parser=experiment)
    verbs = experiment.add_subparsers(title="commands", metavar="COMMAND")
    listed = verbs.add_parser(
        "list",
        help="list the experiments of the workspace",
        epilog="Example: studio experiment list --query [].name",
    )
    add_common(listed)
    listed.set_defaults(command=list_experiments)


def list_experiments(arguments: argparse.Namespace) -> int:
    """Print the experiments of the workspace."""
    workspace = workspace_of(arguments)
    found = workspace.client.pages(f"workspaces/{segment(workspace.name)}/experiments/")
    return show(list(found), arguments, COLUMNS)

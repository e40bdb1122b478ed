"""`studio workspace …`: list, show, make and describe workspaces."""

import argparse

from studio.client.cli.output import add_common, show, workspace_of
from studio.client.http import segment

COLUMNS = ("name", "role", "description", "created_at")


def add(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    noun = nouns.add_parser("workspace", help="list, show, make and describe workspaces")
    noun.set_defaults(parser=noun)
    verbs = noun.add_subparsers(title="commands", metavar="COMMAND")
    listed = verbs.add_parser(
        "list", help="list my workspaces", epilog="Example: studio workspace list --query [].name"
    )
    listed.set_defaults(command=list_workspaces)
    shown = verbs.add_parser(
        "show", help="show the workspace", epilog="Example: studio workspace show -w vision"
    )
    shown.set_defaults(command=show_workspace)
    create = verbs.add_parser(
        "create",
        help="make a workspace (the owner of the installation may)",
        epilog="Example: studio workspace create vision --description 'Everything with pictures'",
    )
    create.add_argument("name", help="lower-case letters, digits and hyphens")
    create.add_argument("--description", default="", metavar="TEXT", help="what it is for")
    create.set_defaults(command=create_workspace)
    update = verbs.add_parser(
        "update",
        help="describe the workspace",
        epilog="Example: studio workspace update -w vision --description 'Everything with pictures'",
    )
    update.add_argument("--description", required=True, metavar="TEXT", help="what it is for")
    update.set_defaults(command=update_workspace)
    for parser in (listed, shown, create, update):
        add_common(parser)


def list_workspaces(arguments: argparse.Namespace) -> int:
    """Print the workspaces that the token opens."""
    return show(list(workspace_of(arguments).client.pages("workspaces/")), arguments, COLUMNS)


def show_workspace(arguments: argparse.Namespace) -> int:
    """Print one workspace."""
    return show(workspace_of(arguments).get_details(), arguments, COLUMNS)


def create_workspace(arguments: argparse.Namespace) -> int:
    """Make a workspace; the caller owns it."""
    body = {"name": arguments.name, "description": arguments.description}
    return show(workspace_of(arguments).client.post("workspaces/", body), arguments, COLUMNS)


def update_workspace(arguments: argparse.Namespace) -> int:
    """Change the description."""
    workspace = workspace_of(arguments)
    path = f"workspaces/{segment(workspace.name)}/"
    return show(workspace.client.patch(path, {"description": arguments.description}), arguments, COLUMNS)

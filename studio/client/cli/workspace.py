"""`studio workspace …`: list, show, make and describe workspaces."""

import argparse

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun
from studio.client.cli.place import workspace_of
from studio.client.http import segment

COLUMNS = ("name", "role", "description", "created_at")


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "workspace", "list, show, make and describe workspaces")
    noun.add("list", list_workspaces, "list my workspaces", "--query '[].name'")
    noun.add("show", show_workspace, "show the workspace", "-w vision")
    create = noun.add(
        "create",
        create_workspace,
        "make a workspace (the owner of the installation may)",
        "vision --description 'Everything with pictures'",
    )
    create.add_argument("name", help="lower-case letters, digits and hyphens")
    create.add_argument("--description", default="", metavar="TEXT", help="what it is for")
    update = noun.add(
        "update",
        update_workspace,
        "describe the workspace",
        "-w vision --description 'Everything with pictures'",
    )
    update.add_argument("--description", required=True, metavar="TEXT", help="what it is for")


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

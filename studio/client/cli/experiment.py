"""`studio experiment …`: list, show, make, rename, describe, tag; archive, trash, and back."""

import argparse
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Command, Commands, Noun, UsageException, tags_of
from studio.client.cli.place import NO_EXPERIMENT, experiment_of, workspace_of
from studio.client.http import segment
from studio.client.workspace import Workspace

COLUMNS = ("id", "name", "description", "created_at", "created_by")


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "experiment", "list, make, describe, archive and delete experiments")
    _add_list(noun)
    shown = noun.add("show", show_experiment, "show one experiment", "-e digits -o yaml")
    shown.add_argument(
        "-e",
        "--experiment-name",
        metavar="NAME",
        help="the name of the experiment (default: that of the attached folder)",
    )
    _add_changes(noun)
    _named(
        noun,
        "archive",
        archive_experiment,
        "take an experiment out of the list; its runs stay",
        "-e digits",
    )
    _named(noun, "restore", restore_experiment, "bring an experiment back into the list", "-e digits")
    _named(
        noun,
        "delete",
        delete_experiment,
        "move an experiment with its runs to the trash, where they stay for 30 days",
        "-e digits",
    )
    _named(
        noun,
        "restore-from-trash",
        restore_from_trash,
        "bring an experiment back from the trash, with the runs that went there with it",
        "-e digits",
    )


def _add_changes(noun: Noun) -> None:
    create = _named(
        noun,
        "create",
        create_experiment,
        "make an experiment, or show the one of that name",
        "-e digits --description 'Ten classes' --tag team=vision",
    )
    create.add_argument("--description", default="", metavar="TEXT", help="what it is for, in Markdown")
    update = _named(
        noun,
        "update",
        update_experiment,
        "change name, description and tags of an experiment",
        "-e digits --tag stage=done --remove-tag draft",
    )
    update.add_argument(
        "--new-name", metavar="NAME", help="rename it; scripts that log to the old name make a new experiment"
    )
    update.add_argument("--description", metavar="TEXT", help="the new description, in Markdown")
    update.add_argument(
        "--remove-tag", action="append", default=[], metavar="KEY", help="remove this tag; repeatable"
    )
    for parser in (create, update):
        parser.add_argument(
            "--tag", action="append", default=[], metavar="KEY[=VALUE]", help="set this tag; repeatable"
        )


def _add_list(noun: Noun) -> None:
    listed = noun.add("list", list_experiments, "list the experiments of the workspace", "--query '[].name'")
    listed.add_argument(
        "words", nargs="*", metavar="QUERY", help="the same as --query, when it begins with ["
    )
    listed.add_argument(
        "--search", metavar="WORDS", help="only those with these words in name, description or tags"
    )
    listed.add_argument("--archived", action="store_true", help="those in the archive instead")
    listed.add_argument("--trash", action="store_true", help="those in the trash instead")
    listed.add_argument(
        "--sort",
        metavar="KEY",
        help="name, created, last_run or runs; for descending --sort=-runs",
    )


def _named(noun: Noun, verb: str, command: Command, text: str, example: str) -> argparse.ArgumentParser:
    parser = noun.add(verb, command, text, example)
    parser.add_argument(
        "-e", "--experiment-name", required=True, metavar="NAME", help="the name of the experiment"
    )
    return parser


def list_experiments(arguments: argparse.Namespace) -> int:
    """Print the experiments of the workspace."""
    wanted = {
        "q": arguments.search,
        "archived": "true" if arguments.archived else None,
        "deleted": "true" if arguments.trash else None,
        "sort": arguments.sort,
    }
    workspace = workspace_of(arguments)
    return show(list(workspace.client.pages(_path(workspace), **wanted)), arguments, COLUMNS)


def show_experiment(arguments: argparse.Namespace) -> int:
    """Print everything that is known of an experiment."""
    workspace = workspace_of(arguments)
    name = experiment_of(arguments, workspace)
    if not name:
        raise UsageException(NO_EXPERIMENT)
    return show(workspace.client.get(_path(workspace, name)), arguments, COLUMNS)


def create_experiment(arguments: argparse.Namespace) -> int:
    """Make it; finding or making by name is the same the second time."""
    body = {
        "name": arguments.experiment_name,
        "description": arguments.description,
        "tags": tags_of(arguments.tag),
    }
    workspace = workspace_of(arguments)
    return show(workspace.post_once(_path(workspace), body), arguments, COLUMNS)


def update_experiment(arguments: argparse.Namespace) -> int:
    """Change what was named."""
    change: dict[str, Any] = {}
    if arguments.new_name is not None:
        change["name"] = arguments.new_name
    if arguments.description is not None:
        change["description"] = arguments.description
    if arguments.tag:
        change["tags"] = tags_of(arguments.tag)
    if arguments.remove_tag:
        change["remove_tags"] = arguments.remove_tag
    if not change:
        raise UsageException("Name what to change: --new-name, --description, --tag or --remove-tag.")
    return _change(arguments, change)


def archive_experiment(arguments: argparse.Namespace) -> int:
    """Take it out of the list."""
    return _change(arguments, {"archived": True})


def restore_experiment(arguments: argparse.Namespace) -> int:
    """Bring it back."""
    return _change(arguments, {"archived": False})


def delete_experiment(arguments: argparse.Namespace) -> int:
    """Move it to the trash."""
    return _change(arguments, {"deleted": True})


def restore_from_trash(arguments: argparse.Namespace) -> int:
    """Bring it back from there."""
    return _change(arguments, {"deleted": False})


def _change(arguments: argparse.Namespace, change: dict[str, Any]) -> int:
    workspace = workspace_of(arguments)
    found = workspace.client.patch(_path(workspace, arguments.experiment_name), change)
    return show(found, arguments, COLUMNS)


def _path(workspace: Workspace, name: str | None = None) -> str:
    listed = f"workspaces/{segment(workspace.name)}/experiments/"
    return listed if name is None else f"{listed}{segment(name)}/"

"""`studio view …`: saved views: list and show them, list their runs, open one in the browser."""

import argparse
import sys
from itertools import islice

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun, at_least_one
from studio.client.cli.place import workspace_of
from studio.client.cli.run_narrow import COLUMNS as RUN_COLUMNS
from studio.client.cli.run_narrow import MOST_A_PAGE
from studio.client.http import segment

COLUMNS = ("id", "name", "owner", "sharing", "experiment", "filter", "updated_at")


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "view", "list, show and open saved views")
    listed = noun.add("list", list_views, "list the views that I may open", "--mine -o table")
    listed.add_argument(
        "--search", metavar="WORDS", help="only those with these words in name or description"
    )
    listed.add_argument("-e", "--experiment-name", metavar="NAME", help="only those of this experiment")
    whose = listed.add_mutually_exclusive_group()
    for scope, text in (("mine", "my own"), ("shared", "others'"), ("starred", "those I have starred")):
        whose.add_argument(f"--{scope}", dest="scope", action="store_const", const=scope, help=f"only {text}")
    shown = noun.add("show", show_view, "show one view", "'Bad runs' --query filter -o tsv")
    runs = noun.add("runs", list_runs, "list the runs that a view finds", "'Bad runs' -o table")
    runs.add_argument("--last", type=at_least_one, default=10, metavar="N", help="how many (default: 10)")
    opened = noun.add(
        "open",
        open_view,
        "print the address of a view; on a terminal open it in the browser, too",
        "'Bad runs'",
    )
    for parser in (shown, runs, opened):
        parser.add_argument("view", help="its name, or its number as `studio view list` prints it")


def list_views(arguments: argparse.Namespace) -> int:
    """Print the views."""
    found = workspace_of(arguments).views.list(
        search=arguments.search, scope=arguments.scope, experiment=arguments.experiment_name
    )
    return show([view.to_dict() for view in found], arguments, COLUMNS)


def show_view(arguments: argparse.Namespace) -> int:
    """Print everything that is known of a view, also what it speaks of that is not there any more."""
    workspace = workspace_of(arguments)
    view = workspace.views.get(arguments.view)
    found = view.to_dict() if "missing" in view.to_dict() else workspace.views.get(view.id).to_dict()
    return show(found, arguments, COLUMNS)


def list_runs(arguments: argparse.Namespace) -> int:
    """Print the first runs of a view, in its order."""
    workspace = workspace_of(arguments)
    view = workspace.views.get(arguments.view)
    limit = min(arguments.last, MOST_A_PAGE)
    path = f"workspaces/{segment(workspace.name)}/views/{view.id}/runs/"
    pages = workspace.client.pages(path, limit=limit)
    return show(list(islice(pages, arguments.last)), arguments, RUN_COLUMNS)


def open_view(arguments: argparse.Namespace) -> int:
    """Print the address; a person at a terminal gets a browser with it."""
    view = workspace_of(arguments).views.get(arguments.view)
    show({"id": view.id, "name": view.name, "url": view.url}, arguments, said=view.url)
    if sys.stdout.isatty():
        import webbrowser

        webbrowser.open(view.url)
    return 0

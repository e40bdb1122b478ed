"""`studio view …`: saved views: list and show them, list their runs, open one in the browser."""

import argparse
import sys
from itertools import islice

from studio.client.cli.output import add_common, show, workspace_of
from studio.client.cli.run import COLUMNS as RUN_COLUMNS
from studio.client.cli.run import MOST_A_PAGE
from studio.client.http import segment

COLUMNS = ("id", "name", "owner", "sharing", "experiment", "filter", "updated_at")


def add(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    noun = nouns.add_parser("view", help="list, show and open saved views")
    noun.set_defaults(parser=noun)
    verbs = noun.add_subparsers(title="commands", metavar="COMMAND")
    listed = verbs.add_parser(
        "list", help="list the views that I may open", epilog="Example: studio view list --mine -o table"
    )
    listed.add_argument(
        "--search", metavar="WORDS", help="only those with these words in name or description"
    )
    listed.add_argument("-e", "--experiment-name", metavar="NAME", help="only those of this experiment")
    whose = listed.add_mutually_exclusive_group()
    for scope, text in (("mine", "my own"), ("shared", "others'"), ("starred", "those I have starred")):
        whose.add_argument(f"--{scope}", dest="scope", action="store_const", const=scope, help=f"only {text}")
    listed.set_defaults(command=list_views)
    shown = verbs.add_parser(
        "show", help="show one view", epilog="Example: studio view show 'Bad runs' --query filter -o tsv"
    )
    shown.set_defaults(command=show_view)
    runs = verbs.add_parser(
        "runs", help="list the runs that a view finds", epilog="Example: studio view runs 'Bad runs' -o table"
    )
    runs.add_argument("--last", type=int, default=10, metavar="N", help="how many (default: 10)")
    runs.set_defaults(command=list_runs)
    opened = verbs.add_parser(
        "open",
        help="print the address of a view; on a terminal open it in the browser, too",
        epilog="Example: studio view open 'Bad runs'",
    )
    opened.set_defaults(command=open_view)
    for parser in (shown, runs, opened):
        parser.add_argument("view", help="its name, or its number as `studio view list` prints it")
    for parser in (listed, shown, runs):
        add_common(parser)
    opened.add_argument(
        "-w", "--workspace-name", metavar="NAME", help="the workspace, if not the configured one"
    )


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
    limit = max(1, min(arguments.last, MOST_A_PAGE))
    path = f"workspaces/{segment(workspace.name)}/views/{view.id}/runs/"
    pages = workspace.client.pages(path, limit=limit)
    return show(list(islice(pages, max(0, arguments.last))), arguments, RUN_COLUMNS)


def open_view(arguments: argparse.Namespace) -> int:
    """Print the address; a person at a terminal gets a browser with it."""
    url = workspace_of(arguments).views.get(arguments.view).url
    print(url)
    if sys.stdout.isatty():
        import webbrowser

        webbrowser.open(url)
    return 0

"""`studio view …`: saved views: listed, shown and opened, made, changed, copied, deleted and restored."""

import argparse
import sys
from itertools import islice

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun, count_or_all
from studio.client.cli.place import workspace_of
from studio.client.cli.run_narrow import COLUMNS as RUN_COLUMNS
from studio.client.cli.run_narrow import MOST_A_PAGE
from studio.client.errors import UserErrorException
from studio.client.http import segment

COLUMNS = ("id", "name", "owner", "sharing", "experiment", "filter", "updated_at")
SHARING = ("private", "view", "edit")
SHOWN = ("filter", "search", "order_by", "columns")


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "view", "list, show, open, make, change and delete saved views")
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
    runs.add_argument(
        "--last", type=count_or_all, default=10, metavar="N", help="how many, or all (default: 10)"
    )
    opened = noun.add(
        "open",
        open_view,
        "print the address of a view; on a terminal open it in the browser, too",
        "'Bad runs'",
    )
    copied = noun.add(
        "duplicate", duplicate_view, "make a private copy of my own", "'Bad runs' --name 'My bad runs'"
    )
    copied.add_argument("--name", metavar="NAME", help='its name (default: the old one with "copy")')
    deleted = noun.add("delete", delete_view, "delete a view; for 30 days it can be restored", "'Bad runs'")
    restored = noun.add("restore", restore_view, "bring a deleted view back", "'Bad runs'")
    for parser in (shown, runs, opened, _add_update(noun), copied, deleted, restored):
        parser.add_argument("view", help="its name, or its number as `studio view list` prints it")
    _add_create(noun)


def _add_create(noun: Noun) -> None:
    parser = noun.add(
        "create",
        create_view,
        "keep a list of runs under a name",
        "'Bad runs' --filter 'metrics.loss > 0.3' --order-by=-metrics.loss",
    )
    parser.add_argument("name", help="its name")
    parser.add_argument(
        "-e", "--experiment-name", metavar="NAME", help="it opens on the page of this experiment"
    )
    _add_shown(parser)


def _add_update(noun: Noun) -> argparse.ArgumentParser:
    parser = noun.add(
        "update",
        update_view,
        "rename, describe or share a view, or let it show something else",
        "'Bad runs' --name 'Worst runs' --sharing view",
    )
    parser.add_argument("--name", metavar="NAME", help="its new name")
    _add_shown(parser)
    return parser


def _add_shown(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--description", metavar="TEXT", help="what to say of it")
    add("--sharing", choices=SHARING, help="my own alone, or what the workspace may do with it")
    add("--filter", metavar="TEXT", help="a filter as on the runs page, such as: metrics.loss < 0.1")
    add("--search", metavar="WORDS", help="words in names, tags and more")
    add("--order-by", metavar="COLUMNS", help="columns by commas, such as: --order-by=-metrics.acc,name")
    add("--columns", metavar="COLUMNS", help="what it shows, by commas, such as: name,status,metrics.acc")


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


def create_view(arguments: argparse.Namespace) -> int:
    """Keep a list, and print the view."""
    made = workspace_of(arguments).views.create(
        arguments.name, experiment=arguments.experiment_name, **_given(arguments, "description", "sharing")
    )
    return show(made.to_dict(), arguments, COLUMNS)


def update_view(arguments: argparse.Namespace) -> int:
    """Change what was named, and print the view as it is then."""
    given = _given(arguments, "name", "description", "sharing")
    if not given:
        raise UserErrorException("Say what to change: --name, --description, --sharing, --filter or another.")
    view = workspace_of(arguments).views.get(arguments.view)
    return show(view.update(**given).to_dict(), arguments, COLUMNS)


def _given(arguments: argparse.Namespace, *names: str) -> dict[str, str]:
    """What was given of these and of what a view shows."""
    found = {name: getattr(arguments, name) for name in (*names, *SHOWN)}
    return {name: value for name, value in found.items() if value is not None}


def duplicate_view(arguments: argparse.Namespace) -> int:
    """Print the copy."""
    copy = workspace_of(arguments).views.get(arguments.view).duplicate(arguments.name)
    return show(copy.to_dict(), arguments, COLUMNS)


def delete_view(arguments: argparse.Namespace) -> int:
    """Delete it, and say how it comes back."""
    view = workspace_of(arguments).views.get(arguments.view)
    view.delete()
    said = f"Deleted {view.name!r}. For 30 days `studio view restore {view.id}` brings it back."
    return show({"id": view.id, "name": view.name, "deleted": True}, arguments, said=said)


def restore_view(arguments: argparse.Namespace) -> int:
    """Bring it back, and print it."""
    views = workspace_of(arguments).views
    named = [view for view in views.deleted() if arguments.view in (str(view.id), view.name)]
    if len(named) != 1:
        many = ", ".join(str(view.id) for view in named)
        why = (
            f"Several deleted views are called so: {many}."
            if named
            else "There is no deleted view of that name."
        )
        raise UserErrorException(f"{why} `studio view restore NUMBER` takes one by its number.")
    return show(named[0].restore().to_dict(), arguments, COLUMNS)

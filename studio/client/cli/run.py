"""`studio run …`: list, show and cancel runs, mark stuck ones, throw away and restore."""

import argparse
import sys
from itertools import islice
from typing import Any

from studio.client.cli import run_snapshot
from studio.client.cli.output import add_common, show, workspace_of
from studio.client.http import segment

COLUMNS = ("id", "display_name", "experiment", "status", "created_at", "duration_s", "created_by")
MOST_A_PAGE = 200
ENDS = ("Completed", "Failed", "Canceled")


def add(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    run = nouns.add_parser("run", help="list, show, cancel, mark, delete and restore runs")
    run.set_defaults(parser=run)
    verbs = run.add_subparsers(title="commands", metavar="COMMAND")
    _add_list(verbs)
    run_snapshot.add(verbs)
    shown = verbs.add_parser(
        "show", help="show one run", epilog="Example: studio run show -r 4f6c… --query metrics"
    )
    shown.add_argument("-r", "--run", required=True, metavar="ID", help="the id of the run")
    add_common(shown)
    shown.set_defaults(command=show_run)
    cancel = verbs.add_parser(
        "cancel", help="ask a run to stop", epilog="Example: studio run cancel -r 4f6c…"
    )
    cancel.add_argument("-r", "--run", required=True, metavar="ID", help="the id of the run")
    cancel.add_argument("--children", action="store_true", help="its children, too")
    cancel.add_argument("--reason", help="a sentence for those who ask later")
    add_common(cancel)
    cancel.set_defaults(command=cancel_run)
    _add_mark(verbs)
    _add_trash(verbs)


def _add_mark(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    mark = verbs.add_parser(
        "mark",
        help="say what a stuck run became",
        epilog='Example: studio run mark -r 4f6c… --as Failed --reason "the machine was switched off"',
    )
    mark.add_argument("-r", "--run", required=True, metavar="ID", help="the id of the run")
    mark.add_argument("--as", required=True, dest="status", choices=ENDS, help="what it became")
    mark.add_argument("--reason", required=True, help="why; it is kept in the run's history")
    add_common(mark)
    mark.set_defaults(command=mark_run)


def _add_trash(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for verb, action, words in (
        ("delete", "trash", "move runs to the trash, where they stay for 30 days"),
        ("restore", "restore", "bring runs back from the trash"),
        ("archive", "archive", "take runs out of the lists"),
        ("unarchive", "unarchive", "bring runs back from the archive"),
    ):
        parser = verbs.add_parser(verb, help=words, epilog=f"Example: studio run {verb} -r 4f6c…")
        parser.add_argument(
            "-r", "--run", required=True, action="append", metavar="ID", help="the id of a run; repeatable"
        )
        add_common(parser)
        parser.set_defaults(command=change_runs, action=action)


def _add_list(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    listed = verbs.add_parser(
        "list",
        help="list the newest runs",
        epilog='Example: studio run list -e digits --query "[?status==`Failed`].[id, error.message]" -o tsv',
    )
    listed.add_argument("-e", "--experiment-name", metavar="NAME", help="only runs of this experiment")
    listed.add_argument("--last", type=int, default=10, metavar="N", help="how many (default: 10)")
    listed.add_argument("--status", metavar="STATUS", help="only runs with this status, such as Completed")
    listed.add_argument(
        "--tags", action="append", metavar="KEY[=VALUE]", help="only runs with this tag; repeatable"
    )
    listed.add_argument(
        "--filter", metavar="TEXT", help="a filter as on the runs page, such as: metrics.loss < 0.1"
    )
    listed.add_argument(
        "--search", metavar="WORDS", help="only runs with these words in names, tags and more"
    )
    listed.add_argument(
        "--order-by", metavar="COLUMNS", help="columns by commas, such as: --order-by=-metrics.acc,name"
    )
    listed.add_argument("--include-children", action="store_true", help="child runs, too")
    listed.add_argument("--archived", action="store_true", help="those in the archive instead")
    listed.add_argument("--mine", action="store_true", help="only my own runs")
    add_common(listed)
    listed.set_defaults(command=list_runs)


def list_runs(arguments: argparse.Namespace) -> int:
    """Print the newest runs that fit."""
    workspace = workspace_of(arguments)
    wanted = {
        "experiment": arguments.experiment_name,
        "status": arguments.status,
        "tag": arguments.tags,
        "filter": arguments.filter,
        "q": arguments.search,
        "sort": arguments.order_by,
        "include_children": "true" if arguments.include_children else None,
        "archived": "true" if arguments.archived else None,
        "mine": "true" if arguments.mine else None,
        "limit": max(1, min(arguments.last, MOST_A_PAGE)),
    }
    pages = workspace.client.pages(f"workspaces/{segment(workspace.name)}/runs/", **wanted)
    return show(list(islice(pages, arguments.last)), arguments, COLUMNS)


def show_run(arguments: argparse.Namespace) -> int:
    """Print everything that is known of a run."""
    return show(workspace_of(arguments).client.get(f"runs/{segment(arguments.run)}/"), arguments, COLUMNS)


def cancel_run(arguments: argparse.Namespace) -> int:
    """Ask a run to stop."""
    body: dict[str, Any] = {"children": arguments.children}
    if arguments.reason:
        body["reason"] = arguments.reason
    # Cancelling twice is no error, so a lost answer may be asked for again.
    found = workspace_of(arguments).post_once(f"runs/{segment(arguments.run)}/cancel/", body)
    return show(found, arguments, COLUMNS)


def mark_run(arguments: argparse.Namespace) -> int:
    """Say by hand what a stuck run became."""
    body = {"status": arguments.status, "reason": arguments.reason}
    # Marking it twice as the same is no error.
    found = workspace_of(arguments).post_once(f"runs/{segment(arguments.run)}/mark/", body)
    return show(found, arguments, COLUMNS)


def change_runs(arguments: argparse.Namespace) -> int:
    """Move runs to the trash or the archive, or back. 1 when one of them was left as it is."""
    workspace = workspace_of(arguments)
    body = {"action": arguments.action, "ids": arguments.run}
    done = workspace.client.post(f"workspaces/{segment(workspace.name)}/runs/bulk/", body)
    show(done, arguments, ("action", "done", "unchanged"))
    for refusal in done.get("refused", []):
        print(refusal["reason"], file=sys.stderr)
    return 1 if done.get("refused") else 0

"""`studio run cancel`, `complete`, `fail` and `mark`: how runs end."""

import argparse
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Noun, add_run
from studio.client.cli.place import workspace_of
from studio.client.cli.run_find import find_run
from studio.client.http import segment

COLUMNS = ("id", "display_name", "experiment", "status", "status_reason", "ended_at")
ENDS = ("Completed", "Failed", "Canceled")


def add(noun: Noun) -> None:
    """Add the commands."""
    cancel = noun.add("cancel", cancel_run, "ask a run to stop", "-r digits/12")
    add_run(cancel)
    cancel.add_argument("--children", action="store_true", help="its children, too")
    cancel.add_argument("--reason", default="", metavar="TEXT", help="a sentence for those who ask later")
    complete = noun.add("complete", complete_run, "say that a run has ended well", "-r digits/12")
    add_run(complete)
    fail = noun.add(
        "fail", fail_run, "say that a run has failed, and why", '-r digits/12 --message "the disk was full"'
    )
    add_run(fail)
    fail.add_argument("--message", default="", metavar="TEXT", help="what went wrong")
    fail.add_argument("--code", default="", metavar="CODE", help="a word to find it by (default: UserError)")
    mark = noun.add(
        "mark",
        mark_run,
        "say what a stuck run became",
        '-r digits/12 --as Failed --reason "the machine was switched off"',
    )
    add_run(mark)
    mark.add_argument("--as", required=True, dest="status", choices=ENDS, help="what it became")
    mark.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept in the run's history")


def cancel_run(arguments: argparse.Namespace) -> int:
    """Ask it to stop."""
    return _step(arguments, "cancel/", {"children": arguments.children, "reason": arguments.reason})


def complete_run(arguments: argparse.Namespace) -> int:
    """Complete it."""
    return _step(arguments, "complete/", {})


def fail_run(arguments: argparse.Namespace) -> int:
    """Fail it."""
    return _step(arguments, "fail/", {"message": arguments.message, "code": arguments.code})


def mark_run(arguments: argparse.Namespace) -> int:
    """Say by hand what a stuck run became."""
    return _step(arguments, "mark/", {"status": arguments.status, "reason": arguments.reason})


def _step(arguments: argparse.Namespace, step: str, body: dict[str, Any]) -> int:
    workspace = workspace_of(arguments)
    run = find_run(arguments, workspace)
    # None of the steps is an error the second time, so a lost answer may be asked for again.
    return show(workspace.post_once(f"runs/{segment(run['id'])}/{step}", body), arguments, COLUMNS)

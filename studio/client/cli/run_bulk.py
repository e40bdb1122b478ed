"""`studio run bulk`: one change of all runs that match, up to 10,000, and what takes it back."""

import argparse
from typing import Any

from studio.client.cli.output import one_line, show
from studio.client.cli.parsing import Noun, UsageException
from studio.client.cli.place import workspace_of
from studio.client.cli.run_trash import changed
from studio.client.notices import warn

ACTIONS = ("cancel", "tag", "untag", "star", "unstar", "archive", "unarchive", "trash", "restore", "undo")
COLUMNS = ("id", "action", "state", "total", "done", "unchanged", "undo")
SWITCHES = ("include_children", "archived", "mine")


def add(noun: Noun) -> None:
    """Add the command."""
    parser = noun.add(
        "bulk",
        change_all,
        "tag, star, archive, cancel or throw away all runs that match, up to 10,000",
        "tag --filter 'metrics.loss > 3' --key quality --value bad",
    )
    add = parser.add_argument
    add("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    add("--filter", metavar="TEXT", help="a filter as on the runs page, such as: metrics.loss > 3")
    add("--search", metavar="WORDS", help="only runs with these words in names, tags and more")
    add("-e", "--experiment-name", metavar="NAME", help="only runs of this experiment")
    add("--status", action="append", metavar="STATUS", help="only runs with this status; repeatable")
    add("--tags", action="append", metavar="KEY[=VALUE]", help="only runs with this tag; repeatable")
    add("--include-children", action="store_true", help="child runs, too")
    add("--archived", action="store_true", help="those in the archive instead")
    add("--mine", action="store_true", help="only my own runs")
    add("--all", action="store_true", help="every run of the workspace, when nothing else narrows it")
    add("--key", metavar="KEY", help="the tag to add or remove")
    add("--value", metavar="VALUE", help="its value, if it has one")
    add("--reason", metavar="TEXT", help="why they are canceled")
    add("--change", metavar="NUMBER", type=int, help="of undo: what the report calls undo; within a day")


def change_all(arguments: argparse.Namespace) -> int:
    """Do it, wait for its end, and print the report. 1 when some were left as they are."""
    body = _body(arguments)
    report = changed(workspace_of(arguments), body, tell=_tell)
    show(report, arguments, COLUMNS)
    for refusal in report["refused"]:
        warn(one_line(f"{refusal['count']:,} left alone: {refusal['reason']}"))
    if report["more"]:
        warn("More match than one change takes: repeat it for the rest.")
    if report["state"] == "failed":
        left = report["total"] - report["taken"]
        warn(f"An error of the studio ended it, {left:,} were left as they are; its log says more.")
    return 1 if report["refused"] or report["state"] == "failed" else 0


def _tell(report: dict[str, Any]) -> None:
    warn(f"{report['taken']:,} of {report['total']:,}")


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.action == "undo":
        if arguments.change is None:
            raise UsageException("Say which change: --change and the number that its report gave as undo.")
        return {"action": "undo", "undo": arguments.change}
    if arguments.action in ("tag", "untag") and not arguments.key:
        raise UsageException(f"To {arguments.action} runs takes --key.")
    where = _where(arguments)
    if not where.keys() - SWITCHES and not arguments.all:
        raise UsageException("Say which runs, such as --filter or -e; or --all for every run.")
    more = {name: getattr(arguments, name) for name in ("key", "value", "reason")}
    given = {name: value for name, value in more.items() if value is not None}
    return {"action": arguments.action, "where": where, **given}


def _where(arguments: argparse.Namespace) -> dict[str, Any]:
    """The parameters of the list of those runs."""
    asked = {
        "filter": arguments.filter,
        "q": arguments.search,
        "experiment": arguments.experiment_name,
        "status": arguments.status,
        "tag": arguments.tags,
        **{name: getattr(arguments, name) for name in SWITCHES},
    }
    return {name: value for name, value in asked.items() if value}

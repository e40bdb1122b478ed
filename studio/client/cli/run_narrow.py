"""Lists of runs: what narrows and orders them, in `studio run list` and in `children`."""

import argparse
from itertools import islice
from typing import Any

from studio.client.cli.parsing import count_or_all
from studio.client.http import segment
from studio.client.workspace import Workspace

COLUMNS = ("id", "display_name", "experiment", "number", "status", "created_at", "duration_s", "created_by")
MOST_A_PAGE = 200


def add_narrowing(parser: argparse.ArgumentParser) -> None:
    """Add what narrows and orders a list of runs."""
    add = parser.add_argument
    add("--last", type=count_or_all, default=10, metavar="N", help="how many, or all (default: 10)")
    add(
        "--status",
        action="append",
        metavar="STATUS",
        help="only runs with this status, such as Completed; repeatable",
    )
    add("--tags", action="append", metavar="KEY[=VALUE]", help="only runs with this tag; repeatable")
    add("--filter", metavar="TEXT", help="a filter as on the runs page, such as: metrics.loss < 0.1")
    add("--search", metavar="WORDS", help="only runs with these words in names, tags and more")
    add("--order-by", metavar="COLUMNS", help="columns by commas, such as: --order-by=-metrics.acc,name")


def fitting_runs(
    arguments: argparse.Namespace, workspace: Workspace, wanted: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return as many runs as were asked for, narrowed by the options and by `wanted`."""
    asked = {
        "status": arguments.status,
        "tag": arguments.tags,
        "filter": arguments.filter,
        "q": arguments.search,
        "sort": arguments.order_by,
        "limit": min(arguments.last, MOST_A_PAGE),
        **wanted,
    }
    pages = workspace.client.pages(f"workspaces/{segment(workspace.name)}/runs/", **asked)
    return list(islice(pages, arguments.last))

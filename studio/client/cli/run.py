"""`studio run list` and `show`; the other verbs of `studio run` have files of their own."""

import argparse

from studio.client.cli import (
    run_bulk,
    run_change,
    run_end,
    run_exec,
    run_files,
    run_logs,
    run_resubmit,
    run_snapshot,
    run_submit,
    run_trash,
)
from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun, UsageException, add_run
from studio.client.cli.place import doubt, experiment_of, workspace_of
from studio.client.cli.run_find import find_run, named_run
from studio.client.cli.run_narrow import COLUMNS, add_narrowing, fitting_runs

MINIMAL = {
    "RunId": "id",
    "RunType": "type",
    "Status": "status",
    "StartTime": "started_at",
    "EndTime": "ended_at",
    "Target": "target",
    "Tags": "tags",
}


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "run", "submit, list, show, follow, change, end, download and delete runs")
    run_submit.add(noun)
    _add_list(noun)
    shown = noun.add("show", show_run, "show one run", "-r digits/12 --query metrics")
    add_run(shown)
    for verbs in (
        run_change,
        run_bulk,
        run_end,
        run_files,
        run_logs,
        run_snapshot,
        run_trash,
        run_resubmit,
        run_exec,
    ):
        verbs.add(noun)


def _add_list(noun: Noun) -> None:
    listed = noun.add(
        "list",
        list_runs,
        "list the newest runs",
        "-e digits --query \"[?status=='Failed'].[id, error.message]\" -o tsv",
    )
    listed.add_argument(
        "words", nargs="*", metavar="QUERY", help="the same as --query, when it begins with [?"
    )
    add_narrowing(listed)
    listed.add_argument(
        "-e",
        "--experiment-name",
        metavar="NAME",
        help="only runs of this experiment (default: that of the attached folder, if it is one)",
    )
    listed.add_argument(
        "--all-experiments", action="store_true", help="in an attached folder, runs of every experiment"
    )
    listed.add_argument("--parent-run-id", metavar="RUN", help="only children of this run")
    listed.add_argument("--pipeline-run-id", metavar="RUN", help="only steps of this run; without -e")
    listed.add_argument("--compute-target-name", metavar="TARGET", help="only runs on this compute target")
    listed.add_argument("--include-children", action="store_true", help="child runs, too")
    listed.add_argument("--archived", action="store_true", help="those in the archive instead")
    listed.add_argument("--mine", action="store_true", help="only my own runs")
    listed.add_argument(
        "--minimal", action="store_true", help="only id, type, status, times, target and tags of each"
    )


def list_runs(arguments: argparse.Namespace) -> int:
    """Print the newest runs that fit."""
    if arguments.pipeline_run_id and (arguments.experiment_name or arguments.parent_run_id):
        raise UsageException("With --pipeline-run-id leave -e and --parent-run-id out.")
    workspace = workspace_of(arguments)
    switches = {name: "true" for name in ("include_children", "archived", "mine") if getattr(arguments, name)}
    above = arguments.parent_run_id or arguments.pipeline_run_id
    wanted = {
        "experiment": None if above or arguments.all_experiments else experiment_of(arguments, workspace),
        "target": arguments.compute_target_name,
        "parent": named_run(above, arguments, workspace)["id"] if above else None,
        **switches,
    }
    found = fitting_runs(arguments, workspace, wanted)
    if not found and wanted["experiment"]:
        doubt(workspace, wanted["experiment"])
    if arguments.minimal:
        found = [{name: run[key] for name, key in MINIMAL.items()} for run in found]
    return show(found, arguments, tuple(MINIMAL) if arguments.minimal else COLUMNS)


def show_run(arguments: argparse.Namespace) -> int:
    """Print everything that is known of a run."""
    return show(find_run(arguments), arguments, COLUMNS)

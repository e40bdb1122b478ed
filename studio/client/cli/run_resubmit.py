"""`studio run resubmit`: a run once more, on this machine."""

import argparse

from studio.client.cli.output import show
from studio.client.cli.parsing import Noun, add_run
from studio.client.cli.run_files import run_of
from studio.client.cli.run_logs import follow

COLUMNS = ("id", "display_name", "experiment", "status", "resubmitted_from", "script")


def add(noun: Noun) -> None:
    """Add the command."""
    parser = noun.add(
        "resubmit",
        resubmit_run,
        "run a run once more, from its snapshot, and show what it prints",
        "-r digits/12 -- --lr 0.01",
    )
    add_run(parser)
    parser.add_argument("--display-name", metavar="TEXT", help="the name of the new run")
    parser.add_argument(
        "--async", dest="is_async", action="store_true", help="return at once; the run goes on"
    )
    parser.add_argument(
        "arguments",
        nargs="*",
        metavar="ARGUMENT",
        help="after --, what the script is given instead of what it was given",
    )


def resubmit_run(arguments: argparse.Namespace) -> int:
    """Run it again; unless `--async`, show its log until it ends. 1 when it did not complete."""
    given = arguments.arguments or None
    run = run_of(arguments).resubmit(given, display_name=arguments.display_name)
    if arguments.is_async:
        return show(run._fetch(), arguments, COLUMNS)
    return follow(run, arguments)

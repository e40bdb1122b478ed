"""`studio run exec`: execute a submitted run here, on a laptop or on a machine of a cluster."""

import argparse

from studio.client.cli.parsing import Noun


def add(noun: Noun) -> None:
    """Add the command."""
    parser = noun.add("exec", execute, "execute a submitted run on this machine, to its end", "4f6c…")
    parser.add_argument("run", metavar="ID", help="the whole id of the run")


def execute(arguments: argparse.Namespace) -> int:
    """Execute the run; 0 once its end is told, whatever that is."""
    from studio.client.supervise import supervise  # only here: it takes the signals of this process

    return supervise(arguments.run)

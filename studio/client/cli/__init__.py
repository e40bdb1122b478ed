"""The command line, `studio …`: one file for each noun.

Errors are one sentence on stderr, never a traceback.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from studio import VERSION
from studio.client.cli import experiment, login, member, profile, run, server, sync, token, view, workspace
from studio.client.errors import StudioException, UnreachableException

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130
EXIT_CODES = "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the studio does not answer."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in server.COMMANDS:
            return server.call(arguments[0], arguments[1:])
        return _run(arguments)
    except UnreachableException as failure:
        return _say(failure, UNREACHABLE)
    except StudioException as refusal:
        return _say(refusal, REFUSED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `studio run list | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str]) -> int:
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    if not hasattr(chosen, "command"):
        (getattr(chosen, "parser", None) or parser).print_help()
        return USAGE if arguments else 0
    code: int = chosen.command(chosen)
    sys.stdout.flush()
    return code


def _say(problem: Exception, code: int) -> int:
    print(f"studio: {problem}", file=sys.stderr)
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = argparse.ArgumentParser(
        prog="studio",
        description="The self-hosted studio for machine-learning runs.",
        epilog=EXIT_CODES,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=18),
    )
    parser.add_argument("--version", action="version", version=f"run-studio {VERSION}")
    nouns = parser.add_subparsers(title="commands", metavar="COMMAND")
    for noun in (server, login, run, experiment, view, workspace, member, profile, token, sync):
        noun.add(nouns)
    version = nouns.add_parser("version", help="print the version")
    version.set_defaults(command=_version)
    return parser


def _version(_arguments: argparse.Namespace) -> int:
    print(f"run-studio {VERSION}")
    return 0

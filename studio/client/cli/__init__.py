"""The command line, `studio …`: one file for each noun.

Errors are one sentence on stderr, never a traceback. `studio ml run list` is `studio run list`.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from studio import VERSION
from studio.client.cli import (
    alert,
    completion,
    computetarget,
    doctor,
    experiment,
    folder,
    login,
    member,
    profile,
    run,
    server,
    sync,
    token,
    view,
    workspace,
)
from studio.client.cli.output import check_copy, one_line, show
from studio.client.cli.parsing import Formatter, Parser, UsageException, add_command
from studio.client.cli.query import query_of
from studio.client.errors import StudioException, UnreachableException
from studio.client.http import Client
from studio.client.notices import warn

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130
EXIT_CODES = "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the studio does not answer."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["ml"]:
        arguments = arguments[1:]
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    try:
        return _run(arguments)
    except UsageException as mistake:
        return _say(mistake, USAGE)
    except UnreachableException as failure:
        return _say(failure, UNREACHABLE)
    except StudioException as refusal:
        return _say(refusal, REFUSED)
    except OSError as problem:
        if isinstance(problem, BrokenPipeError):  # `studio run list | head` has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _say(problem, REFUSED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in server.COMMANDS:
        return server.call(arguments[0], arguments[1:])
    if arguments[:1] == [completion.ASK]:
        return completion.answer(make_parser(), arguments[1:])
    parser = make_parser()
    chosen, rest = parser.parse_known_args(arguments)
    if rest:
        getattr(chosen, "parser", parser).error(f"unrecognized arguments: {' '.join(rest)}")
    if not hasattr(chosen, "command"):
        (getattr(chosen, "parser", None) or parser).print_help()
        return USAGE if arguments else 0
    chosen.query = query_of(chosen.query, getattr(chosen, "words", []))
    check_copy(chosen.output_metadata_file)
    Client.is_traced = chosen.debug
    code: int = chosen.command(chosen)
    sys.stdout.flush()
    return code


def _say(problem: Exception, code: int) -> int:
    if Client.is_traced:
        sys.excepthook(type(problem), problem, problem.__traceback__)
    warn(one_line(str(problem)))
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser: argparse.ArgumentParser = Parser(
        prog="studio",
        description="The self-hosted studio for machine-learning runs.",
        epilog=EXIT_CODES,
        formatter_class=Formatter,
    )
    parser.add_argument("--version", action="version", version=f"run-studio {VERSION}")
    nouns = parser.add_subparsers(title="commands", metavar="COMMAND")
    for noun in (server, login, doctor, folder, run, experiment, view, alert, computetarget):
        noun.add(nouns)
    for noun in (workspace, member, profile, token, sync, completion):
        noun.add(nouns)
    add_command(nouns, "version", print_version, "print the version", "-o json")
    return parser


def print_version(arguments: argparse.Namespace) -> int:
    """Print the version of this client."""
    return show({"version": VERSION}, arguments, said=f"run-studio {VERSION}")

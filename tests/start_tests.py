"""`python3 manage.py test [--postgres] [arguments of pytest]`."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run pytest on SQLite, or on a PostgreSQL of its own; give its exit code."""
    rest = [argument for argument in arguments if argument != "--postgres"]
    # A developer's own database is never tested upon.
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    # From here on TERM unwinds like Ctrl-C, so that the database below is removed.
    signal.signal(signal.SIGTERM, leave)
    if len(rest) == len(arguments):
        return run_pytest(rest, environment)
    try:
        with postgres.throw_away() as url:
            return run_pytest(rest, {**environment, "DATABASE_URL": url})
    except postgres.PostgresMissing as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End by an exception, so that everything open is closed on the way."""
    raise KeyboardInterrupt


def run_pytest(arguments: list[str], environment: dict[str, str]) -> int:
    """Run pytest as a process of its own; interrupted, wait for it to close what it opened."""
    command = [sys.executable, "-m", "pytest", *in_parallel(arguments), *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate() if process.poll() is None else None
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return 130


def in_parallel(arguments: list[str]) -> list[str]:
    """Two processes when there is more than one file to test and nobody asks to look inside.

    A file stays whole, because the tests of a file may share what was slow to make.
    """
    single = any("::" in argument or argument.endswith(".py") for argument in arguments)
    chosen = any(argument.startswith(("-n", "--pdb", "--trace", "-s", "--collect")) for argument in arguments)
    return [] if single or chosen else ["-n", "2", "--dist", "loadfile"]

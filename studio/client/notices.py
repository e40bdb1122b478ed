"""The few lines that the client prints: the run's link on stdout, warnings on stderr. They never raise."""

import sys


def say(line: str) -> None:
    """Print one line for the person who watches the script."""
    try:
        print(line, flush=True)
    except (OSError, ValueError, AttributeError):  # a closed or missing stdout must not end a training
        pass


def warn(line: str) -> None:
    """Print one warning of ours on stderr."""
    try:
        print(f"studio: {line}", file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):
        pass

"""`studio run monitor-logs`: a log as it grows, until the run has ended."""

import argparse

from studio.client.cli.output import one_line, show
from studio.client.cli.parsing import Noun, add_run
from studio.client.cli.run_files import run_of
from studio.client.errors import ExperimentExecutionException
from studio.client.notices import warn
from studio.client.run import Run

INTERRUPTED = 130
GOES_ON = "The run goes on. `studio run monitor-logs -r {0}` shows its log again, `studio run cancel -r {0}` stops it."


def add(noun: Noun) -> None:
    """Add the command."""
    logs = noun.add(
        "monitor-logs", monitor_logs, "show the log of a run as it grows, until the run ends", "-r digits/12"
    )
    add_run(logs)


def monitor_logs(arguments: argparse.Namespace) -> int:
    """Follow the log; then print the run. 1 when the run did not complete."""
    return follow(run_of(arguments), arguments)


def follow(run: Run, arguments: argparse.Namespace) -> int:
    """Print the log until the run has ended, then the run. Ctrl-C leaves the run as it is."""
    try:
        run.wait_for_completion(show_output=True, wait_post_processing=True, raise_on_error=False)
    except ExperimentExecutionException:  # Ctrl-C
        warn(GOES_ON.format(run.id))
        return INTERRUPTED
    found = run._fetch()
    show(found, arguments, ("id", "status", "status_reason", "duration_s"))
    if found["status"] == "Completed":
        return 0
    reason = (found.get("error") or {}).get("message") or found["status_reason"]
    title = f"{found['experiment']}/{found['number']} ended as {found['status']}"
    warn(one_line(f"{title}: {reason}" if reason else f"{title}."))
    return 1

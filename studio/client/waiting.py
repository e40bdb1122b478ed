"""Waiting for a run to end, and showing meanwhile what it prints."""

import json
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

from studio.client.errors import (
    ActivityFailedException,
    ExperimentExecutionException,
    UnreachableException,
)
from studio.client.heart import ENDED
from studio.client.http import Request, segment
from studio.client.notices import warn
from studio.client.record import RunRecord

LOGS = re.compile(r"(user_logs/std_log[\D]*[0]*(?:_ps)?\.txt)|(azureml-logs/[\d]{2}.+\.txt)")
# Where a script has ended and only its files are still on their way.
NEARLY = ("Finalizing", "CancelRequested")
# Escape sequences other than colours: strings for the terminal, moves of the cursor, single controls.
UNSAFE = re.compile(
    r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*(?![0-?]*m)[@-ln-~]|\x1b(?!\[[0-9;:]*m)[ -/]*[0-~]?"
    r"|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]"
)
PIECE_BYTES = 1 << 18
SHORTEST_S, LONGEST_S = 0.2, 2.0
NO_ERROR = "Detailed error not set on the Run. Please check the logs for details."
INTERRUPTED = (
    "The output streaming for the run interrupted.\n"
    "But the run is still executing on the compute target. \n"
    "Details for canceling the run can be found here: {}"
)


class RunWaiting(RunRecord):
    """The part of a run that can be waited for."""

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, Any]:
        """Wait until the run has ended; return `get_details()`.

        `show_output`: print its log as it grows. A run whose script has ended but whose files are still on their
        way counts as ended, unless `wait_post_processing`. Raises ActivityFailedException when it has failed and
        `raise_on_error` is True, ExperimentExecutionException for Ctrl-C while the log is shown: the run goes on.
        """
        try:
            details = self._stream(wait_post_processing) if show_output else self._wait(wait_post_processing)
        except KeyboardInterrupt:
            if not show_output:
                raise
            raise ExperimentExecutionException(INTERRUPTED.format(self.get_portal_url())) from None
        error = _error_text(details)
        if show_output:
            _print_summary(details, self.get_portal_url(), None if raise_on_error else error)
        if details["status"] == "Failed" and raise_on_error:
            raise ActivityFailedException(f"Activity Failed:\n{error or NO_ERROR}", details.get("error"))
        return details

    def _wait(self, to_the_end: bool) -> dict[str, Any]:
        pause_s = SHORTEST_S
        while not self._is_over(to_the_end):
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.3, LONGEST_S)
        return self.get_details()

    def _is_over(self, to_the_end: bool) -> bool:
        status = self.get_status()
        return status in ENDED or (status in NEARLY and not to_the_end)

    def _stream(self, to_the_end: bool) -> dict[str, Any]:
        print(f"RunId: {self._id}\nWeb View: {self.get_portal_url()}\n", flush=True)
        shown, away = _Shown(), _Away()
        pause_s = SHORTEST_S
        while True:
            try:
                is_over = self._is_over(to_the_end)
                grew = self._show_more(shown)
                away.answered(str(self._found.get("status")))
                if is_over:
                    shown.end()
                    return self.get_details()
            except UnreachableException as failure:
                away.failed(failure)
                grew = False
            pause_s = SHORTEST_S if grew else min(pause_s * 1.3, LONGEST_S)
            time.sleep(pause_s)

    def _show_more(self, shown: "_Shown") -> bool:
        files = self._client.pages(self._path("files/"), "files")
        sizes = {file["path"]: file["size"] for file in files if file["is_log"] or LOGS.match(file["path"])}
        name = _newest(list(sizes), shown.name)
        if name is None or (name == shown.name and sizes[name] <= shown.have):
            return False
        shown.begin(name)
        for piece in self._rest_of(name, shown.have):
            shown.add(piece)
        return True

    def _rest_of(self, name: str, have: int) -> Iterator[bytes]:
        """Yield what follows the bytes that we have. What has come before a break counts."""
        from http.client import HTTPException

        parts = "/".join(segment(part) for part in name.split("/"))
        headers = {"Accept": "*/*"} | ({"Range": f"bytes={have}-"} if have else {})
        response = self._client.open(Request("GET", self._path(f"files/{parts}"), headers=headers))
        known = 0 if response.status == 206 else have  # what stands in between may give all of it
        try:
            while piece := response.read(PIECE_BYTES):
                if fresh := piece[known:]:
                    yield fresh
                known = max(0, known - len(piece))
        except (OSError, HTTPException) as failure:
            raise UnreachableException(f"The log {name} broke off.") from failure


def _newest(names: list[str], current: str | None) -> str | None:
    """The log to follow: the highest of those that hold what the script prints, of the first worker."""
    matching = sorted(name for name in names if LOGS.match(name))
    first = [name for name in matching if "rank_0" in name or "worker_0" in name]
    found = (first or matching or sorted(names))[-1:]
    return current if current in names and not matching else next(iter(found), None)


class _Away:
    """A studio that does not answer while one waits is waited for; one that never has is not."""

    def __init__(self) -> None:
        self._has_answered = False
        self._is_told = False
        self._status = "Running"

    def answered(self, status: str) -> None:
        """Say that it is back, if it was away; and at a terminal, why no line comes from a run that waits."""
        if self._is_told:
            warn("The studio answers again.")
        if status != self._status and status not in ENDED and sys.stderr.isatty():
            warn(f"The run is {status}.")
        self._has_answered, self._is_told, self._status = True, False, status

    def failed(self, failure: UnreachableException) -> None:
        """Say once that it is away. Raises the failure when it has not answered yet."""
        if not self._has_answered:
            raise failure
        if not self._is_told:
            warn(f"{failure} What follows is shown when it does.")
        self._is_told = True


class _Shown:
    """What of the log has been printed. Whole lines only, until the end."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.have = 0
        self._rest = b""

    def begin(self, name: str) -> None:
        """Print the heading of a log, unless it is the one that is being shown."""
        if name != self.name:
            self.end()
            self.name, self.have = name, 0
            print(f"Streaming {name}\n{'=' * (len(name) + 10)}\n", flush=True)

    def add(self, piece: bytes) -> None:
        """Print the lines that are complete now."""
        self.have += len(piece)
        lines, ended, self._rest = (self._rest + piece).rpartition(b"\n")
        if ended:
            print(for_terminal((lines + ended).decode("utf-8", "replace")), end="", flush=True)

    def end(self) -> None:
        """Print what stands after the last line's end, and a line of its own."""
        if self._rest:
            print(for_terminal(self._rest.decode("utf-8", "replace")), flush=True)
        if self.name is not None:
            print()
        self._rest = b""


def for_terminal(text: str) -> str:
    """Return text as a terminal may be given it: colours stay, what would change the terminal itself does not.

    Where nobody watches, such as in a file, it stays as it is.
    """
    return UNSAFE.sub("", text) if sys.stdout.isatty() else text


def _error_text(details: dict[str, Any]) -> str | None:
    if details["status"] != "Failed":
        return None
    return json.dumps(details["error"], indent=4) if details.get("error") else NO_ERROR


def _print_summary(details: dict[str, Any], page: str, error: str | None) -> None:
    print(f"Execution Summary\n=================\nRunId: {details['runId']}\nWeb View: {page}")
    if details.get("warnings"):
        print("\nWarnings:\n" + "\n".join(str(warning) for warning in details["warnings"]))
    if error:
        print(f"\nError:\n{error}")
    print(flush=True)

"""The details of a failed run as its page shows them, nothing twice."""

from collections.abc import Mapping, Sequence
from typing import Any

from runs.models import Run

TRACE, LINES = "debug_stack_trace", "last_lines"
WORDS = {
    TRACE: "Stack trace",
    LINES: "Last lines it printed",
    "debug_type": "Type",
    "debug_message": "Message",
}
# What the SDK takes out of the exception, which the sentence above it says already.
SAID = ("debug_type", "debug_message")


def error_facts(run: Run) -> dict[str, list[tuple[str, str]]]:
    """What the card of an error shows: `details` of one line and `traces` of several, each a word with its text."""
    found = {key: str(text) for key, text in run.error_details.items()}
    found = {key: text for key, text in found.items() if key not in SAID or text not in run.error_message}
    pairs = [(WORDS.get(key, key), text) for key, text in _once(found).items()]
    return {
        "traces": [(word, text) for word, text in pairs if "\n" in text],
        "details": [(word, text) for word, text in pairs if "\n" not in text],
    }


def _once(details: Mapping[str, Any]) -> dict[str, str]:
    """The details, the stack trace first, and the last lines without the part of them that is the stack trace."""
    trace, lines = details.get(TRACE, ""), details.get(LINES, "")
    rest = {key: text for key, text in details.items() if key not in (TRACE, LINES)}
    left = without(lines, trace) if trace else lines
    shown = {TRACE: trace} if TRACE in details else {}
    return shown | ({LINES: left} if LINES in details and (left or not trace) else {}) | rest


def without(lines: str, trace: str) -> str:
    """The lines but for the trace in them: all of it, or its end where they begin in its middle."""
    said, traced = lines.strip("\n").splitlines(), trace.strip("\n").splitlines()
    start = _place_of(traced, said)
    if start is not None:
        return "\n".join(said[:start] + said[start + len(traced) :])
    # The first line may be cut anywhere; a line that is the same by chance is no traceback.
    for length in range(min(len(traced), len(said)), 1, -1):
        first, *others = traced[-length:]
        if said[1:length] == others and first.endswith(said[0]):
            return "\n".join(said[length:])
    return "\n".join(said)


def _place_of(part: Sequence[str], whole: Sequence[str]) -> int | None:
    """Where the lines stand in the others; None where they do not, or are none."""
    ends = range(len(whole) - len(part), -1, -1) if part else ()
    return next((at for at in ends if list(whole[at : at + len(part)]) == list(part)), None)

"""Bytes of a log as the lines that people see. Pure.

What a terminal would do is done to the text: a progress bar that redraws itself is shown as its last state, colours
are left out. What could deceive the reader is made visible: control characters, and marks that turn the direction of
writing.
"""

import re
from dataclasses import dataclass

LINE_LENGTH = 4000
WINDOW_BYTES = 256 * 1024
WINDOW_LINES = 2000

# CSI sequences (colours, cursor), OSC sequences (titles, links) up to their end, and other two-byte escapes.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


@dataclass(frozen=True)
class Window:
    """Some lines of a log: they begin at the byte `start`; the next to ask for is `next`.

    `is_open`: the last line is not finished yet and will be sent again, from `next` on.
    """

    lines: list[str]
    start: int
    next: int
    is_open: bool


def window_of(chunk: bytes, offset: int, *, at_end: bool) -> Window:
    """The lines of bytes that lie at `offset`. Without `at_end` more follows, and an unfinished line is left to it."""
    cut = chunk.rfind(b"\n") + 1
    whole, rest = chunk[:cut], chunk[cut:]
    lines = [shown(line) for line in whole.split(b"\n")[:-1]]
    if not rest or (not at_end and lines):
        return Window(lines, offset, offset + cut, False)
    if not at_end:  # one line, longer than the window: its beginning has to do
        return Window([shown(rest)], offset, offset + len(chunk), False)
    # Of a bar that redraws itself only the last state is read again.
    redrawn = rest.rstrip(b"\r").rfind(b"\r") + 1
    return Window([*lines, shown(rest)], offset, offset + cut + redrawn, True)


def tail_start(chunk: bytes, offset: int) -> int:
    """Where the last lines of bytes that lie at `offset` begin: at a line's beginning, at most 2,000 lines."""
    begin = 0 if offset == 0 else chunk.find(b"\n") + 1
    if begin == len(chunk):  # one line, longer than the window
        begin = 0
    place = len(chunk) - (1 if chunk.endswith(b"\n") else 0)
    for _ in range(WINDOW_LINES):
        place = chunk.rfind(b"\n", begin, place)
        if place < 0:
            return offset + begin
    return offset + place + 1


def shown(line: bytes) -> str:
    """One line as text."""
    is_huge = len(line) > 64 * LINE_LENGTH
    text = (line[: 8 * LINE_LENGTH] if is_huge else line).decode("utf-8", "replace")
    text = _last_state(_ESCAPES.sub("", text))
    more = (len(line) if is_huge else len(text)) - LINE_LENGTH
    text = _CONTROLS.sub(
        lambda found: chr(0x2400 + ord(found[0])) if found[0] != "\x7f" else "␡", text[:LINE_LENGTH]
    )
    text = _TURNS.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)
    return f"{text} … {more:,} more characters" if more > 0 else text


def _last_state(text: str) -> str:
    """What stands in the line after its carriage returns: each part writes over the one before."""
    text = text.rstrip("\r")
    if "\r" not in text:
        return text
    line = ""
    for part in text.split("\r")[-50:]:
        line = part + line[len(part) :]
    return line

"""Bytes of a line as what people see. Pure.

What a terminal would do is done to the text: a progress bar that redraws itself is shown as its last state, colours
become classes. What could deceive the reader is made visible: control characters, and marks that turn the direction
of writing. Nothing is left out without a word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from runs.query.log_lines import Line
from runs.web.ansi import PLAIN, Look, changed

LINE_LENGTH = 4000
LAST_STATES = 50

# Sequences that are understood or left out: CSI (colours, cursor), OSC with its end (titles, links), DCS and the like,
# and other short ones. Anything else that begins with ESC is shown.
_ESCAPE = re.compile(
    r"\x1b(?:\[(?P<codes>[0-?]*)[ -/]*(?P<kind>[@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\"
    r"|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])"
)
_CUT = re.compile(r"\x1b(?:\[[0-?]*[ -/]*)?$")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]")
_MOVES = re.compile("[\r\b]|\x1b\\[[0-?]*[ -/]*[GKCDP]")

# A piece of a line: its classes and its text.
Part = tuple[str, str]


@dataclass(frozen=True)
class Shown:
    """A line as it is shown. `left_out`: how many bytes or characters are not, and of what kind."""

    parts: list[Part]
    left_out: str = ""

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(text for _, text in self.parts)


def shown(line: Line, encoding: str = "utf-8", look: Look = PLAIN) -> tuple[Shown, Look]:
    """The line, and the look in which the next one begins."""
    text = decoded(line.head, encoding, at_start=line.start == 0)
    left_out = ""
    if line.is_folded:
        tail = decoded(line.tail.lstrip(bytes(range(0x80, 0xC0)))[-len(line.tail) :], encoding)
        if "\r" in tail.rstrip("\r"):  # a bar that has redrawn itself many times: its last state counts
            text = tail.partition("\r")[2]
        else:
            left_out = f"{line.end - line.start - len(line.head):,} more bytes"
    runs, look = _states(text, look)
    length = sum(len(run) for _, run in runs)
    if length > LINE_LENGTH:
        runs = _first(runs, LINE_LENGTH)
        left_out = left_out or f"{length - LINE_LENGTH:,} more characters"
        if line.is_folded:
            left_out = f"{line.end - line.start - LINE_LENGTH:,} more bytes"
    return Shown([part for found, run in runs for part in marked_odd(found, run)], left_out), look


def decoded(content: bytes, encoding: str, *, at_start: bool = False) -> str:
    """The text; what is not valid becomes U+FFFD."""
    text = content.decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace")
    return text.removeprefix("\ufeff") if at_start else text


def _states(text: str, look: Look) -> tuple[list[Part], Look]:
    """The text in runs of one look, as a terminal would leave it."""
    text = _CUT.sub("", text.rstrip("\r"))
    if _MOVES.search(text):
        return _redrawn(text, look)
    runs: list[Part] = []
    for piece, escape in _pieces(text):
        if piece:
            runs.append((look.classes, piece))
        if escape is not None and escape["kind"] == "m":
            look = changed(look, escape["codes"])
    return runs, look


def _pieces(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """The text between escape sequences, each with the sequence behind it."""
    place = 0
    for escape in _ESCAPE.finditer(text) if "\x1b" in text else ():
        yield text[place : escape.start()], escape
        place = escape.end()
    yield text[place:], None


def _redrawn(text: str, look: Look) -> tuple[list[Part], Look]:
    """The same for text that goes back in its line: each part writes over what stood there."""
    states = text.split("\r")[-LAST_STATES:]
    cells: list[tuple[str, str]] = []
    place = 0
    for number, state in enumerate(states):
        place = 0 if number else place
        for piece, escape in _pieces(state):
            for character in piece[: 2 * LINE_LENGTH]:
                if character == "\b":
                    place = max(0, place - 1)
                    continue
                cells[place : place + 1] = [(look.classes, character)]
                place += 1
            if escape is not None:
                look, place = _obey(escape, cells, place, look)
    return _joined(cells), look


def _obey(escape: re.Match[str], cells: list[tuple[str, str]], place: int, look: Look) -> tuple[Look, int]:
    """Do what a sequence says to the cells of a line: a look, an erasing, a move."""
    kind, codes = escape["kind"], escape["codes"] or ""
    if kind == "m":
        return changed(look, codes), place
    if kind == "K" and codes in ("", "0"):
        del cells[place:]
    elif kind == "K":
        cells[: len(cells) if codes == "2" else place] = [("", " ")] * min(place, len(cells))
    steps = int(codes) if codes.isascii() and codes.isdecimal() and len(codes) < 5 else 1
    if kind in ("C", "G"):
        place = min(place + steps if kind == "C" else max(0, steps - 1), 2 * LINE_LENGTH)
        cells.extend([("", " ")] * (place - len(cells)))
    elif kind == "D":
        place = max(0, place - steps)
    return look, place


def _joined(cells: list[tuple[str, str]]) -> list[Part]:
    runs: list[list[str]] = []
    for classes, character in cells:
        if runs and runs[-1][0] == classes:
            runs[-1][1] += character
        else:
            runs.append([classes, character])
    return [(classes, text) for classes, text in runs]


def _first(runs: list[Part], length: int) -> list[Part]:
    kept = []
    for classes, text in runs:
        if length <= 0:
            break
        kept.append((classes, text[:length]))
        length -= len(text)
    return kept


def marked_odd(classes: str, text: str) -> Iterator[Part]:
    """The text with what cannot be seen made visible, each such mark a part of its own."""
    place = 0
    for odd in _ODD.finditer(text):
        if odd.start() > place:
            yield classes, text[place : odd.start()]
        yield "odd", glyph_of(odd[0])
        place = odd.end()
    if place < len(text):
        yield classes, text[place:]


def visible(text: str) -> str:
    """A name with what cannot be seen in it made visible."""
    return "".join(part for _, part in marked_odd("", text))


def glyph_of(character: str) -> str:
    """What stands for a character that cannot be seen."""
    if character < " ":
        return chr(0x2400 + ord(character))
    return "␡" if character == "\x7f" else f"⟨U+{ord(character):04X}⟩"


def marked(parts: list[Part], spans: list[tuple[int, int]]) -> list[Part]:
    """The parts with what was searched for marked by the class `hit`."""
    if not spans:
        return parts
    found: list[Part] = []
    at = 0
    for classes, text in parts:
        cuts = sorted(
            {0, len(text), *(edge - at for span in spans for edge in span if 0 < edge - at < len(text))}
        )
        for begin, end in pairwise(cuts):
            is_hit = any(first <= at + begin < last for first, last in spans)
            found.append((f"{classes} hit".strip() if is_hit else classes, text[begin:end]))
        at += len(text)
    return found

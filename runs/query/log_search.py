"""Search in a text file of any size by a regular expression, with an engine that takes linear time (RE2).

The file is read in pieces of whole lines, and only for so long: what was looked through is told, so that one can go on.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import re2

from runs import storage
from runs.errors import Invalid
from runs.query.log_lines import Line, TextFile

PIECE_BYTES = 1024 * 1024
LONGEST_PIECE_BYTES = 16 * 1024 * 1024
PATTERN_LENGTH = 1000
PATTERN_MEMORY_BYTES = 16 * 1024 * 1024
HITS_A_PAGE = 100
SEARCH_S = 2.0
CONTEXT_LINES = 2
# What "First error" looks for, and says that it does.
FIRST_ERROR = (
    r"Traceback \(most recent call last\)|\bERROR\b|\w*(Error|Exception)\b:|\bFATAL\b|\bCRITICAL\b|CUDA error|"
    r"[Oo]ut of memory|Segmentation fault|core dumped"
)
# A bracket, or what may hold one that does not count: an escaped character, a class of characters.
_BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]", re.DOTALL)
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\))")


class Pattern:
    """A regular expression that people wrote. Raises Invalid with a sentence that says where it is wrong."""

    def __init__(self, text: str, *, case: bool = False) -> None:
        if len(text) > PATTERN_LENGTH:
            raise Invalid(
                f"A pattern has at most {PATTERN_LENGTH:,} characters, not {len(text):,}.", field="grep"
            )
        self.text, self.case = text, case
        options = re2.Options()
        options.case_sensitive, options.log_errors, options.never_capture = case, False, True
        options.never_nl, options.max_mem = True, PATTERN_MEMORY_BYTES
        try:
            self._compiled: Any = re2.compile(b"(?m)" + text.encode("utf-8", "replace"), options)
        except re2.error as error:
            raise _told(text, error) from None
        finally:
            re2.purge()  # its cache would keep a hundred patterns of this size

    def find(self, content: bytes, start: int = 0) -> tuple[int, int] | None:
        """Where the pattern is found first from this byte on, or None."""
        match = self._compiled.search(content, start)
        return match.span() if match else None

    def spans(self, text: str, most: int = 200) -> list[tuple[int, int]]:
        """Where the pattern is found in a line that is shown, in characters; empty matches are left out."""
        content, place = text.encode("utf-8", "surrogateescape"), 0
        found: list[tuple[int, int]] = []
        while place <= len(content) and len(found) < most and (span := self.find(content, place)):
            first, behind = (len(content[:byte].decode("utf-8", "replace")) for byte in span)
            if behind > first:
                found.append((first, behind))
            place = max(span[1], span[0] + 1)
        return found


def _told(text: str, error: Exception) -> Invalid:
    said = error.args[0].decode("utf-8", "replace") if error.args else "it could not be read"
    words, _, part = said.rpartition(": ")
    if words in ("missing )", "unexpected )"):
        place = _odd_bracket(text)
        part = text[place : place + 1]
    else:
        place = text.find(part)
    if not words or place < 0:
        return Invalid(f"This pattern could not be read: {said}.", field="grep")
    return Invalid(
        f"This pattern could not be read: {words} at character {place + 1}, “{part[:60]}”.",
        field="grep",
        position=place,
    )


def _odd_bracket(text: str) -> int:
    """Where the bracket is that has no partner; -1 where every one has."""
    opened: list[int] = []
    for match in _BRACKETS.finditer(text):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")" and not opened:
            return match.start()
        elif match[0] == ")":
            opened.pop()
    return opened[-1] if opened else -1


@dataclass
class Found:
    """Lines in which the pattern was found, and which bytes of the file were looked through, from `start` to `end`."""

    numbers: list[int] = field(default_factory=list)
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Passage:
    """Lines that were found, with those around them; `hits` are the numbers of the found ones."""

    lines: list[Line]
    hits: frozenset[int]


class Search:
    """A search in one file."""

    def __init__(self, file: TextFile, pattern: Pattern, *, limit_s: float = SEARCH_S) -> None:
        self.file, self.pattern, self.limit_s = file, pattern, limit_s

    @cached_property
    def _deadline(self) -> float:
        return time.monotonic() + self.limit_s

    def forward(self, number: int, *, most: int = HITS_A_PAGE) -> Found:
        """The first lines from this one on in which the pattern is found."""
        start = self.file.index.start_of(number)
        found = Found(start=start, end=start)
        for place, content in self._pieces(start):
            number = self._hits(content, number, found.numbers, most)
            found.end = place
            if len(found.numbers) >= most:
                found.end = self.file.index.start_of(found.numbers[-1] + 1)
                break
            if time.monotonic() > self._deadline:
                break
        return found

    def backward(self, number: int) -> Found:
        """The last line before this one in which the pattern is found."""
        end = place = self.file.index.start_of(number)
        found = Found(start=end, end=end)
        while place > 0 and not found.numbers and time.monotonic() < self._deadline:
            first = self.file.index.number_at(max(0, place - PIECE_BYTES))
            begin = self.file.index.start_of(first)
            if place - begin > LONGEST_PIECE_BYTES:  # a huge line: its last part has to do
                begin = place - LONGEST_PIECE_BYTES
            hits: list[int] = []
            self._hits(self._plain(begin, place), first, hits, 10**9)
            found.numbers, found.start = hits[-1:], begin
            place = begin
        return found

    def passages(self, found: Found, context: int = CONTEXT_LINES) -> list[Passage]:
        """The found lines with those around them; what would overlap is one passage."""
        spans: list[list[int]] = []
        for number in found.numbers:
            if spans and number - context <= spans[-1][1] + 1:
                spans[-1][1] = number + context
            else:
                spans.append([max(1, number - context), number + context])
        hits = frozenset(found.numbers)
        return [
            Passage(self.file.from_line(first, lines=last - first + 1, size=PIECE_BYTES).lines, hits)
            for first, last in spans
        ]

    def _hits(self, content: bytes, number: int, numbers: list[int], most: int) -> int:
        """Add the numbers of the lines found in these; returns the number of the line behind those looked at."""
        place = counted = 0
        while place < len(content) and (span := self.pattern.find(content, place)):
            if span[0] >= len(content):
                break
            number += content.count(b"\n", counted, span[0])
            if not numbers or numbers[-1] != number:
                numbers.append(number)
            end = content.find(b"\n", span[0])
            place = counted = len(content) if end < 0 else end
            if end >= 0:
                number, place, counted = number + 1, end + 1, end + 1
            if len(numbers) >= most:
                return number
        return number + content.count(b"\n", counted)

    def _pieces(self, start: int) -> Iterator[tuple[int, bytes]]:
        """From this byte on: pieces of whole lines, each with the byte behind it."""
        while start < self.file.size:
            end = min(self.file.size, start + PIECE_BYTES)
            if end < self.file.size:
                whole = self.file.index.start_of(self.file.index.number_at(end))
                if whole <= start:  # a line longer than a piece
                    whole = min(
                        self.file.index.start_of(self.file.index.number_at(end) + 1),
                        start + LONGEST_PIECE_BYTES,
                    )
                end = whole
            yield end, self._plain(start, end)
            start = end

    def _plain(self, start: int, end: int) -> bytes:
        """The bytes as UTF-8, without colours and with line breaks of one kind."""
        content = storage.read(self.file.key, start=start, end=end)
        if self.file.encoding.startswith("utf-16"):
            content = content.decode(self.file.encoding, "replace").encode("utf-8", "replace")
        if b"\x1b" in content:
            content = _ESCAPES.sub(b"", content)
        return content.replace(b"\r\n", b"\n")

"""Windows of whole lines out of a text file of any size. What is read is bounded, however long a line is."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from runs import log_marks, storage
from runs.line_index import LineIndex
from runs.log_marks import COMPLAINED, Mark
from runs.models import Artifact

WINDOW_LINES = 1000
WINDOW_BYTES = 256 * 1024
LINES_ABOVE = 40  # of the line that was asked for
LONG_BYTES = 64 * 1024  # a longer line is folded to its beginning and its end
KEPT_BYTES = 16 * 1024


@dataclass
class Line:
    """A line: its bytes without the line break lie from `start` to `end`.

    A folded line has only its beginning in `head` and its last bytes in `tail`. `at_ms`: when it was printed, since
    1970, where that is known. `complained`: part of it came by stderr.
    """

    number: int
    start: int
    end: int
    head: bytes
    tail: bytes = b""
    at_ms: int | None = None
    complained: bool = False

    @property
    def is_folded(self) -> bool:
        """Whether its middle was left out."""
        return len(self.head) < self.end - self.start


@dataclass(frozen=True)
class Window:
    """Lines that follow each other, of a file that has `total`; `is_open`: its last one is not finished yet."""

    lines: list[Line]
    total: int
    size: int
    is_open: bool

    @property
    def first(self) -> int:
        """The number of the first line; 1 where there is none."""
        return self.lines[0].number if self.lines else 1

    @property
    def last(self) -> int:
        """The number of the last line; 0 where there is none."""
        return self.lines[-1].number if self.lines else 0


class TextFile:
    """The lines of a stored file, as far as they were acknowledged when it was opened."""

    def __init__(self, file: Artifact) -> None:
        self.key, self.size = file.key, file.size
        self.index = LineIndex(file.key, file.size)

    @property
    def encoding(self) -> str:
        """What the mark at its beginning says, else UTF-8."""
        return self.index.encoding

    @cached_property
    def breaks(self) -> int:
        """How many lines are finished."""
        return self.index.breaks_before(self.size)

    @cached_property
    def total(self) -> int:
        """How many lines it has; an unfinished one at the end counts."""
        return self.breaks + (1 if self.index.start_of(self.breaks + 1) < self.size else 0)

    def from_line(self, number: int, *, lines: int = WINDOW_LINES, size: int = WINDOW_BYTES) -> Window:
        """The lines from this one on: at least one where there is one, at most so many, of about so many bytes."""
        number = max(1, number)
        return self._window(list(self._read(number, self.index.start_of(number), lines, size)))

    def before_line(self, number: int, *, lines: int = WINDOW_LINES, size: int = WINDOW_BYTES) -> Window:
        """The lines that end before this one begins."""
        number = min(max(1, number), self.total + 1)
        first, end = max(1, number - lines), self.index.start_of(number)
        if self.index.start_of(first) < end - size:
            first = min(self.index.number_at(end - size) + 1, number - 1)
        if first >= number:
            return self._window([])
        return self._window(list(self._read(first, self.index.start_of(first), number - first, size)))

    def end(self) -> Window:
        """The last lines."""
        return self.before_line(self.total + 1)

    def around(self, number: int) -> Window:
        """A window with this line in it; with the last one where there are not so many."""
        number = min(max(1, number), max(1, self.total))
        above = self.before_line(number, lines=LINES_ABOVE, size=WINDOW_BYTES // 4).lines
        below = self.from_line(number, lines=WINDOW_LINES - LINES_ABOVE).lines
        return self._window(above + below)

    def _window(self, lines: list[Line]) -> Window:
        for _, alike in groupby(lines, key=lambda line: line.is_folded):
            self._mark(list(alike))
        is_open = bool(lines) and lines[-1].number > self.breaks
        return Window(lines, self.total, self.size, is_open)

    def _read(self, number: int, start: int, most: int, size: int) -> Iterator[Line]:
        """At most so many lines from the byte on at which line `number` begins, as far as so many bytes reach."""
        chunk = storage.read(self.key, start=start, end=min(self.size, start + size))
        begin = 0
        for place in map(int, self.index.places(chunk)[:most]):
            yield self._line(number, start + begin, start + place, chunk[begin:place])
            number, begin, most = number + 1, place + self.index.unit, most - 1
        is_end = start + len(chunk) >= self.size
        if most and begin < len(chunk) and (begin == 0 or is_end):
            yield self._rest(number, start + begin, chunk[begin:])

    def _rest(self, number: int, start: int, known: bytes) -> Line:
        """The line that begins here and does not end in what is known."""
        end = self.index.start_of(number + 1)
        return self._line(number, start, end - self.index.unit if number <= self.breaks else end, known)

    def _line(self, number: int, start: int, end: int, known: bytes) -> Line:
        if end - start <= LONG_BYTES:
            return Line(number, start, end, known[: end - start])
        tail = storage.read(self.key, start=end - KEPT_BYTES, end=end)
        return Line(number, start, end, known[:KEPT_BYTES], tail)

    def _mark(self, lines: list[Line]) -> None:
        """Tell lines that follow each other when they were printed, and by which stream; a folded one by its start."""
        if lines[0].is_folded:
            for line in lines:
                _apply([line], log_marks.read(self.key, line.start, line.start + 1))
        else:
            _apply(lines, log_marks.read(self.key, lines[0].start, lines[-1].end))


def _apply(lines: list[Line], marks: list[Mark]) -> None:
    place = 0
    for line in lines:
        while place < len(marks) and marks[place].end <= line.start:
            place += 1
        if place == len(marks):
            return
        line.at_ms = marks[place].at_ms or None
        within = place
        while within < len(marks) and not line.complained:
            line.complained = marks[within].stream == COMPLAINED
            if marks[within].end >= line.end:
                break
            within += 1

"""Search in a log among the lines alone that came, at least in part, by stderr."""

import time
from collections.abc import Iterator

from runs import log_marks
from runs.query.log_lines import TextFile
from runs.query.log_search import (
    HITS_A_PAGE,
    LONGEST_PIECE_BYTES,
    PIECE_BYTES,
    SEARCH_S,
    Found,
    Pattern,
    Search,
)

ANY = Pattern("")


class StderrSearch(Search):
    """As Search, among the lines of stderr; without a pattern each of them is found."""

    def __init__(self, file: TextFile, pattern: Pattern | None, *, limit_s: float = SEARCH_S) -> None:
        super().__init__(file, pattern or ANY, limit_s=limit_s)
        self.parts = log_marks.parts(file.key, log_marks.COMPLAINED, file.size)

    def forward(self, number: int, *, most: int = HITS_A_PAGE) -> Found:
        """The first lines from this one on that stderr gave and in which the pattern is found."""
        start = self.file.index.start_of(number)
        found = Found(start=start, end=start)
        for begin, end in self.parts:
            if end <= found.end:  # its line was looked at already
                continue
            for content, line, behind in self._lines(max(begin, found.end), end):
                self._hits(content, line, found.numbers, most)
                found.end = behind
                if len(found.numbers) >= most:
                    found.end = self.file.index.start_of(found.numbers[-1] + 1)
                    return found
                if time.monotonic() > self._deadline:
                    return found
        found.end = self.file.size
        return found

    def backward(self, number: int) -> Found:
        """The last line before this one that stderr gave and in which the pattern is found."""
        end = self.file.index.start_of(number)
        found = Found(start=end, end=end)
        for begin, behind in reversed(self.parts):
            if begin >= found.start:
                continue
            hits: list[int] = []
            for content, line, _ in self._lines(begin, min(behind, found.start)):
                self._hits(content, line, hits, 10**9)
            found.numbers = [each for each in hits if each < number][-1:]
            found.start = min(found.start, self.file.index.start_of(self.file.index.number_at(begin)))
            if found.numbers or time.monotonic() > self._deadline:
                return found
        found.start = 0
        return found

    def _lines(self, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """The whole lines that hold these bytes, piece by piece: content, first number, the byte behind."""
        index = self.file.index
        number, last = index.number_at(begin), index.start_of(index.number_at(end - 1) + 1)
        start, following = index.start_of(number), index.start_of(number + 1)
        if (
            start < begin and begin + index.unit == following
        ):  # it begins with the break of a line not its own
            if end <= following:
                return
            start, number = following, number + 1
        while start < last:
            stop = last
            if last - start > PIECE_BYTES:
                stop = index.start_of(index.number_at(start + PIECE_BYTES))
            if stop <= start:  # a line longer than a piece
                stop = min(index.start_of(number + 1), start + LONGEST_PIECE_BYTES)
            yield self._plain(start, stop), number, stop
            start, number = stop, index.number_at(stop)

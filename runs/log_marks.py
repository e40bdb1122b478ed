"""When the parts of a log were printed, and by which stream: a compact list beside its bytes. Knows no database.

One record of 16 bytes for each part: the byte behind its end, and the milliseconds since 1970 with the stream in the
lowest byte. Parts of the same stream within a second share a record, so the list stays small however much is printed.
"""

import bisect
import os
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from runs import storage
from runs.errors import Invalid

PRINTED, COMPLAINED = 0, 1  # stdout or unknown; stderr
STREAMS = {"o": PRINTED, "e": COMPLAINED}
MARKS_A_CHUNK = 1000
_SAME_MS = 1000
_RECORD = struct.Struct("<QQ")
_WRITTEN = re.compile(r"([oe])(\d{1,8})@(\d{1,14})", re.ASCII)


@dataclass(frozen=True)
class Mark:
    """A part of a log: it ends before the byte `end`; printed at `at_ms` (since 1970) by the stream."""

    end: int
    at_ms: int
    stream: int


def parse(text: str, offset: int, size: int) -> list[Mark]:
    """The marks of a chunk as a client writes them: `o120@1763915212123 e30@1763915212200`, lengths in bytes.

    Raises Invalid when they do not cover the chunk of `size` bytes at `offset`.
    """
    words = text.split()
    if len(words) > MARKS_A_CHUNK:
        raise Invalid(
            f"A chunk has at most {MARKS_A_CHUNK:,} marks, not {len(words):,}.", field="X-Log-Marks"
        )
    marks, end = [], offset
    for word in words:
        match = _WRITTEN.fullmatch(word)
        if match is None:
            raise Invalid(
                f"A mark reads o or e, a length, @ and milliseconds, as in o120@1763915212123; not {word[:40]!r}.",
                field="X-Log-Marks",
            )
        end += int(match[2])
        marks.append(Mark(end, int(match[3]), STREAMS[match[1]]))
    if marks and end != offset + size:
        raise Invalid(f"The marks cover {end - offset:,} bytes, the chunk has {size:,}.", field="X-Log-Marks")
    return marks


def add(key: str, size: int, marks: Iterable[Mark]) -> None:
    """Add marks behind the first `size` bytes; what an earlier cut left behind them goes. The log's lock is held."""
    path = storage.beside(key, "marks")
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        old = Marks(file.fileno())
        keep = len(old)
        while keep and old[keep - 1] > size:
            keep -= 1
        last = old.mark(keep - 1) if keep else Mark(0, 0, PRINTED)
        fresh = [mark for mark in marks if mark.end > size]
        if last.end < size:  # what is there was written before there were marks
            fresh.insert(0, Mark(size, 0, PRINTED))
        for mark in fresh:
            if keep and mark.stream == last.stream and 0 <= mark.at_ms - last.at_ms < _SAME_MS:
                mark, keep = Mark(mark.end, last.at_ms, mark.stream), keep - 1
            file.seek(keep * _RECORD.size)
            file.write(_RECORD.pack(mark.end, mark.at_ms << 8 | mark.stream))
            last, keep = mark, keep + 1
        file.truncate(keep * _RECORD.size)


class Marks:
    """The marks of an open list; its items are their ends in ascending order."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._length = os.fstat(handle).st_size // _RECORD.size

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: int) -> int:
        return self.mark(place).end

    def mark(self, place: int) -> Mark:
        """The mark at this place."""
        end, rest = _RECORD.unpack(os.pread(self._handle, _RECORD.size, place * _RECORD.size))
        return Mark(end, rest >> 8, rest & 0xFF)

    def between(self, start: int, end: int) -> Iterator[Mark]:
        """The marks of parts that overlap these bytes, in order."""
        for place in range(bisect.bisect_right(self, start), len(self)):
            mark = self.mark(place)
            yield mark
            if mark.end >= end:
                return


def parts(key: str, stream: int, size: int) -> list[tuple[int, int]]:
    """The parts of the first `size` bytes that came by the stream: where each begins, and the byte behind it."""
    try:
        words = np.fromfile(storage.beside(key, "marks"), dtype="<u8")
    except FileNotFoundError:
        return []
    ends, streams = np.minimum(words[: len(words) // 2 * 2 : 2], size), words[1::2] & 0xFF
    begins = np.concatenate((np.zeros(1, dtype="<u8"), ends))[: len(ends)]
    chosen = (streams == stream) & (begins < ends)
    return list(zip(begins[chosen].tolist(), ends[chosen].tolist(), strict=True))


def read(key: str, start: int, end: int) -> list[Mark]:
    """The marks of parts that overlap these bytes; none for a file that has no list."""
    try:
        with storage.beside(key, "marks").open("rb") as file:
            return list(Marks(file.fileno()).between(start, end))
    except FileNotFoundError:
        return []

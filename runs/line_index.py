"""Which line begins where in a stored text file: a sparse index beside its bytes. Knows no database.

The index holds, for every whole block of 64 KiB, how many line breaks there are up to its end: 128 KB for a log of
1 GB. It follows from the bytes alone, so it may be thrown away, and two processes that extend it write the same. Line
n begins in the first block whose number reaches n - 1; only that block is read.
"""

import bisect
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from typing import IO

import numpy as np

from runs import storage

BLOCK_BYTES = 64 * 1024
_ENTRY_BYTES = 8
_PIECE_BLOCKS = 64
_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8-sig"))


def encoding_of(head: bytes) -> str:
    """The encoding by the mark at the file's beginning; UTF-8 where there is none."""
    return next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")


def extend(key: str, size: int) -> None:
    """Index the whole blocks of the first `size` bytes that are not indexed yet.

    Never raises for a disk that takes nothing: whoever reads next goes on from there.
    """
    with contextlib.suppress(OSError), storage.beside(key, "lines").open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = os.fstat(file.fileno()).st_size // _ENTRY_BYTES
        if known < size // BLOCK_BYTES:
            _add(key, size, file, known)


def _add(key: str, size: int, file: IO[bytes], known: int) -> None:
    breaks = _breaks_in(encoding_of(storage.read(key, end=3)))
    total = 0
    if known:
        file.seek((known - 1) * _ENTRY_BYTES)
        total = int.from_bytes(file.read(_ENTRY_BYTES), "little")
    file.truncate(known * _ENTRY_BYTES)  # half an entry was left by a process that was killed
    end = size // BLOCK_BYTES * BLOCK_BYTES
    for start in range(known * BLOCK_BYTES, end, _PIECE_BLOCKS * BLOCK_BYTES):
        piece = storage.read(key, start=start, end=min(end, start + _PIECE_BLOCKS * BLOCK_BYTES))
        whole = len(piece) // BLOCK_BYTES
        if whole == 0:
            return
        sums = total + np.cumsum(breaks(np.frombuffer(piece, np.uint8, whole * BLOCK_BYTES)))
        file.write(sums.astype("<u8").tobytes())
        total = int(sums[-1])


def _breaks_in(encoding: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function from bytes of whole blocks to the number of line breaks in each."""
    if encoding.startswith("utf-16"):
        kind = "<u2" if encoding.endswith("le") else ">u2"
        return lambda piece: np.count_nonzero(piece.view(kind).reshape(-1, BLOCK_BYTES // 2) == 10, axis=1)
    return lambda piece: np.count_nonzero(piece.reshape(-1, BLOCK_BYTES) == 10, axis=1)


class LineIndex:
    """The lines of the first `size` bytes of a file, numbered from 1.

    Its items: line breaks up to the end of each whole block.
    """

    def __init__(self, key: str, size: int) -> None:
        extend(key, size)
        self.key, self.size = key, size
        self.encoding = encoding_of(storage.read(key, end=min(3, size)))
        self.unit = 2 if self.encoding.startswith("utf-16") else 1
        try:
            self._sums = np.fromfile(storage.beside(key, "lines"), "<u8", size // BLOCK_BYTES)
        except FileNotFoundError:
            self._sums = np.empty(0, "<u8")

    def __len__(self) -> int:
        return len(self._sums)

    def __getitem__(self, place: int) -> int:
        return int(self._sums[place])

    def breaks_before(self, offset: int) -> int:
        """How many lines end before this byte."""
        blocks = min(len(self), offset // BLOCK_BYTES)
        total = self[blocks - 1] if blocks else 0
        for _place, chunk in self._chunks(blocks * BLOCK_BYTES, offset):
            total += len(self.places(chunk))
        return total

    def number_at(self, offset: int) -> int:
        """The number of the line that holds this byte."""
        return self.breaks_before(offset) + 1

    def start_of(self, number: int) -> int:
        """The byte at which the line begins; the file's size for a line behind its end."""
        wanted = number - 1
        if wanted <= 0:
            return 0
        block = bisect.bisect_left(self, wanted)
        missing = wanted - (self[block - 1] if block else 0)
        for start, chunk in self._chunks(block * BLOCK_BYTES, self.size):
            places = self.places(chunk)
            if len(places) >= missing:
                return start + int(places[missing - 1]) + self.unit
            missing -= len(places)
        return self.size

    def _chunks(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        for place in range(start, end, BLOCK_BYTES):
            yield place, storage.read(self.key, start=place, end=min(end, place + BLOCK_BYTES))

    def places(self, chunk: bytes) -> np.ndarray:
        """Where in the bytes, which begin at a whole unit, the line breaks are."""
        whole = len(chunk) // self.unit * self.unit
        kind = {1: "u1", 2: "<u2" if self.encoding == "utf-16-le" else ">u2"}[self.unit]
        return np.flatnonzero(np.frombuffer(chunk[:whole], kind) == 10) * self.unit

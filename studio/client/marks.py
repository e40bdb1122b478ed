"""When the parts of a console were printed and by which stream, as they are sent along with its bytes.

Written as `o120@1763915212123 e30@1763915212200`: o for stdout, e for stderr, the length in bytes, milliseconds.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

PIECE_BYTES = 1 << 20
# They travel in a header, and servers cut headers at 8 KB.
MARKS_A_PIECE = 200
SAME_MS = 1000


class Part(NamedTuple):
    """Bytes that one stream printed at one moment, in milliseconds since 1970."""

    body: bytes
    stream: str
    at_ms: int


def pieces_of(parts: Iterable[Part]) -> Iterator[tuple[int, bytes, str]]:
    """Yield the parts together, as (offset, at most PIECE_BYTES bytes, at most MARKS_A_PIECE marks)."""
    bodies: list[bytes] = []
    marks: list[list[int | str]] = []
    start = size = 0
    for body, stream, at_ms in parts:
        while body:
            if not marks or marks[-1][0] != stream or at_ms - int(marks[-1][2]) >= SAME_MS:
                if len(marks) == MARKS_A_PIECE:
                    yield start, b"".join(bodies), written(marks)
                    bodies, marks, start, size = [], [], start + size, 0
                marks.append([stream, 0, at_ms])
            piece, body = body[: PIECE_BYTES - size], body[PIECE_BYTES - size :]
            bodies.append(piece)
            marks[-1][1] = int(marks[-1][1]) + len(piece)
            size += len(piece)
            if size == PIECE_BYTES:
                yield start, b"".join(bodies), written(marks)
                bodies, marks, start, size = [], [], start + size, 0
    if bodies:
        yield start, b"".join(bodies), written(marks)


def written(marks: Iterable[Iterable[int | str]]) -> str:
    """Return the marks as they are sent."""
    return " ".join("{}{}@{}".format(*mark) for mark in marks)


def cut(text: str, start: int, end: int) -> str:
    """Return the marks of the bytes from `start` to `end` of the piece that the marks belong to."""
    kept = []
    at = 0
    for word in text.split():
        length, _, at_ms = word[1:].partition("@")
        begin, at = at, at + int(length)
        inside = min(at, end) - max(begin, start)
        if inside > 0:
            kept.append((word[0], inside, at_ms))
    return written(kept)

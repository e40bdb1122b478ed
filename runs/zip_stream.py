"""A zip file that is written while it is sent: nothing of it lies on a disk. Knows no database."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from runs import storage

_REGULAR = 0o100000


@dataclass(frozen=True)
class Entry:
    """A file in the zip: its path there, and where its bytes lie."""

    path: str
    key: str
    size: int
    executable: bool = False


class _Sink:
    """What the zip is written to: pieces that wait to be sent. It cannot be sought in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.waiting = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self.waiting += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._pieces, self.waiting = b"".join(self._pieces), [], 0
        return taken


def stream(entries: Iterable[Entry], *, at: datetime) -> Iterator[bytes]:
    """The zip in pieces of about 1 MiB, its files dated `at`. A file of any size passes through."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for entry in entries:
            for piece in _one(archive, sink, entry, at):
                if sink.waiting + len(piece) >= storage.PIECE_BYTES:
                    yield sink.take()
    yield sink.take()


def _one(archive: zipfile.ZipFile, sink: _Sink, entry: Entry, at: datetime) -> Iterator[bytes]:
    """Put one file in; yields after each piece of it, so that what has gathered can be sent."""
    head = zipfile.ZipInfo(entry.path, at.astimezone(UTC).timetuple()[:6])
    head.compress_type = zipfile.ZIP_DEFLATED
    head.external_attr = (_REGULAR | (0o755 if entry.executable else 0o644)) << 16
    head.file_size = entry.size
    with archive.open(head, "w", force_zip64=entry.size >= 2**31) as inside:
        for piece in storage.stream(entry.key, end=entry.size) if entry.size else ():
            inside.write(piece)
            yield piece

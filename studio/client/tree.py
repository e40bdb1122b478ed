"""The files below a folder: their names, what tells that they have changed, and logs that grow."""

import os
import time
from pathlib import Path

from studio.client.operation import Operation, log_piece

LOGS = "logs"
SCAN_S = 1.0
PIECE_BYTES = 1 << 20
PIECES_A_TURN = 4

Stamp = tuple[int, int]


def files_below(folder: Path) -> list[str]:
    """Return the files below a folder by their paths inside it, in order. Links out of it are followed."""
    found = []
    for place, _folders, names in os.walk(folder):
        found += [(Path(place) / name).relative_to(folder).as_posix() for name in names]
    return sorted(path for path in found if (folder / path).is_file())


def names_below(folder: Path) -> list[str]:
    """Return `files_below`, nothing where the folder is not there or cannot be read."""
    try:
        return files_below(folder)
    except OSError:
        return []


def stamps_below(folder: Path) -> dict[str, Stamp]:
    """Return what tells that a file has changed: when it was written, and its size."""
    stamps = {}
    for name in names_below(folder):
        try:
            found = (folder / name).stat()
        except OSError:
            continue
        stamps[name] = (found.st_mtime_ns, found.st_size)
    return stamps


class LogFolder:
    """Follows the files of a folder as they grow. What was there before the run is not the run's."""

    def __init__(self, run: str, folder: Path) -> None:
        self.run = run
        self._folder = folder
        self._before = {name: _size(folder / name) for name in names_below(folder)}
        self._sent: dict[str, int] = {}
        self._scanned_at = time.monotonic()

    def take(self, *, now: bool = False) -> list[Operation]:
        """Return what the files have grown by, a few pieces at a time; nothing before it is due unless `now`."""
        if not now and time.monotonic() - self._scanned_at < SCAN_S:
            return []
        self._scanned_at = time.monotonic()
        pieces: list[Operation] = []
        for name in names_below(self._folder):
            while len(pieces) < PIECES_A_TURN and (piece := self._next(name)):
                pieces.append(piece)
        return pieces

    def _next(self, name: str) -> Operation | None:
        sent, before = self._sent.get(name, 0), self._before.get(name, 0)
        try:
            with (self._folder / name).open("rb") as stream:
                stream.seek(before + sent)
                body = stream.read(PIECE_BYTES)
        except OSError:  # gone again, or not ours to read
            return None
        if not body:
            return None
        self._sent[name] = sent + len(body)
        return log_piece(self.run, f"{LOGS}/{name}", sent, body)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

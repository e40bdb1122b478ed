"""SHA-256 of files that may change meanwhile; of large ones remembered from one snapshot to the next."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from studio.client.address import state_folder

# Below this, reading the file costs less than remembering it.
REMEMBERED_BYTES = 256 * 1024
# A file written just now may be written again within the same tick of its clock.
FRESH_NS = 2_000_000_000
MOST_REMEMBERED = 100_000
ATTEMPTS = 3


class ChangingFile(Exception):
    """The file was written while it was read."""


class Hashes:
    """What is remembered of files by device, inode, size and time of change. Without a disk it remembers nothing."""

    def __init__(self) -> None:
        self._rows: sqlite3.Connection | None = None
        try:
            folder = state_folder()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._rows = sqlite3.connect(folder / "hashes.db", timeout=1.0)
            self._rows.execute(
                "CREATE TABLE IF NOT EXISTS hashes (file TEXT PRIMARY KEY, sha256 TEXT, at INTEGER)"
            )
        except (OSError, sqlite3.Error):
            self._rows = None

    def of(self, place: Path) -> tuple[str, int, int]:
        """Return (SHA-256 in hex, size, time of change in ns). Raises ChangingFile, or OSError."""
        for _ in range(ATTEMPTS):
            with place.open("rb") as stream:
                before = os.fstat(stream.fileno())
                known = self._known(before)
                sha256 = known or _digest(stream)
                after = os.fstat(stream.fileno())
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                if not known:
                    self._remember(after, sha256)
                return sha256, after.st_size, after.st_mtime_ns
        raise ChangingFile(str(place))

    def close(self) -> None:
        """Write down what was learnt."""
        try:
            if self._rows is not None:
                oldest = "SELECT file FROM hashes ORDER BY at DESC LIMIT -1 OFFSET ?"
                self._rows.execute(f"DELETE FROM hashes WHERE file IN ({oldest})", (MOST_REMEMBERED,))  # noqa: S608
                self._rows.commit()
                self._rows.close()
        except sqlite3.Error:
            pass
        self._rows = None

    def _known(self, status: os.stat_result) -> str | None:
        found = self._ask("SELECT sha256 FROM hashes WHERE file = ?", (_name(status),), status)
        return str(found[0][0]) if found else None

    def _remember(self, status: os.stat_result, sha256: str) -> None:
        now = time.time_ns()
        if now - status.st_mtime_ns > FRESH_NS:
            self._ask("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?)", (_name(status), sha256, now), status)

    def _ask(self, words: str, values: tuple[Any, ...], status: os.stat_result) -> list[Any]:
        if self._rows is None or status.st_size < REMEMBERED_BYTES:
            return []
        try:
            return self._rows.execute(words, values).fetchall()
        except sqlite3.Error:
            self._rows = None
            return []


def _name(status: os.stat_result) -> str:
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return " ".join(map(str, parts))


def _digest(stream: Any) -> str:
    import hashlib

    return hashlib.file_digest(stream, "sha256").hexdigest()

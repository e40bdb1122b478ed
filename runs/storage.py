"""Bytes of logs, artifacts, images and snapshots in a folder: append, read a range, delete.

A stored file has a key that the server made (32 hex characters); what people call it is a row in the database,
so no path from outside ever reaches the disk.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from runs.errors import Invalid, TooLarge, Unavailable

PIECE_BYTES = 1024 * 1024
BESIDE = ("lines", "marks")  # runs/line_index.py, runs/log_marks.py
_DIFFERS = "The bytes that arrived have the SHA-256 {}, not the announced {}. Send the file again."
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Stored:
    """What was written: its key, its size in bytes, its SHA-256 in hex and its first bytes."""

    key: str
    size: int
    sha256: str
    head: bytes


def path_of(key: str) -> Path:
    """Where the bytes of a key lie."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a storage key.")
    return Path(settings.FILES_FOLDER) / key[:2] / key[2:4] / key


def beside(key: str, kind: str) -> Path:
    """Where something lies that was worked out from the bytes of a key or noted with them; it goes with them."""
    return path_of(key).with_name(f"{key}.{kind}")


def new_key() -> str:
    """A key for a file that does not exist yet."""
    return uuid.uuid4().hex


def write(pieces: Iterable[bytes], *, limit: int | None = None, sha256: str | None = None) -> Stored:
    """Write the pieces as a new file, whole or not at all.

    Raises TooLarge past `limit` bytes, Invalid when the bytes do not have the SHA-256 that was announced,
    Unavailable when the disk is full.
    """
    key = new_key()
    target = path_of(key)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(key + ".partial")
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with partial.open("xb") as file:
            for piece in pieces:
                size += len(piece)
                if limit is not None and size > limit:
                    raise TooLarge(f"The file is larger than {limit:,} bytes, the most that is allowed here.")
                if len(head) < 512:
                    head += piece[: 512 - len(head)]
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if sha256 is not None and sha256.lower() != digest.hexdigest():
            raise Invalid(_DIFFERS.format(digest.hexdigest(), sha256), field="X-Content-SHA256")
        partial.rename(target)
    except OSError as error:
        raise _disk(error) from error
    finally:
        partial.unlink(missing_ok=True)
    return Stored(key=key, size=size, sha256=digest.hexdigest(), head=head)


def uploads_folder() -> Path:
    """Where files lie that arrive in pieces, until they are whole."""
    return Path(settings.FILES_FOLDER) / "uploads"


@contextlib.contextmanager
def partial_upload(name: str) -> Iterator["Partial"]:
    """The bytes that have arrived so far under the name (32 hex characters), held for one writer at a time."""
    path = uploads_folder() / path_of(name).name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield Partial(path)
    except OSError as error:
        raise _disk(error) from error


class Partial:
    """A file that arrives in pieces. What was written before a cut stays and is gone on from."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int:
        """How many bytes have arrived."""
        return self._path.stat().st_size if self._path.exists() else 0

    def append(self, pieces: Iterable[bytes], *, limit: int) -> None:
        """Write the pieces behind what is there; bytes past `limit` are TooLarge."""
        size = self.size
        with self._path.open("ab") as file:
            for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise TooLarge(f"The file was announced with {limit:,} bytes and has more.")
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def finish(self, sha256: str) -> Stored:
        """Make it a stored file. Raises Invalid, and forgets it, when the bytes do not have the SHA-256."""
        with self._path.open("rb") as file:
            head = file.read(512)
            file.seek(0)
            found = hashlib.file_digest(file, "sha256").hexdigest()
        size = self.size
        if found != sha256.lower():
            self._path.unlink()
            raise Invalid(_DIFFERS.format(found, sha256), field="X-Content-SHA256")
        key = new_key()
        target = path_of(key)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.rename(target)
        return Stored(key=key, size=size, sha256=found, head=head)


def forget_uploads(before: float) -> int:
    """Remove the pieces of files that nobody has gone on with since the moment (seconds since 1970)."""
    gone = 0
    for path in uploads_folder().glob("*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


@contextlib.contextmanager
def locked(key: str) -> Iterator[None]:
    """Hold the file's lock: one writer at a time, over all processes of this machine."""
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_at(key: str, offset: int, chunk: bytes) -> None:
    """Put the chunk at the offset of a file that grows. What lay there is overwritten."""
    path = path_of(key)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            written = 0
            while written < len(chunk):
                written += os.pwrite(handle, chunk[written:], offset + written)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _disk(error) from error


def read(key: str, *, start: int = 0, end: int) -> bytes:
    """The bytes from `start` up to, not including, `end`; shorter where the file ends before."""
    try:
        with path_of(key).open("rb") as file:
            file.seek(start)
            return file.read(max(0, end - start))
    except FileNotFoundError:
        return b""


def stream(key: str, *, start: int = 0, end: int) -> Iterator[bytes]:
    """The same range in pieces of up to 1 MiB, from a file that stays open: a delete does not cut it."""
    with path_of(key).open("rb") as file:
        file.seek(start)
        left = end - start
        while left > 0 and (piece := file.read(min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece


def delete(key: str) -> None:
    """Remove the file and what lies beside it. Removing it twice is not an error."""
    path_of(key).unlink(missing_ok=True)
    for kind in BESIDE:
        beside(key, kind).unlink(missing_ok=True)


def _disk(error: OSError) -> Unavailable:
    return Unavailable(
        f"The studio could not write to its disk ({error.strerror}). Nothing was kept of this file."
    )

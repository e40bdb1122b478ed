"""Bytes of files up and down: in pieces, going on where a broken connection left them, with checksums."""

import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from studio.client.errors import ServiceException, UnreachableException
from studio.client.http import Client, Request, backoff_s

if TYPE_CHECKING:
    from http.client import HTTPResponse

BLOCK_BYTES = 1 << 20
# A file up to this size is sent in one request; a larger one in pieces of this size.
PIECE_BYTES = 32 << 20
TIMEOUT_S = 120.0
# So often in a row without a byte of progress, and the studio counts as away.
FRUITLESS = 4
SHOWN_BYTES, SHOWN_FILES = 16 << 20, 10

Item = TypeVar("Item")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def send_file(
    client: Client,
    address: str,
    path: Path,
    sha256: str,
    *,
    name: str = "",
    attempts: int = 2,
    on_block: Callable[[], None] = lambda: None,
) -> Any:
    """Upload a file; the studio compares the checksum. Raises UnreachableException when it is to be tried later.

    A file of several pieces goes on where the studio's copy ends, also in another process.
    """
    size = path.stat().st_size
    progress = Progress(name, size)
    if size <= PIECE_BYTES:
        return client.json(_request(address, path, sha256, 0, size, size, on_block), attempts=attempts)
    try:
        return _send_pieces(client, address, path, sha256, size, progress, on_block)
    finally:
        progress.end()


def _send_pieces(
    client: Client,
    address: str,
    path: Path,
    sha256: str,
    size: int,
    progress: "Progress",
    on_block: Callable[[], None],
) -> Any:
    """The studio's word on how much it has is taken before each piece that follows a failure."""
    have: int | None = None
    fruitless = 0
    while True:
        try:
            if have is None:
                answer = client.json(_question(address, sha256, size), attempts=1)
            else:
                end = min(have + PIECE_BYTES, size)
                answer = client.json(_request(address, path, sha256, have, end, size, on_block), attempts=1)
            if "received" not in answer:
                return answer
            fruitless = 0 if have is not None else fruitless
            have = int(answer["received"])
            progress.show(have)
        except UnreachableException as failure:
            fruitless += 1
            if fruitless >= FRUITLESS:
                raise
            _pause(fruitless, failure)
            have = None
        except ServiceException as refusal:
            if refusal.status_code != 409 or "received" not in refusal.details or fruitless >= FRUITLESS:
                raise
            fruitless += 1
            have = int(refusal.details["received"])


def _pause(failures: int, failure: UnreachableException) -> None:
    import time

    time.sleep(backoff_s(failures, failure.retry_after_s))


def _request(
    address: str, path: Path, sha256: str, start: int, end: int, size: int, on_block: Callable[[], None]
) -> Request:
    def blocks() -> Iterator[bytes]:
        left = end - start
        with path.open("rb") as stream:
            stream.seek(start)
            while left > 0 and (block := stream.read(min(BLOCK_BYTES, left))):
                left -= len(block)
                yield block
                on_block()

    headers = {"Content-Type": "application/octet-stream", "X-Content-SHA256": sha256}
    if end - start < size:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Request("PUT", address, {}, blocks, end - start, headers, timeout_s=TIMEOUT_S)


def _question(address: str, sha256: str, size: int) -> Request:
    headers = {"X-Content-SHA256": sha256, "Content-Range": f"bytes */{size}"}
    return Request("PUT", address, headers=headers, timeout_s=TIMEOUT_S)


def fetch(client: Client, address: str, part: Path, *, name: str) -> bool:
    """Download a file to `part`; False when there is none. Raises UnreachableException after too many cuts.

    The checksum is compared where the studio knows one.
    """
    part.unlink(missing_ok=True)
    download = _Download(client, address, part, name)
    fruitless = 0
    while fruitless < FRUITLESS:
        before = download.have
        try:
            return download.go_on()
        except UnreachableException as failure:
            fruitless = 0 if download.have > before else fruitless + 1
            last = failure
            if fruitless < FRUITLESS:
                _pause(max(fruitless, 1), failure)
    raise last


class _Download:
    """One file on its way down, over as many connections as it takes."""

    def __init__(self, client: Client, address: str, part: Path, name: str) -> None:
        self._client, self._address, self._part, self._name = client, address, part, name
        self.have = 0
        self._etag = ""

    def go_on(self) -> bool:
        """Ask for what is missing."""
        headers = {"Accept": "*/*"}
        if self.have:
            headers["Range"] = f"bytes={self.have}-"
        request = Request("GET", self._address, headers=headers, timeout_s=TIMEOUT_S)
        try:
            response = self._client.open(request, attempts=1)
        except ServiceException as refusal:
            if refusal.status_code == 404 and not isinstance(refusal, UnreachableException):
                return False
            if refusal.status_code == 416 and self.have:
                return True
            raise
        etag = response.headers.get("ETag", "")
        if self.have and (response.status != 206 or etag != self._etag):
            self.have = 0  # the file was replaced meanwhile: begin anew
            if response.status == 206:
                response.close()
                raise UnreachableException(f"{self._name} was replaced while it was downloaded.")
        self._etag = etag
        self._read(response)
        self._check(response.headers.get("X-Content-SHA256", ""))
        return True

    def _read(self, response: "HTTPResponse") -> None:
        from http.client import HTTPException

        wanted = self.have + (response.length or 0) if response.length is not None else None
        progress = Progress(self._name, wanted or 0)
        try:
            with self._part.open("r+b" if self.have else "wb") as stream:
                stream.seek(self.have)
                while block := response.read(BLOCK_BYTES):
                    stream.write(block)
                    self.have += len(block)
                    progress.show(self.have)
        except (HTTPException, ConnectionError, TimeoutError) as failure:
            raise UnreachableException(f"The download of {self._name} broke off ({failure}).") from failure
        finally:
            progress.end()
        if wanted is not None and self.have != wanted:
            raise UnreachableException(f"The download of {self._name} broke off after {self.have} bytes.")

    def _check(self, sha256: str) -> None:
        if sha256 and sha256_of(self._part) != sha256:
            self.have = 0
            raise UnreachableException(f"{self._name} arrived damaged: its checksum does not fit.")


class Progress:
    """A line on the terminal for files that take their time; none where nobody watches."""

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self._shown = -1
        stream = sys.stderr
        self._is_watched = size >= SHOWN_BYTES and stream is not None and stream.isatty()

    def show(self, done: int) -> None:
        """So many bytes are done."""
        percent = 100 * done // self._size if self._size else 0
        if self._is_watched and percent != self._shown:
            self._shown = percent
            text = f"\r{self._name}: {percent} % of {self._size / 1e6:,.0f} MB"
            print(text, end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._is_watched and self._shown >= 0:
            print(file=sys.stderr)


def counted(files: Collection[Item], verb: str) -> Iterator[Item]:
    """Yield the files one by one, with a line on the terminal that counts them where there are many."""
    stream = sys.stderr
    is_watched = len(files) >= SHOWN_FILES and stream is not None and stream.isatty()
    try:
        for place, file in enumerate(files, 1):
            if is_watched:
                print(f"\r{verb} {place:,} of {len(files):,} files", end="", file=stream, flush=True)
            yield file
    finally:
        if is_watched:
            print(file=stream)

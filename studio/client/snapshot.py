"""The snapshot of a run: the folder of its sources, sent file by file where the studio does not know one."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from studio.client.errors import ServiceException, SnapshotException, UnreachableException
from studio.client.folder import Folder, Source, read_folder
from studio.client.hashes import ChangingFile, Hashes
from studio.client.http import Client, Request, segment, with_json
from studio.client.notices import warn
from studio.client.transfer import TIMEOUT_S, send_file

PROPERTY = "ContentSnapshotId"
NONE_TAKEN = "The run {} has no snapshot: `run.take_snapshot(folder)` takes one."
# Files up to this size travel together, so many bytes at once.
SMALL_BYTES = 1 << 20
BATCH_BYTES = 8 << 20
MOST_TOLD = 5


class _Entry:
    """A file as it is sent: what it was when its hash was taken."""

    def __init__(self, source: Source, found: tuple[str, int, int]) -> None:
        self.source = source
        self.sha256, self.size, self.mtime_ns = found

    def shape(self) -> dict[str, Any]:
        """As the list of files has it."""
        mode = "100755" if self.source.executable else "100644"
        return {"path": self.source.path, "size": self.size, "mode": mode, "sha256": self.sha256}

    def has_changed(self) -> bool:
        """Whether the file on the disk is another one by now."""
        status = self.source.place.stat()
        return (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns)


class Snapshot:
    """One snapshot on its way. Files that cannot be read, or that never hold still, are left out and told."""

    def __init__(self, client: Client, run_id: str, *, goes_on: Callable[[], bool] = lambda: True) -> None:
        self._client = client
        self._path = f"runs/{segment(run_id)}/snapshot/"
        self._goes_on = goes_on
        self._lift = bool(os.environ.get("STUDIO_SNAPSHOT_NO_FILE_LIMIT"))
        self._hashes = Hashes()
        self._entries: list[_Entry] = []
        self.left_out: list[tuple[str, str]] = []

    def take(self, root: Path) -> str:
        """Read, send what the studio does not know, and return the snapshot's id.

        Raises SnapshotException with the reason; UnreachableException when the studio does not answer.
        """
        try:
            return self.send(read_folder(root))
        except UnreachableException:
            raise
        except ServiceException as refusal:
            raise SnapshotException(refusal.message) from refusal

    def send(self, folder: Folder) -> str:
        """Send what the studio does not know of these files, and return the snapshot's id.

        Raises SnapshotException for what is wrong with the files, ServiceException as the studio answers.
        """
        try:
            self._read(folder)
            return self._send()
        finally:
            self._hashes.close()

    def _read(self, folder: Folder) -> None:
        self.left_out = folder.left_out
        for source in folder.files:
            self._check()
            self._add(source)
        if not self._entries:
            raise SnapshotException("The folder holds no file that a snapshot could keep.")

    def _add(self, source: Source) -> None:
        try:
            self._entries.append(_Entry(source, self._hashes.of(source.place)))
        except ChangingFile:
            self.left_out.append((source.path, "is being written"))
        except OSError as failure:
            self.left_out.append((source.path, failure.strerror or "cannot be read"))

    def _send(self) -> str:
        missing = self._ask()
        for _attempt in range(3):
            self._send_files(missing)
            try:
                return self._commit()
            except ServiceException as refusal:
                # A file was forgotten meanwhile, or was another one when it was sent.
                missing = set(refusal.details.get("missing") or ())
                if not missing:
                    raise
        raise SnapshotException("Files of the folder change faster than they can be sent.")

    def _ask(self) -> set[str]:
        hashes = list(dict.fromkeys(entry.sha256 for entry in self._entries))
        body = {"hashes": hashes, "no_file_limit": self._lift}
        try:
            return set(self._post("missing/", body)["missing"])
        except ServiceException as refusal:
            if refusal.details.get("snapshot"):
                return set()  # perhaps the very same, whose answer was lost: the list will tell
            raise

    def _commit(self) -> str:
        body = {"files": [entry.shape() for entry in self._entries], "no_file_limit": self._lift}
        return str(self._post("", body)["id"])

    def _post(self, rest: str, body: Any) -> Any:
        # Asking changes nothing, and the same list a second time is no error.
        request = with_json(Request("POST", self._path + rest, may_repeat=True, timeout_s=TIMEOUT_S), body)
        return self._client.json(request)

    def _send_files(self, missing: set[str]) -> None:
        wanted = {entry.sha256: entry for entry in self._entries if entry.sha256 in missing}
        batch: list[tuple[str, bytes]] = []
        for entry in wanted.values():
            self._check()
            if entry.size > SMALL_BYTES:
                self._send_large(entry)
                continue
            content = self._content(entry)
            if content is not None:
                batch.append((entry.sha256, content))
            if sum(len(each) for _, each in batch) > BATCH_BYTES:
                self._send_batch(batch)
                batch = []
        self._send_batch(batch)

    def _content(self, entry: _Entry) -> bytes | None:
        """The bytes of a small file, of which entry then has the hash; None when it went away."""
        import hashlib

        try:
            content = entry.source.place.read_bytes()
        except OSError as failure:
            self._leave_out(entry, failure.strerror or "cannot be read")
            return None
        entry.sha256, entry.size = hashlib.sha256(content).hexdigest(), len(content)
        return content

    def _send_batch(self, batch: list[tuple[str, bytes]]) -> None:
        if not batch:
            return

        def blocks() -> Iterator[bytes]:
            for sha256, content in batch:
                yield f"{sha256} {len(content)}\n".encode()
                yield content

        size = sum(len(block) for block in blocks())
        headers = {"Content-Type": "application/octet-stream"}
        request = Request("POST", f"{self._path}blobs/", {}, blocks, size, headers, timeout_s=TIMEOUT_S)
        request.may_repeat = True
        self._client.json(request)

    def _send_large(self, entry: _Entry) -> None:
        for _attempt in range(3):
            try:
                if entry.has_changed():
                    entry.sha256, entry.size, entry.mtime_ns = self._hashes.of(entry.source.place)
                place, address = entry.source.place, f"{self._path}blobs/{entry.sha256}"
                send_file(self._client, address, place, entry.sha256, name=entry.source.path)
                return
            except ServiceException as refusal:
                if isinstance(refusal, UnreachableException) or not entry.has_changed():
                    raise
            except ChangingFile:
                break
            except OSError as failure:
                self._leave_out(entry, failure.strerror or "cannot be read")
                return
        self._leave_out(entry, "is being written")

    def _leave_out(self, entry: _Entry, why: str) -> None:
        self._entries.remove(entry)
        self.left_out.append((entry.source.path, why))

    def _check(self) -> None:
        if not self._goes_on():
            raise SnapshotException("The program ended before the snapshot was complete.")


def take(client: Client, run_id: str, root: Path, *, goes_on: Callable[[], bool] = lambda: True) -> str:
    """Take the run's snapshot, tell which files were left out, and return its id. Raises as `Snapshot.take` does."""
    snapshot = Snapshot(client, run_id, goes_on=goes_on)
    taken = snapshot.take(root)
    if snapshot.left_out:
        warn(f"The snapshot leaves out {told(snapshot.left_out)}.")
    return taken


def told(left_out: list[tuple[str, str]]) -> str:
    """The first few of these files, each with its reason."""
    named = ", ".join(f"{path or '.'} ({why})" for path, why in left_out[:MOST_TOLD])
    more = len(left_out) - MOST_TOLD
    return f"{named} and {more:,} more" if more > 0 else named

"""One change on its way to the studio: what the journal keeps and the sender sends."""

import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from studio.client.marks import cut


@dataclass
class Operation:
    """One call. Sending it twice has the effect of sending it once: by key, offset, or its own nature.

    `offset`: of a piece of log, in bytes, with its marks in `key`. `file`: a copy on disk that is the body, with its
    SHA-256 in `key`.
    `seq`: its place in the journal. `refused`: why the server will not have it.
    """

    run: str
    kind: str
    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    key: str | None = None
    offset: int | None = None
    file: str | None = None
    seq: int = 0
    refused: str | None = None

    def at(self, offset: int) -> "Operation":
        """Return the same piece of log, placed elsewhere."""
        return replace(self, offset=offset)

    def part(self, start: int, end: int) -> "Operation":
        """Return these bytes of a piece of log."""
        marks = cut(self.key, start, end) if self.key else self.key
        return replace(self, offset=(self.offset or 0) + start, body=self.body[start:end], key=marks)


def forget_copy(operation: Operation) -> None:
    """Remove the copy that waits beside the journal to be uploaded, if there is one."""
    if operation.file:
        Path(operation.file).unlink(missing_ok=True)


def now_text() -> str:
    """Return the present moment as the wire has it: what is journaled keeps when it really happened."""
    return (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now := time.time())) + f".{int(now % 1 * 1000):03d}Z"
    )


def run_path(run: str, rest: str) -> str:
    """Return the address of a part of a run; ids that people chose are quoted."""
    return f"runs/{quote(run, safe='')}/{rest}"


def change(
    run: str, kind: str, path: str, body: Any, *, method: str = "POST", key: str | None = None
) -> Operation:
    """Return a call on a run with a JSON body."""
    ready = json.dumps(body, allow_nan=False).encode()
    return Operation(run, kind, method, run_path(run, path), ready, key=key)


def creation(run: str, workspace_path: str, body: dict[str, Any], key: str) -> Operation:
    """Return the call that creates a run, once for this key."""
    ready = json.dumps(body, allow_nan=False).encode()
    return Operation(run, "create", "POST", f"{workspace_path}runs/", ready, key=key)


def log_piece(run: str, name: str, offset: int, body: bytes, marks: str = "") -> Operation:
    """Return the call that appends to a log; bytes that are there already are not written twice."""
    return Operation(
        run, "log", "POST", run_path(run, f"logs/{name}"), body, key=marks or None, offset=offset
    )


def upload(run: str, path: str, file: Path, sha256: str) -> Operation:
    """Return the call that uploads a file, whose bytes lie beside the journal until then."""
    return Operation(run, "file", "PUT", path, key=sha256, file=str(file))

"""Sends journaled operations, each once in effect, and says which of them the studio will not have."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.client.batch import halves
from studio.client.errors import (
    AuthenticationException,
    ServiceException,
    StudioException,
    UnreachableException,
)
from studio.client.http import Client, Request
from studio.client.operation import Operation, run_path
from studio.client.transfer import send_file

SEND_TIMEOUT_S = 20.0
# Enough to corner one bad point among thousands; a batch that is bad through and through is set aside in
# larger parts.
PIECES_A_BATCH = 64
SMALL_BYTES = 64 << 10
FAILURES_OF_ONE = 20


@dataclass
class Delivery:
    """What became of one operation: the last answer, and the parts that were refused with their reasons."""

    answer: dict[str, Any] = field(default_factory=dict)
    refused: list[tuple[Operation, StudioException]] = field(default_factory=list)


class Sender:
    """Sends to one studio. Raises UnreachableException when it should be tried again later."""

    def __init__(self, client: Client, on_block: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._on_block = on_block
        self._failing_seq = 0
        self._failures = 0

    def deliver(self, operation: Operation) -> Delivery:
        """Send one operation; split it where the server asks for less or will not have a part of it."""
        delivery = Delivery()
        waiting = [operation]
        pieces = 0
        while waiting:
            piece = waiting.pop(0)
            try:
                delivery.answer = self._send(piece) or {}
            except UnreachableException:
                raise
            except AuthenticationException as refusal:
                raise UnreachableException(str(refusal), status_code=401) from refusal
            except ServiceException as refusal:
                pieces += 1
                smaller = self._smaller(piece, refusal) if pieces < PIECES_A_BATCH else []
                if not smaller:
                    self._give_up_or_wait(operation, refusal)
                    delivery.refused.append((piece, refusal))
                waiting[:0] = smaller
        return delivery

    def _give_up_or_wait(self, operation: Operation, refusal: ServiceException) -> None:
        """A server's own fault (5xx) is no refusal, unless the same operation meets it again and again."""
        if refusal.status_code < 500:
            return
        same = operation.seq == self._failing_seq
        self._failing_seq, self._failures = operation.seq, self._failures + 1 if same else 1
        if self._failures < FAILURES_OF_ONE:
            raise UnreachableException(str(refusal), status_code=refusal.status_code) from refusal

    def _smaller(self, piece: Operation, refusal: ServiceException) -> list[Operation]:
        """Return smaller pieces that may be accepted; none when the refusal is final."""
        too_large = refusal.status_code == 413
        if piece.kind == "metrics" and (too_large or refusal.status_code in (400, 422)):
            # A small body that is too large has met a limit of the run: only its metrics are told apart.
            return halves(piece, points_too=not too_large or len(piece.body) > SMALL_BYTES)
        if piece.kind == "log" and too_large and len(piece.body) > 1:
            middle = len(piece.body) // 2
            return [piece.part(0, middle), piece.part(middle, len(piece.body))]
        if (
            piece.kind == "log"
            and refusal.status_code == 409
            and refusal.details.get("size", 1 << 62) < (piece.offset or 0)
        ):
            # An earlier piece was set aside, so there is a gap: go on where the server's copy ends.
            return [piece.at(int(refusal.details["size"]))]
        return []

    def _send(self, piece: Operation) -> Any:
        if piece.file and piece.kind == "snapshot":
            from studio.client.snapshot_kept import send_kept  # seldom, and zipfile takes its time

            return send_kept(self._client, piece.run, Path(piece.file), on_block=self._on_block)
        if piece.file:
            path = Path(piece.file)
            return send_file(
                self._client, piece.path, path, piece.key or "", attempts=1, on_block=self._on_block
            )
        is_log = piece.kind == "log"
        headers = {"Content-Type": "application/octet-stream" if is_log else "application/json"}
        if is_log and piece.key:
            headers["X-Log-Marks"] = piece.key
        query = {} if piece.offset is None else {"offset": piece.offset}
        request = Request(
            piece.method,
            piece.path,
            query,
            lambda: piece.body,
            len(piece.body),
            headers,
            None if is_log else piece.key,
        )
        request.timeout_s = SEND_TIMEOUT_S
        return self._client.json(request, attempts=1)


def closing(run: str, ended_at: str) -> Operation:
    """Return the end of a run whose process was killed before it could say anything. `ended_at` may be empty."""
    message = "The process that logged this run ended without completing it."
    body = {"message": message, "code": "ProcessEnded", "details": {}}
    body |= {"ended_at": ended_at} if ended_at else {}
    return Operation(run, "end", "POST", run_path(run, "fail/"), json.dumps(body).encode())


def remainder(operation: Operation, piece: Operation, reason: str) -> Operation:
    """Return the refused piece of an operation as an entry of its own."""
    return replace(piece, seq=0, refused=reason, file=operation.file)

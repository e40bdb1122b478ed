"""Where operations are kept: the disk, and a bounded part of memory while the disk takes nothing."""

import sqlite3
import threading

from studio.client.notices import warn
from studio.client.operation import Operation
from studio.client.spool import Spool

OVERFLOW_BYTES = 32 << 20


class Journal:
    """The operations of this process, in order. `lock` is held while it is written, never while sending."""

    def __init__(self, url: str, *, offline: bool = False) -> None:
        self._url = url
        self._offline = offline
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.lock = threading.RLock()
        self._disk: Spool | None = None
        self._overflow: Spool | None = None
        self._overflow_bytes = 0
        self.lost = 0

    @property
    def disk(self) -> Spool:
        """The journal on disk, begun when it is first needed."""
        with self.lock:
            if self._disk is None:
                self._disk = self._begin()
            return self._disk

    def _begin(self) -> Spool:
        try:
            return Spool.create(self._url, offline=self._offline)
        except (sqlite3.Error, OSError) as failure:
            warn(f"No journal can be written here ({failure}): what is logged is kept in memory only.")
            return Spool.in_memory()

    def append(self, operations: list[Operation]) -> Spool:
        """Keep these; return the spool that has them. Never raises."""
        with self.lock:
            if self._overflow is None or self._overflow.first() is None:
                self._overflow_bytes = 0
                try:
                    self.disk.append(operations)
                    return self.disk
                except (sqlite3.Error, OSError) as failure:
                    self._begin_overflow(failure)
            return self._append_to_overflow(operations)

    def _begin_overflow(self, failure: Exception) -> None:
        if self._overflow is None:
            self._overflow = Spool.in_memory()
            where = self.disk.path or "memory"
            warn(f"The journal {where} cannot be written ({failure}): memory keeps what is logged for now.")

    def _append_to_overflow(self, operations: list[Operation]) -> Spool:
        overflow = self._overflow = self._overflow or Spool.in_memory()
        for operation in operations:
            # A run's beginning and end are small, and without them the rest is worth nothing.
            if operation.kind in ("metrics", "log") and self._overflow_bytes > OVERFLOW_BYTES:
                self._lose()
                continue
            self._overflow_bytes += len(operation.body)
            overflow.append([operation])
        return overflow

    def _lose(self) -> None:
        if not self.lost:
            warn(
                "Disk and memory are full and the studio is away: logging is lost until one of them has room."
            )
        self.lost += 1

    def next(self) -> tuple[Spool, Operation] | None:
        """Return what is to be sent next and the spool that holds it, or None."""
        with self.lock:
            for spool in (self._disk, self._overflow):
                operation = spool.first() if spool else None
                if spool and operation:
                    return spool, operation
        return None

    def count(self, *, refused: bool = False) -> int:
        """Return how many operations wait, or were set aside."""
        with self.lock:
            return sum(spool.count(refused=refused) for spool in (self._disk, self._overflow) if spool)

    def holds(self, run: str, kind: str) -> bool:
        """Whether something of this kind still waits for this run."""
        with self.lock:
            return any(spool.holds(run, kind) for spool in (self._disk, self._overflow) if spool)

    def pause(self) -> None:
        """Close the file until its next use, before a fork."""
        if self._disk:
            self._disk.pause()

    def abandon(self) -> None:
        """In a forked child: leave everything to the parent and begin anew when needed."""
        if self._disk:
            self._disk.abandon()
        self._begin_anew()

    def close(self) -> None:
        """Close the file; an empty one is removed."""
        with self.lock:
            if self._disk:
                self._disk.close()
                self._disk = None

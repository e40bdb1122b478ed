"""The journal on disk: what is logged waits here, in order, until the studio has acknowledged it.

One SQLite file for each process and studio, readable by its user alone. The process holds a lock on a file
beside it for as long as it lives, so that a journal whose lock is free belongs to nobody any more and may be
sent by others.
"""

import os
import sqlite3
import threading
import uuid
from pathlib import Path

from studio.client.address import own_run
from studio.client.operation import Operation, forget_copy, now_text
from studio.client.spool_place import GUEST, OWNER, host_name, lock_file, spool_folder, try_lock

SCHEMA = """
create table if not exists operation(
    seq integer primary key autoincrement, run text, kind text, method text, path text,
    body blob, key text, "offset" integer, file text, refused text);
create table if not exists open_run(run text primary key);
create table if not exists about(name text primary key, value text);
"""
COLUMNS = 'run, kind, method, path, body, key, "offset", file, seq, refused'


class Spool:
    """A journal that this process owns. Every method may be called from any thread."""

    def __init__(self, path: Path | None, lock_fd: int | None = None, *, is_guest: bool = False) -> None:
        self.path = path
        self.is_guest = is_guest
        self.lock = threading.RLock()
        self._lock_fd = lock_fd
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def create(cls, url: str, *, offline: bool = False) -> "Spool":
        """Begin a journal for the studio at this address, in memory where no folder can be written.

        `offline`: this process will not send it itself, so another one may while it goes on.
        """
        folder = spool_folder()
        if folder is None:
            return cls.in_memory()
        name = f"{host_name()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
        path = folder / f"{name}.spool"
        spool = cls(path, try_lock(path, OWNER))
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        mode = "offline" if offline else "online"
        facts = ("url", url, "host", host_name(), "mode", mode, "run", own_run())
        spool._write("insert into about values (?, ?), (?, ?), (?, ?), (?, ?)", facts)
        return spool

    @classmethod
    def in_memory(cls) -> "Spool":
        """A journal for a machine whose disk takes nothing: lost with the process."""
        return cls(None)

    @classmethod
    def adopt(cls, path: Path) -> "Spool | None":
        """Take over the journal of a process that is no more; None while its owner or another heir lives."""
        guest_fd = try_lock(path, GUEST)
        if guest_fd is None:
            return None
        try:
            return cls._take_over(path)
        finally:
            os.close(guest_fd)  # with both locks free nobody else is there, and the first one is enough

    @classmethod
    def _take_over(cls, path: Path) -> "Spool | None":
        lock_fd = try_lock(path, OWNER)
        if lock_fd is None:
            return None
        if not path.exists():  # sent and removed by another heir in between
            os.close(lock_fd)
            return None
        return cls(path, lock_fd)

    @classmethod
    def visit(cls, path: Path) -> "Spool | None":
        """Open the journal of a process that lives and does not send itself; None for any other.

        One guest at a time. The journal stays its owner's: what is sent is taken out, and nothing else changes.
        """
        lock_fd = try_lock(path, GUEST)
        if lock_fd is None:
            return None
        spool = cls(path, lock_fd, is_guest=True)
        if path.exists() and spool.about("mode") == "offline":
            return spool
        spool.close()
        return None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # No fsync: what the kernel has taken survives the death of this process, which is what we guard
            # against; and no write-ahead log, because home folders on a network cannot share its memory map.
            connection = sqlite3.connect(
                self.path or ":memory:", isolation_level=None, check_same_thread=False, timeout=20
            )
            connection.execute("pragma synchronous=off")
            connection.execute("pragma journal_mode=truncate")
            connection.executescript(SCHEMA)
            self._connection = connection
        return self._connection

    def _write(self, statement: str, values: tuple[object, ...] = ()) -> None:
        with self.lock:
            self._open().execute(statement, values)

    def append(self, operations: list[Operation]) -> None:
        """Keep these in one transaction, and give each its place.

        Raises sqlite3.Error when the disk is full.
        """
        with self.lock:
            connection = self._open()
            connection.execute("begin immediate")
            try:
                for operation in operations:
                    operation.seq = self._insert(connection, operation)
                    self._follow(connection, operation)
                # If this process is killed, its runs ended about now.
                connection.execute("insert or replace into about values ('written_at', ?)", (now_text(),))
                connection.execute("commit")
            except BaseException:
                connection.execute("rollback")
                raise

    def _insert(self, connection: sqlite3.Connection, one: Operation) -> int:
        row = (one.run, one.kind, one.method, one.path, one.body, one.key, one.offset, one.file, one.refused)
        statement = (
            'insert into operation(run, kind, method, path, body, key, "offset", file, refused)'
            " values (?,?,?,?,?,?,?,?,?)"
        )
        return connection.execute(statement, row).lastrowid or 0

    def _follow(self, connection: sqlite3.Connection, one: Operation) -> None:
        """Runs that were begun and not ended here: if this process is killed, its heir closes them."""
        if one.kind in ("create", "begin"):
            connection.execute("insert or replace into open_run values (?)", (one.run,))
        elif one.kind == "end":
            connection.execute("delete from open_run where run = ?", (one.run,))

    def first(self) -> Operation | None:
        """Return what is to be sent next, or None."""
        with self.lock:
            query = f"select {COLUMNS} from operation where refused is null order by seq limit 1"  # noqa: S608
            row = self._open().execute(query).fetchone()
        return Operation(*row) if row else None

    def done(self, operation: Operation) -> None:
        """The studio has it: forget it."""
        self._write("delete from operation where seq = ?", (operation.seq,))
        forget_copy(operation)

    def set_aside(self, operation: Operation, reason: str) -> None:
        """The studio will not have it: keep it with the reason, and let the rest go on."""
        self._write("update operation set refused = ? where seq = ?", (reason, operation.seq))

    def set_aside_run(self, run: str, reason: str) -> None:
        """The studio will not have the run itself, so nothing of it can be sent."""
        with self.lock:
            self._write("update operation set refused = ? where run = ? and refused is null", (reason, run))
            self.forget_open(run)

    def forget_run(self, run: str) -> None:
        """The run was deleted in the studio: what waits of it is of no use to anybody."""
        with self.lock:
            query = "select file from operation where run = ? and file is not null"
            files = [row[0] for row in self._open().execute(query, (run,))]
            self._write("delete from operation where run = ?", (run,))
            self.forget_open(run)
        for file in files:
            Path(file).unlink(missing_ok=True)

    def retry_refused(self) -> None:
        """Let everything that was set aside be tried once more."""
        self._write("update operation set refused = null")

    def count(self, *, refused: bool = False) -> int:
        """Return how many operations wait, or how many were set aside."""
        with self.lock:
            test = "is not null" if refused else "is null"
            row = self._open().execute(f"select count(*) from operation where refused {test}").fetchone()  # noqa: S608
        return int(row[0])

    def holds(self, run: str, kind: str) -> bool:
        """Whether something of this kind still waits for this run."""
        with self.lock:
            query = "select 1 from operation where run = ? and kind = ? and refused is null limit 1"
            return self._open().execute(query, (run, kind)).fetchone() is not None

    def begins_runs(self) -> bool:
        """Whether runs wait to be created: other journals may hold what belongs to them."""
        with self.lock:
            query = "select 1 from operation where kind = 'create' and refused is null limit 1"
            return self._open().execute(query).fetchone() is not None

    def open_runs(self) -> list[str]:
        """Return the runs that were begun here and not ended here."""
        with self.lock:
            return [row[0] for row in self._open().execute("select run from open_run")]

    def forget_open(self, run: str) -> None:
        """Somebody has ended this run."""
        self._write("delete from open_run where run = ?", (run,))

    def about(self, name: str) -> str:
        """Return a fact about the journal: its url, its host."""
        with self.lock:
            row = self._open().execute("select value from about where name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    @property
    def files_folder(self) -> Path:
        """Where copies of files wait that could not be uploaded at once."""
        from tempfile import mkdtemp

        base = self.path.with_suffix(".files") if self.path else Path(mkdtemp(prefix="run-studio-"))
        base.mkdir(mode=0o700, exist_ok=True)
        return base

    def pause(self) -> None:
        """Close the file until the next use. Before a fork: a child must not inherit an open database."""
        with self.lock:
            if self._connection is not None and self.path is not None:
                self._connection.close()
                self._connection = None

    def abandon(self) -> None:
        """In a forked child: let go of the parent's journal without touching it."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def close(self) -> None:
        """Close it, and remove it when nothing is left in it."""
        with self.lock:
            empty = not self.is_guest and self._is_done()
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self.path and empty:
                self._remove(self.path)
            if self._lock_fd is not None:
                os.close(self._lock_fd)
                self._lock_fd = None

    def _is_done(self) -> bool:
        return not (self.count() or self.count(refused=True) or self.open_runs())

    def _remove(self, path: Path) -> None:
        locks = (lock_file(path, OWNER), lock_file(path, GUEST))
        for leftover in (path, path.with_name(path.name + "-journal"), *locks):
            leftover.unlink(missing_ok=True)
        from shutil import rmtree

        rmtree(path.with_suffix(".files"), ignore_errors=True)

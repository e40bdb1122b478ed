"""The journal on disk: what is logged waits here, in order, until the studio has acknowledged it.

One SQLite file for each process and studio, readable by its user alone. The process holds a lock on a file
beside it for as long as it lives, so that a journal whose lock is free belongs to nobody any more and may be
sent by others.
"""

import fcntl
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from studio.client.address import state_folder
from studio.client.operation import Operation, forget_copy

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

    def __init__(self, path: Path | None, lock_fd: int | None = None) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._lock_fd = lock_fd
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def create(cls, url: str) -> "Spool":
        """Begin a journal for the studio at this address, in memory where no folder can be written."""
        folder = spool_folder()
        if folder is None:
            return cls.in_memory()
        name = f"{_host()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
        path = folder / f"{name}.spool"
        spool = cls(path, _try_lock(path))
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        spool._write("insert into about values ('url', ?), ('host', ?)", (url, _host()))
        return spool

    @classmethod
    def in_memory(cls) -> "Spool":
        """A journal for a machine whose disk takes nothing: lost with the process."""
        return cls(None)

    @classmethod
    def adopt(cls, path: Path) -> "Spool | None":
        """Take over the journal of a process that is no more; None while its owner or another heir lives."""
        lock_fd = _try_lock(path)
        if lock_fd is None:
            return None
        if not path.exists():  # sent and removed by another heir in between
            os.close(lock_fd)
            return None
        return cls(path, lock_fd)

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
        if one.kind == "create":
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
            empty = not (self.count() or self.count(refused=True) or self.open_runs())
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self.path and empty:
                self._remove(self.path)
            if self._lock_fd is not None:
                os.close(self._lock_fd)
                self._lock_fd = None

    def _remove(self, path: Path) -> None:
        for leftover in (path, path.with_name(path.name + "-journal"), _lock_file(path)):
            leftover.unlink(missing_ok=True)
        from shutil import rmtree

        rmtree(path.with_suffix(".files"), ignore_errors=True)


def spool_folder() -> Path | None:
    """Return the folder of journals, made private; a temporary one when the home folder cannot be written."""
    from tempfile import gettempdir

    spare = Path(gettempdir()) / f"run-studio-{os.getuid()}"
    for folder in (state_folder() / "spool", spare):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            found = folder.stat()
            if found.st_uid == os.getuid() and os.access(folder, os.W_OK):
                folder.chmod(0o700)
                return folder
        except OSError:
            continue
    return None


def journals() -> Iterator[Path]:
    """Yield the journals of this machine, oldest first."""
    folder = spool_folder()
    if folder is None:
        return
    found = [path for path in folder.glob("*.spool") if path.name.startswith(f"{_host()}.")]
    yield from sorted(found, key=_changed_at)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # sent and removed by another process in between
        return 0.0


def journals_of_other_machines() -> int:
    """Return how many journals other machines wrote here; only they can tell if those are done."""
    folder = spool_folder()
    if folder is None:
        return 0
    return sum(not path.name.startswith(f"{_host()}.") for path in folder.glob("*.spool"))


def _host() -> str:
    return os.uname().nodename.replace(".", "-") or "localhost"


def _lock_file(path: Path) -> Path:
    return path.with_suffix(".lock")


def _try_lock(path: Path) -> int | None:
    """Lock the journal for this process and return the lock's descriptor, or None when somebody holds it."""
    lock_fd = os.open(_lock_file(path), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock_fd)
        return None
    return lock_fd

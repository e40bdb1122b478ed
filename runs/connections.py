"""How the database is spoken to: cursors of its driver, statements that are prepared, connections that are kept."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.utils import CursorWrapper

# PostgreSQL that was restarted is met by one request of each thread that was busy until then; it says to try again.
_TRUSTED_S = 1.0


def note_answered(**_: Any) -> None:
    """At the end of a request: no answer of its connection failed, should it have asked for one."""
    if connection.connection is not None and not connection.errors_occurred:
        connection.answered_at = time.monotonic()  # type: ignore[attr-defined]


def trust_what_answered(**_: Any) -> None:
    """At the start of a request: Django asks a connection whether it lives, but not one that has just answered.

    That question takes as long as any other; one of eight of a request that logs a metric.
    """
    answered_at = getattr(connection, "answered_at", None)
    if answered_at is not None and time.monotonic() - answered_at < _TRUSTED_S:
        connection.health_check_done = True  # type: ignore[attr-defined]


@contextmanager
def sent_together() -> Iterator[None]:
    """Send PostgreSQL the statements inside without waiting for each answer; one that fails raises at the end."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def reading_cursor(*, prepared: bool = False) -> CursorWrapper:
    """A cursor for many rows: of PostgreSQL's driver it takes the quick reader of moments; Django's is in Python.

    To be left by `with`, as Django's own.
    """
    own = connections[DEFAULT_DB_ALIAS]  # what stands for it looks it up anew at each use
    if own.vendor != "postgresql":
        return own.cursor()
    # What Django does for a cursor, without the one that it would make.
    own.close_if_health_check_failed()
    own.ensure_connection()
    own.validate_thread_sharing()
    client, server = _cursors()
    made = (server if prepared else client)(own.connection)
    return own.make_debug_cursor(made) if own.queries_logged else own.make_cursor(made)


def prepared_cursor() -> CursorWrapper:
    """The same for statements that come again and again: PostgreSQL reads and plans each once for a connection.

    It takes their values apart from their words, and each of many rows in one go. Django, which logs statements for
    those who debug, knows no words of such ones: then they are sent as all others.
    """
    return reading_cursor(prepared=not connection.queries_logged)


def allow_prepared(connection: Any, **_: Any) -> None:
    """Have statements prepared on a new connection, unless `prepare_threshold` in its address says when, or never.

    Not through a pooler: PgBouncer hands each transaction to any of its connections, and before 1.21 knows nothing of
    what another has prepared. It is told by the number of the process at the other end, which it makes up.
    """
    if connection.vendor != "postgresql" or "prepare_threshold" in connection.settings_dict["OPTIONS"]:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    made = connection.connection
    made.prepare_threshold = 0 if process == made.info.backend_pid else None


@cache
def _cursors() -> tuple[type[Any], type[Any]]:
    """PostgreSQL's cursors that write values into statements, as Django does, and that send them beside."""
    from psycopg import ClientCursor, Cursor
    from psycopg.adapt import AdaptersMap
    from psycopg.types.datetime import TimestamptzLoader

    # By connection: making one takes as long as a lookup.
    known: WeakKeyDictionary[Any, AdaptersMap] = WeakKeyDictionary()

    class Reading:
        """What both have."""

        connection: Any

        @property
        def adapters(self) -> AdaptersMap:
            """Those of the connection, with the quick reader."""
            found = known.get(self.connection)
            if found is None:
                found = known[self.connection] = AdaptersMap(self.connection.adapters)
                found.register_loader("timestamptz", TimestamptzLoader)
            return found

    class Client(Reading, ClientCursor[Any]):
        """Writes values into statements."""

    class Server(Reading, Cursor[Any]):
        """Sends them beside."""

        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            """Have it prepared, and run it."""
            return super().execute(query, params, **{"prepare": True} | options)

    return Client, Server

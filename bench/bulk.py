"""Writes millions of rows: executemany on SQLite, COPY on PostgreSQL, with the indexes set aside meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models

Column = Sequence[Any]


class Same:
    """A column that holds one value in every row."""

    def __init__(self, value: Any) -> None:
        self.value = value


def insert(model: type[models.Model], columns: Mapping[str, Column | Same]) -> None:
    """Write rows given as columns of equal length, by the database's names; values as the database takes them."""
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    if connection.vendor == "sqlite":
        _insert_sqlite(f"INSERT INTO {table} ({names})", columns)
        return
    rows = zip(*(repeat(c.value) if isinstance(c, Same) else c for c in columns.values()), strict=False)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert_sqlite(beginning: str, columns: Mapping[str, Column | Same]) -> None:
    """What is the same in every row stands in the statement: bound a million times it costs seconds."""
    places = ["?" if not isinstance(c, Same) else _literal(c.value) for c in columns.values()]
    rows = zip(*(c for c in columns.values() if not isinstance(c, Same)), strict=True)
    connection.ensure_connection()
    connection.connection.executemany(f"{beginning} VALUES ({', '.join(places)})", rows)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


@contextmanager
def without_indexes(tables: Sequence[type[models.Model]]) -> Iterator[None]:
    """Drop the indexes that no constraint needs, and make them again at the end, in one pass over the rows each.

    So with the triggers that keep SQLite's search index: row by row they take ten times as long as building it at
    once. Foreign keys are not checked meanwhile and a power cut may cost the file: only for a database in the making.
    """
    names = [model._meta.db_table for model in tables]
    indexes, triggers = _indexes(names), _search_triggers()
    with connection.cursor() as cursor:
        for index in indexes:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(index)}")
        for trigger in triggers:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(trigger)}")
        _be_careless(cursor)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if triggers:
                cursor.execute("INSERT INTO runs_search_fts(runs_search_fts) VALUES ('rebuild')")
            for statement in [*triggers.values(), *indexes.values()]:
                cursor.execute(statement)
            _be_careful(cursor)


def _indexes(tables: Sequence[str]) -> dict[str, str]:
    """The statement that makes each index, by its name."""
    if connection.vendor == "sqlite":
        query = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = %s"
        )
    else:
        query = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND schemaname = current_schema() "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(query, [table])
            found |= dict(cursor.fetchall())
    return found


def _search_triggers() -> dict[str, str]:
    """The statement that makes each trigger, by its name; PostgreSQL's index of the search needs none."""
    if connection.vendor != "sqlite":
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'runs_search_%'"
        )
        return dict(cursor.fetchall())


def _be_careless(cursor: Any) -> None:
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA cache_size=-262144")
        return
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if cursor.fetchone()[0]:  # only a superuser may leave the foreign keys unchecked
        cursor.execute("SET session_replication_role = replica")
    cursor.execute("SET maintenance_work_mem = '512MB'")


def _be_careful(cursor: Any) -> None:
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    cursor.execute("RESET session_replication_role")
    cursor.execute("RESET maintenance_work_mem")


def finish(tables: Sequence[type[models.Model]]) -> None:
    """Let the ids of new rows go on after those given here.

    PostgreSQL counts its rows, and marks which pages an index may answer for, some time after a load; here it does so
    at once. SQLite never does.
    """
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(tables)):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            # Not inside a transaction, which only tests are in.
            cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)")

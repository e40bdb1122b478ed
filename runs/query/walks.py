"""A page of an order of several walks: one statement, in which a walk is taken only if those before do not do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from runs.connections import reading_cursor
from runs.query.sorts import Key, Leg


@dataclass(frozen=True)
class _Walk:
    """A leg's page as SQL, the place of the leg, and what makes Python values of a row."""

    place: int
    sql: str
    params: tuple[Any, ...]
    width: int
    read: Callable[[Sequence[Any]], tuple[Key, ...]]


class Found(NamedTuple):
    """A row that was walked to. `number`: the run's, which is the last of its keys."""

    number: int
    values: Sequence[Any]
    walk: _Walk

    def where(self) -> tuple[int, tuple[Key, ...]]:
        """The place of the leg and the keys of the row there: what a cursor says. Only the last row's are asked for."""
        return self.walk.place, self.walk.read(self.values)


def walk(legs: Sequence[Leg], start: tuple[int, list[Key] | None], limit: int) -> list[Found]:
    """Up to `limit` rows from `start` on: the place of a leg, and the keys of the row there that was the last one."""
    first, after = start
    pages = [
        (place, leg.page(after if place == first else None, limit))
        for place, leg in enumerate(legs)
        if place >= first
    ]
    walks = [walk for place, page in pages if (walk := _compiled(place, page)) is not None]
    if not walks:
        return []
    with reading_cursor() as cursor:
        cursor.execute(_statement(walks, limit), [value for walk in walks for value in walk.params])
        rows = cursor.fetchall()
    if len(walks) == 1:
        return [Found(row[-1], row, walks[0]) for row in rows]
    return [_of_its_walk(walks, row) for row in rows[:limit]]


def _compiled(place: int, page: QuerySet[Any]) -> _Walk | None:
    """None where Django sees that nothing can be found."""
    query = page.query.chain()
    query.clear_limits()  # they are written by `_statement`
    compiler = query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    selected = [expression for expression, _, _ in compiler.select]
    converters = compiler.get_converters(selected)

    def read(row: Sequence[Any]) -> tuple[Key, ...]:
        return tuple(next(iter(compiler.apply_converters([list(row)], converters))))

    return _Walk(place, sql, tuple(params), len(selected), read)


def _statement(walks: Sequence[_Walk], limit: int) -> str:
    """Each walk a table of its own. A row has the columns of all of them, and only those of its walk are filled.

    Both databases read a materialised table in the order in which it was filled, and the parts of a UNION ALL in turn.
    A single walk stands for itself.
    """
    if len(walks) == 1:
        return f"{walks[0].sql} LIMIT {limit}"
    tables = []
    for place, walk in enumerate(walks):
        before = " + ".join(f"(SELECT COUNT(*) FROM w{earlier})" for earlier in range(place))  # noqa: S608
        tables.append(f"w{place} AS MATERIALIZED ({_limited(walk.sql, before or '0', limit)})")
    parts = []
    for place in range(len(walks)):
        columns = [
            # Of the other walks' columns the type alone, which PostgreSQL wants to know.
            f"w{other}.k{key}" if other == place else f"(SELECT k{key} FROM w{other} WHERE 1 = 0)"  # noqa: S608
            for other, walk in enumerate(walks)
            for key in range(walk.width)
        ]
        parts.append(f"SELECT {place}, {', '.join(columns)} FROM w{place}")  # noqa: S608 (our own names)
    return f"WITH {', '.join(tables)} {' UNION ALL '.join(parts)}"


def _limited(sql: str, before: str, limit: int) -> str:
    """The rows up to the limit; none, and no work, where those before are enough.

    SQLite does the work of a table whose condition is never true; PostgreSQL plans badly for a limit it cannot read.
    """
    if connection.vendor == "sqlite":
        return f"{sql} LIMIT CASE WHEN {before} < {limit} THEN {limit} ELSE 0 END"
    return f"SELECT * FROM ({sql} LIMIT {limit}) AS walk WHERE {before} < {limit}"  # noqa: S608 (compiled by Django)


def _of_its_walk(walks: Sequence[_Walk], row: Sequence[Any]) -> Found:
    index = row[0]
    begin = 1 + sum(walk.width for walk in walks[:index])
    values = row[begin : begin + walks[index].width]
    return Found(values[-1], values, walks[index])

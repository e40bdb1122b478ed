"""Lookups that every request makes: Django builds their SQL once, and they are asked again with other values.

Building the statement anew took two thirds of the time of a lookup by key. What comes back are the models' own objects.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Expression,
    Field,
    IntegerField,
    Model,
    QuerySet,
    TextField,
)
from django.db.models.query import get_related_populators

from runs.connections import prepared_cursor, sent_together

M = TypeVar("M", bound=Model)
# What fills a place: a text, a number, or numbers.
Filling = str | int | Sequence[int]


class Slot(Expression):
    """A place in a statement that each call fills with a value of its own."""

    def __init__(self, place: int, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A parameter, which is filled later."""
        return "%s", [self]

    def filled(self, value: Filling) -> Any:
        """The parameter of a call."""
        return value


class SlotOfNumbers(Slot):
    """A place for numbers, as one parameter, however many they are."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A parameter among words that make a list of it."""
        return f"({numbers_sql()})", [self]

    def filled(self, value: Filling) -> Any:
        """The numbers as the statement reads them."""
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise TypeError(f"numbers are wanted, not {value!r}")
        return numbers_param(value)


def numbers_sql() -> str:
    """What reads numbers out of one parameter: of PostgreSQL an array, of SQLite a statement of its own."""
    return "%s::bigint[]" if connection.vendor == "postgresql" else "SELECT value FROM json_each(%s)"


def numbers_param(numbers: Sequence[int]) -> str:
    """Numbers as that parameter: a text for either, since the driver of PostgreSQL would write them one by one."""
    if connection.vendor == "postgresql":
        return f"{{{','.join(map(str, numbers))}}}"
    return json.dumps(list(numbers))


def _slots(kinds: Sequence[type]) -> list[Slot]:
    return [
        SlotOfNumbers(place, BigIntegerField())
        if kind is list
        else Slot(place, TextField() if kind is str else IntegerField())
        for place, kind in enumerate(kinds)
    ]


def _fill(params: Sequence[Any], values: Sequence[Filling]) -> list[Any]:
    return [each.filled(values[each.place]) if isinstance(each, Slot) else each for each in params]


class Prepared(Generic[M]):
    """A query for one object, or for several, whose values come later.

    `build` makes the query from as many slots as `kinds` has types, `str` or `int`; its order and `select_related` are
    kept. As with all of Django, what is found is read with the converters of the database.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], *kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._made: dict[tuple[str, bool], _Statement] = {}

    def first(self, *values: Filling) -> M | None:
        """The first object that the query finds with these values, or None."""
        found: list[M] = self._statement(one=True).ask(values)
        return found[0] if found else None

    def all(self, *values: Filling) -> list[M]:
        """All objects that the query finds with these values, in its order."""
        found: list[M] = self._statement(one=False).ask(values)
        return found

    def _statement(self, *, one: bool) -> "_Statement":
        made = self._made.get((connection.vendor, one))
        if made is None:
            query = self._build(*_slots(self._kinds))
            made = self._made[connection.vendor, one] = _Statement(query[:1] if one else query)
        return made


class _Statement:
    """The SQL of a query, and how its row becomes an object: what Django's ModelIterable does at every query."""

    def __init__(self, query: QuerySet[Any]) -> None:
        compiler = query.query.get_compiler(connection=connection)
        self._sql, self._params = compiler.as_sql()
        select: Any = compiler.select
        info: Any = compiler.klass_info
        self._model, fields = info["model"], info["select_fields"]
        self._start, self._end = fields[0], fields[-1] + 1
        self._names = [select[place][0].target.attname for place in range(self._start, self._end)]
        self._populators = get_related_populators(info, select, "default")  # type: ignore[call-arg]
        self._converters = compiler.get_converters([column for column, _, _ in select])

    def ask(self, values: tuple[Filling, ...]) -> list[Any]:
        """The objects of all rows."""
        with prepared_cursor() as cursor:
            cursor.execute(self._sql, _fill(self._params, values))
            return [self._made_of(list(row)) for row in cursor.fetchall()]

    def _made_of(self, row: list[Any]) -> Any:
        for place, (converters, expression) in self._converters.items():
            for convert in converters:
                row[place] = convert(row[place], expression, connection)
        made = self._model.from_db("default", self._names, row[self._start : self._end])
        for populator in self._populators:
            populator.populate(row, made)
        return made


class PreparedRows:
    """A query for plain values, a `values_list`, whose values come later: of the types `str`, `int` and `list`.

    A `list` is one of numbers, for `is_one_of`. All rows are read at once, which is quicker than Django's hundreds.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._made: dict[str, _Rows] = {}

    def all(self, *values: Filling) -> list[Any]:
        """All rows that the query finds with these values, in its order, each a tuple or a list."""
        made = self.made()
        with prepared_cursor() as cursor:
            made.ask(cursor, values)
            return made.read(cursor)

    def made(self) -> "_Rows":
        """The query for the database in use."""
        made = self._made.get(connection.vendor)
        if made is None:
            made = self._made[connection.vendor] = _Rows(self._build(*_slots(self._kinds)))
        return made


def rows_of_each(asked: Sequence[PreparedRows], *values: Filling) -> Iterator[list[Any]]:
    """The rows of each of these queries with the same values, in turn. Nothing else may be asked meanwhile.

    PostgreSQL is sent all of them at once, and finds the rows of the next while those of one are read.
    """
    if connection.vendor != "postgresql":
        for rows in asked:
            yield rows.all(*values)
        return
    made = [rows.made() for rows in asked]
    with ExitStack() as stack:
        stack.enter_context(sent_together())
        cursors = [stack.enter_context(prepared_cursor()) for _ in made]
        for each, cursor in zip(made, cursors, strict=True):
            each.ask(cursor, values)
        for each, cursor in zip(made, cursors, strict=True):
            yield each.read(cursor)


class _Rows:
    """The SQL of a query, and what makes Python's values of the database's."""

    def __init__(self, query: QuerySet[Any, Any]) -> None:
        compiler = query.query.get_compiler(connection=connection)
        self._sql, self._params = compiler.as_sql()
        found = compiler.get_converters([column for column, _, _ in compiler.select])
        self._converters = [
            (place, _quick(converters, expression), expression)
            for place, (converters, expression) in found.items()
        ]

    def ask(self, cursor: CursorWrapper, values: tuple[Filling, ...]) -> None:
        """Send it."""
        cursor.execute(self._sql, _fill(self._params, values))

    def read(self, cursor: CursorWrapper) -> list[Any]:
        """All rows of what was sent."""
        rows = cursor.fetchall()
        return [self._converted(list(row)) for row in rows] if self._converters else rows

    def _converted(self, row: list[Any]) -> list[Any]:
        for place, converters, expression in self._converters:
            if row[place] is not None:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
        return row


def _quick(converters: list[Any], expression: Any) -> list[Any]:
    """The same but for moments of SQLite, of which Django asks three times whether they have a time zone."""
    if connection.vendor == "sqlite" and isinstance(expression.output_field, DateTimeField):
        return [_in_utc]
    return converters


def _in_utc(moment: Any, expression: Any, connection: Any) -> Any:
    """SQLite's driver has read the text already where the column is one of a table."""
    return (moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)).replace(tzinfo=UTC)

"""Lookups that every request makes: Django builds their SQL once, and they are asked again with other values.

Building the statement anew took two thirds of the time of a lookup by key. What comes back are the models' own objects.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Expression, Field, IntegerField, Model, QuerySet, TextField
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


class Slot(Expression):
    """A place in a statement that each call fills with a value of its own."""

    def __init__(self, place: int, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A parameter, which is filled later."""
        return "%s", [self]


class Prepared(Generic[M]):
    """A query for one object, or for several, whose values come later.

    `build` makes the query from as many slots as `kinds` has types, `str` or `int`; its order and `select_related` are
    kept. As with all of Django, what is found is read with the converters of the database.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], *kinds: type) -> None:
        self._build, self._kinds = build, kinds
        self._made: dict[tuple[str, bool], _Statement] = {}

    def first(self, *values: str | int) -> M | None:
        """The first object that the query finds with these values, or None."""
        found: list[M] = self._statement(one=True).ask(values)
        return found[0] if found else None

    def all(self, *values: str | int) -> list[M]:
        """All objects that the query finds with these values, in its order."""
        found: list[M] = self._statement(one=False).ask(values)
        return found

    def _statement(self, *, one: bool) -> "_Statement":
        made = self._made.get((connection.vendor, one))
        if made is None:
            slots = [
                Slot(place, TextField() if kind is str else IntegerField())
                for place, kind in enumerate(self._kinds)
            ]
            query = self._build(*slots)
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

    def ask(self, values: tuple[str | int, ...]) -> list[Any]:
        """The objects of all rows."""
        params = [values[each.place] if isinstance(each, Slot) else each for each in self._params]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            return [self._made_of(list(row)) for row in cursor.fetchall()]

    def _made_of(self, row: list[Any]) -> Any:
        for place, (converters, expression) in self._converters.items():
            for convert in converters:
                row[place] = convert(row[place], expression, connection)
        made = self._model.from_db("default", self._names, row[self._start : self._end])
        for populator in self._populators:
            populator.populate(row, made)
        return made

"""Expressions that lead the databases to the right index, and membership in a set of run numbers."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Exists, F, Func, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from runs.prepared import SlotOfNumbers, numbers_param, numbers_sql

Numbers = QuerySet[Any]


class Unindexed(Func):
    """A column that SQLite does not look for an index of: it has no statistics and would take the wrong one."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """With a plus sign, which changes nothing but hides the column from the choice of indexes."""
        return super().as_sql(compiler, connection, template="+%(expressions)s")


class Holds(Exists):
    """EXISTS, tested row by row along the walk. PostgreSQL would make it a join and read all there is for 50 rows.

    Its planner leaves alone an EXISTS with an OFFSET.
    """

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same with OFFSET 0."""
        return super().as_sql(compiler, connection, template="EXISTS(%(subquery)s OFFSET 0)", **context)


class _AnyOf(Func):
    """`id = ANY(ARRAY(…))`: PostgreSQL fetches the array first, where an IN it would join, and misjudge."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class _Array(Subquery):
    template = "ARRAY(%(subquery)s)"
    output_field = BigIntegerField()


class Listed(RawSQL):
    """Numbers that are at hand, as one parameter, however many they are."""

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__(numbers_sql(), [numbers_param(numbers)])


def is_one_of(numbers: Numbers | Listed | SlotOfNumbers, column: str = "pk") -> Q:
    """When a run's number, which stands in the column, is among those."""
    if connection.vendor == "postgresql":
        return Q(_AnyOf(F(column), _Array(numbers) if isinstance(numbers, QuerySet) else numbers))
    return Q(**{f"{column}__in": numbers})

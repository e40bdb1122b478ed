"""Comparisons of tags, properties, parameters and metrics, as conditions on the rows of their tables."""

import math
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, FloatField, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual

from runs.limits import INDEXED_LENGTH
from runs.models import Metric, Param, Property, Tag
from runs.query.conditions import Context
from runs.query.fields import Field, Source
from runs.query.nodes import PATTERNS, Compare, NotFinite, Op, Scalar
from runs.query.text_match import matches

TABLES: dict[Source, type[Model]] = {
    Source.TAG: Tag,
    Source.PROPERTY: Property,
    Source.PARAM: Param,
    Source.METRIC: Metric,
}
NEVER = Q(pk__in=[])
# The parts of a metric that have an index of their own.
INDEXED_PARTS = ("last", "min", "max")
FAR = 2.0**62
LOOKUPS: dict[Op, Any] = {
    Op.LT: LessThan,
    Op.LE: LessThanOrEqual,
    Op.GT: GreaterThan,
    Op.GE: GreaterThanOrEqual,
    Op.EQ: Exact,
}


def rows_of(field: Field, context: Context) -> QuerySet[Any]:
    """The rows of the field's key, in the experiment when all runs are of one."""
    rows: QuerySet[Any] = TABLES[field.source]._default_manager.all()
    # No name has the number 0; a plain `none()` would vanish from the SQL, and with it a key of an order.
    rows = rows.filter(name_id=context.name_id(field) or 0)
    return rows if context.experiment_id is None else rows.filter(experiment_id=context.experiment_id)


def value_condition(node: Compare) -> Q:
    """When a row of the field's key fulfils the comparison. A row that is not there fulfils none, `!=` neither.

    IS NULL is not answered here: it asks for runs without such a row.
    """
    field = node.field
    if node.op is Op.IS_NOT_NULL:
        return has_value(field)
    if node.op in (Op.NE, Op.NOT_IN):
        return has_value(field) & ~_any_equal(field, node.values)
    if node.op in (Op.EQ, Op.IN):
        return _any_equal(field, node.values)
    if node.op in PATTERNS:
        return _text_matches(node.op, str(node.value))
    return _ordered(field, node.op, node.values[0])


def has_value(field: Field) -> Q:
    """When a row says that its run has the field: the key of a tag, a point of a metric."""
    if field.source != Source.METRIC:
        return Q(pk__isnull=False)
    if field.part in ("last", "count"):
        return Q(count__gt=0)
    return Q(IsNull(number_of(field), False))


def number_of(field: Field) -> Any:
    """The expression of the field's number; null where it has none."""
    if field.source == Source.PARAM:
        return F("number")
    if field.part == "mean":
        return F("total") / NullIf(F("finite_count"), Value(0), output_field=FloatField())
    return F(field.part)


def whole(op: Op, value: float) -> tuple[Op, int] | None:
    """The same comparison for whole numbers, as =, <= or >=; None when none fulfils it."""
    value = min(max(value, -FAR), FAR)  # what no column holds need not reach the database
    match op:
        case Op.LT:
            return Op.LE, math.ceil(value) - 1
        case Op.LE:
            return Op.LE, math.floor(value)
        case Op.GT:
            return Op.GE, math.floor(value) + 1
        case Op.GE:
            return Op.GE, math.ceil(value)
    return (Op.EQ, int(value)) if value.is_integer() else None


def _any_equal(field: Field, values: tuple[Scalar, ...]) -> Q:
    return reduce(or_, (_equal(field, value) for value in values))


def _equal(field: Field, value: Scalar) -> Q:
    if isinstance(value, NotFinite):
        is_last = field.source == Source.METRIC and field.part == "last"
        return Q(last__isnull=True, last_text=str(value)) if is_last else NEVER
    if isinstance(value, float):
        return _compared(field, Op.EQ, value)
    return text_equals(str(value))


def _ordered(field: Field, op: Op, value: Scalar) -> Q:
    if isinstance(value, float):
        return _compared(field, op, value)
    below = value == NotFinite.INFINITY and op in (Op.LT, Op.LE)
    above = value == NotFinite.MINUS_INFINITY and op in (Op.GT, Op.GE)
    # Numbers that are not finite never match an order, so only these two hold, for every finite one.
    return Q(IsNull(number_of(field), False)) if below or above else NEVER


def _compared(field: Field, op: Op, value: float) -> Q:
    if field.part == "count":
        bound = whole(op, value)
        return Q(LOOKUPS[bound[0]](F("count"), bound[1]), count__gt=0) if bound else NEVER
    number = number_of(field)
    return Q(IsNull(number, False)) & Q(LOOKUPS[op](number, value))


def text_equals(text: str) -> Q:
    """When a value is exactly this text; its index holds the first 250 characters."""
    if len(text) < INDEXED_LENGTH:
        return Q(value=text)
    full = Q(full__isnull=True) if len(text) == INDEXED_LENGTH else Q(full=text)
    return Q(value=text[:INDEXED_LENGTH]) & full


def _text_matches(op: Op, pattern: str) -> Q:
    # A short value is tested in the index; only a cut one makes the database fetch the whole row.
    short = Q(full__isnull=True) & Q(matches(F("value"), op, pattern))
    return Q(value__isnull=False) & (short | Q(full__isnull=False) & Q(matches(F("full"), op, pattern)))


def whole_text() -> Any:
    """The expression of a value's whole text."""
    return Coalesce(F("full"), F("value"), output_field=TextField())

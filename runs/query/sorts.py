"""The order of a list, as one or more walks ("legs") taken one after the other, each of which an index can serve.

Runs that lack the value come in a leg of their own, newest first, after all that have it: so the first leg can be
driven by the value's own index, which a left join cannot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from runs.models import Run
from runs.query.columns import Sort
from runs.query.expressions import Holds
from runs.query.fields import Field, Source
from runs.query.literals import MLFLOW_STATUSES
from runs.query.planner import Plan
from runs.query.value_terms import number_of, rows_of

Key = int | float | str | datetime | None

_COLUMNS = {
    "id": "public_id",
    "name": "display_name",
    "created": "created_at",
    "started": "started_at",
    "ended": "ended_at",
    "heartbeat": "heartbeat_at",
    "duration": "duration_s",
    "created_by": "created_by__username",
    "type": "run_type",
    "experiment": "experiment__name",
    "parent": "parent__public_id",
    "children": "child_count",
}
_NULLABLE = {"started", "ended", "heartbeat", "duration", "created_by", "parent"}


@dataclass(frozen=True)
class Part:
    """One key of a leg: an expression, its direction, and whether some rows have none (they come last)."""

    expression: Any
    is_descending: bool
    is_nullable: bool = False


@dataclass(frozen=True)
class Leg:
    """A walk: rows in an order. The last part is the run's number, so that no two rows are equal."""

    rows: QuerySet[Any]
    parts: tuple[Part, ...]

    def page(self, after: Sequence[Key] | None, limit: int) -> QuerySet[Any]:
        """Up to `limit` rows behind the row with these keys, each as its keys; the last is the run's number."""
        names = [f"k{place}" for place in range(len(self.parts))]
        rows = self.rows.annotate(**{n: part.expression for n, part in zip(names, self.parts, strict=True)})
        if after is not None:
            rows = rows.filter(_behind(names, self.parts, after))
        order = [_order(name, part) for name, part in zip(names, self.parts, strict=True)]
        page: QuerySet[Any] = rows.order_by(*order).values_list(*names)[:limit]
        return page


def legs(plan: Plan, sorts: Sequence[Sort]) -> Iterator[Leg]:
    """The walks of this order, the first first. Equal rows stand in the direction of a sole key, else newest first."""
    first, rest = sorts[0], sorts[1:]
    down = first.is_descending or bool(rest)
    runs = plan.runs()
    if _is_value(first):
        yield from _by_value(plan, first, rest, down=down)
        return
    column, key = _column(first), _key(plan, first)
    if first.told or (plan.is_few and rest and first.column.key in _NULLABLE):
        # Few are put in order as well at once, those without the value behind the others. What no index has must be.
        keys = (Part(key, first.is_descending, True), *_parts(plan, rest, "pk"), Part(F("id"), True))
        yield Leg(runs, keys)
        return
    valued = runs.filter(**{f"{column}__isnull": False}) if first.column.key in _NULLABLE else runs
    yield Leg(valued, (Part(key, first.is_descending), *_parts(plan, rest, "pk"), Part(F("id"), down)))
    if first.column.key in _NULLABLE:
        yield _without(plan, runs.filter(**{f"{column}__isnull": True}), rest)


def _by_value(plan: Plan, first: Sort, rest: Sequence[Sort], *, down: bool) -> Iterator[Leg]:
    """Each stage of the values (of a parameter, numbers, then texts), then the runs without."""
    field = _field(first)
    rows, any_value = rows_of(field, plan.context), Q(pk__in=[])
    for value, present in _stages(first):
        any_value |= present
        valued = rows.filter(present)
        own = valued.filter(run_id=OuterRef("pk"))
        if plan.driver is None:  # the value's index is walked, alone: SQLite would turn a join round
            tested = valued.filter(Holds(plan.runs().filter(pk=OuterRef("run_id"))))
            parts = (Part(value, first.is_descending), *_parts(plan, rest, "run_id"), Part(F("run_id"), down))
            yield Leg(tested, parts)
        else:
            key = Part(Subquery(own.annotate(key=value).values("key")), first.is_descending)
            yield Leg(plan.runs().filter(Holds(own)), (key, *_parts(plan, rest, "pk"), Part(F("id"), down)))
    without = plan.runs().exclude(Holds(rows.filter(any_value, run_id=OuterRef("pk"))))
    yield _without(plan, without, rest)


def _without(plan: Plan, runs: QuerySet[Any], rest: Sequence[Sort]) -> Leg:
    """The runs that lack the first key: by the other keys, then newest first."""
    keys = _parts(plan, rest, "pk") or [Part(F("created_at"), True)]
    return Leg(runs, (*keys, Part(F("id"), True)))


def _parts(plan: Plan, sorts: Sequence[Sort], run: str) -> list[Part]:
    """Further keys, as expressions on rows whose column `run` is the run's number."""
    parts: list[Part] = []
    for sort in sorts:
        if not _is_value(sort):
            is_nullable = sort.column.key in _NULLABLE
            key = _key(plan, sort)
            one = Run.objects.filter(pk=OuterRef(run)).annotate(key=key).values("key")
            parts.append(Part(key if run == "pk" else Subquery(one), sort.is_descending, is_nullable))
            continue
        for value, present in _stages(sort):
            own = rows_of(_field(sort), plan.context).filter(present, run_id=OuterRef(run))
            parts.append(Part(Subquery(own.annotate(key=value).values("key")), sort.is_descending, True))
    return parts


def _stages(sort: Sort) -> list[tuple[Any, Q]]:
    """What to sort by and when a row has it."""
    field = _field(sort)
    if field.source == Source.METRIC:
        numbers = (number_of(field), Q(IsNull(number_of(field), False)))
        if not sort.as_mlflow:
            return [numbers]
        low, high, nan = (_spelled(word) for word in ("-Infinity", "Infinity", "NaN"))
        return [high, numbers, low, nan] if sort.is_descending else [low, numbers, high, nan]
    texts = Q(value__isnull=False)
    if field.source == Source.PARAM and not sort.as_mlflow:
        return [(F("number"), Q(number__isnull=False)), (F("value"), texts & Q(number__isnull=True))]
    return [(F("value"), texts)]


def _spelled(word: str) -> tuple[Any, Q]:
    """Those whose last value is this one; among themselves they are equal."""
    return Value(0, output_field=IntegerField()), Q(last__isnull=True, last_text=word)


def _is_value(sort: Sort) -> bool:
    return sort.column.field is not None and sort.column.field.source != Source.ATTRIBUTE


def _field(sort: Sort) -> Field:
    if sort.column.field is None:
        raise TypeError(f"{sort.column.key} is no single value")
    return sort.column.field


def _column(sort: Sort) -> str:
    return _COLUMNS.get(sort.column.key, sort.column.key)


def _key(plan: Plan, sort: Sort) -> Any:
    """The expression of an attribute to sort by."""
    if sort.told is not None:
        rows = rows_of(sort.told, plan.context).filter(run_id=OuterRef("pk"))
        return Coalesce(Subquery(rows.values("value")), F(_column(sort)), output_field=TextField())
    if not (sort.as_mlflow and sort.column.key == "status"):
        return F(_column(sort))
    words = [When(status__in=sorted(covered), then=Value(word)) for word, covered in MLFLOW_STATUSES.items()]
    return Case(*words, output_field=TextField())


def _order(name: str, part: Part) -> Any:
    nulls_last = True if part.is_nullable else None
    return F(name).desc(nulls_last=nulls_last) if part.is_descending else F(name).asc(nulls_last=nulls_last)


def _behind(names: list[str], parts: Sequence[Part], keys: Sequence[Key]) -> Q:
    """The rows behind the one with these keys: equal in some first parts, behind in the next."""
    found, equal = Q(pk__in=[]), Q()
    for name, part, key in zip(names, parts, keys, strict=True):
        if key is not None:
            further = Q(**{f"{name}__{'lt' if part.is_descending else 'gt'}": key})
            found |= equal & (further | Q(**{f"{name}__isnull": True}) if part.is_nullable else further)
        equal &= Q(**{f"{name}__isnull": True}) if key is None else Q(**{name: key})
    first, key = parts[0], keys[0]
    if first.is_nullable or key is None:
        return found
    # The same bound again, alone: with it the index is entered at the right place, not read from its beginning.
    return Q(**{f"{names[0]}__{'lte' if first.is_descending else 'gte'}": key}) & found

"""The order of a list, as one or more walks ("legs") taken one after the other, each of which an index can serve.

Runs that lack the value come in a leg of their own, newest first, after all that have it: so the first leg can be
driven by the value's own index, which a left join cannot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from runs.query.columns import Sort
from runs.query.fields import Field, Source
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

    def page(self, after: Sequence[Key] | None, limit: int) -> list[tuple[Key, ...]]:
        """Up to `limit` rows behind the row with these keys, each as its keys; the last is the run's number."""
        names = [f"k{place}" for place in range(len(self.parts))]
        rows = self.rows.annotate(**{n: part.expression for n, part in zip(names, self.parts, strict=True)})
        if after is not None:
            rows = rows.filter(_behind(names, self.parts, after))
        order = [_order(name, part) for name, part in zip(names, self.parts, strict=True)]
        return list(rows.order_by(*order).values_list(*names)[:limit])


def legs(plan: Plan, sorts: Sequence[Sort]) -> Iterator[Leg]:
    """The walks of this order, the first first."""
    if len(sorts) > 1:
        yield _by_several(plan, sorts)
        return
    sort = sorts[0]
    if sort.column.field is not None and sort.column.field.source != Source.ATTRIBUTE:
        yield from _by_value(plan, sort.column.field, descending=sort.is_descending)
        return
    column = _COLUMNS.get(sort.column.key, sort.column.key)
    runs = plan.runs()
    if sort.column.key in _NULLABLE:
        yield _leg(runs.filter(**{f"{column}__isnull": False}), F(column), descending=sort.is_descending)
        yield _newest(runs.filter(**{f"{column}__isnull": True}))
    else:
        yield _leg(runs, F(column), descending=sort.is_descending)


def _newest(runs: QuerySet[Any]) -> Leg:
    return _leg(runs, F("created_at"), descending=True)


def _leg(rows: QuerySet[Any], expression: Any, *, descending: bool, number: str = "id") -> Leg:
    return Leg(rows, (Part(expression, descending), Part(F(number), descending)))


def _by_value(plan: Plan, field: Field, *, descending: bool) -> Iterator[Leg]:
    """Numbers, then texts (of a parameter, either), then the runs without."""
    rows = rows_of(field, plan.context)
    has_any = []
    for value, present in _stages(field):
        valued = rows.filter(present)
        has_any.append(present)
        if plan.driver is None:
            tested = plan.runs().filter(pk=OuterRef("run_id"))
            yield _leg(valued.filter(Exists(tested)), value, descending=descending, number="run_id")
        else:
            own = valued.filter(run_id=OuterRef("pk")).annotate(sorted_by=value).values("sorted_by")
            chosen = plan.runs().filter(Exists(valued.filter(run_id=OuterRef("pk"))))
            yield _leg(chosen, Subquery(own), descending=descending)
    present = has_any[0] if len(has_any) == 1 else has_any[0] | has_any[1]
    yield _newest(plan.runs().exclude(Exists(rows.filter(present, run_id=OuterRef("pk")))))


def _stages(field: Field) -> list[tuple[Any, Q]]:
    """What to sort by and when a row has it."""
    text = (F("value"), Q(value__isnull=False))
    if field.source == Source.METRIC:
        return [(number_of(field), Q(IsNull(number_of(field), False)))]
    if field.source == Source.PARAM:
        return [
            (F("number"), Q(number__isnull=False)),
            (F("value"), Q(number__isnull=True, value__isnull=False)),
        ]
    return [text]


def _by_several(plan: Plan, sorts: Sequence[Sort]) -> Leg:
    parts: list[Part] = []
    for sort in sorts:
        field = sort.column.field
        if field is None or field.source == Source.ATTRIBUTE:
            column = _COLUMNS.get(sort.column.key, sort.column.key)
            parts.append(Part(F(column), sort.is_descending, sort.column.key in _NULLABLE))
            continue
        for value, present in _stages(field):
            own = rows_of(field, plan.context).filter(present, run_id=OuterRef("pk"))
            parts.append(Part(Subquery(own.annotate(v=value).values("v")), sort.is_descending, True))
    return Leg(plan.runs(), (*parts, Part(F("id"), True)))


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

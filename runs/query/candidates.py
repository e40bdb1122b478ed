"""Which part of a filter names few runs: an indexed query of their numbers, and how many they are, up to a cap."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.lookups import Exact, In

from runs.models import Run, Star, User
from runs.models.tree import numbers_below
from runs.query.conditions import Context
from runs.query.expressions import Numbers, Unindexed
from runs.query.fields import Source
from runs.query.nodes import PATTERNS, And, Compare, Node, Not, Op, Or
from runs.query.value_terms import INDEXED_PARTS, rows_of, value_condition
from runs.query.where import statuses

# A statement that finds numbers of runs, and its parameters.
Sql = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Term:
    """A part that must hold: as a condition on runs, and, where an index serves, as a query of their numbers.

    `scan` is given instead where counting costs as much as fetching. With `is_exact` the numbers are those of all
    runs that fulfil it and no others, so that it need not be tested on them. `key` tells it from other terms.
    """

    key: Hashable
    where: Q
    numbers: Numbers | None = None
    scan: Sql | None = None
    is_exact: bool = False


def term_of(node: Node, where: Q, context: Context) -> Term:
    """The node as a term."""
    numbers = candidates(node, context)
    if numbers is None or not _is_scan(node):
        is_exact = all(isinstance(item, Compare) for item in (node.items if isinstance(node, Or) else [node]))
        return Term(node, where, numbers, is_exact=is_exact)
    return Term(node, where, scan=compiled(numbers), is_exact=True)


def candidates(node: Node, context: Context) -> Numbers | None:
    """The numbers of all runs that may fulfil the node, from an index; None where no index serves.

    They may hold runs that do not (of an `and`, those of one part), so the node itself is still to be tested.
    """
    if isinstance(node, Or):
        parts = [candidates(item, context) for item in node.items]
        found = [part for part in parts if part is not None]
        return found[0].union(*found[1:], all=True) if len(found) == len(parts) else None
    if isinstance(node, And):
        options = (candidates(item, context) for item in node.items)
        return next((option for option in options if option is not None), None)
    if isinstance(node, Not) or node.op is Op.IS_NULL or node.field.source == Source.DATASET:
        return None
    if node.field.source == Source.ATTRIBUTE:
        return _of_attribute(node, context)
    return rows_of(node.field, context).filter(value_condition(node)).values("run_id")


def compiled(query: Numbers) -> Sql | None:
    """The query as SQL; None where Django sees that nothing can match, such as `metrics.x < NaN`."""
    try:
        sql, params = query.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, tuple(params)


def capped_count(query: Numbers, cap: int) -> Sql:
    """An expression: how many rows the query finds, at most cap + 1."""
    found = compiled(query[: cap + 1])
    if found is None:
        return "0", ()
    return f"(SELECT COUNT(*) FROM ({found[0]}) AS few)", found[1]  # noqa: S608 (compiled by Django)


def capped_counts(queries: list[Numbers], cap: int) -> list[int]:
    """How many rows each query finds, at most cap + 1: one query for all of them."""
    if not queries:
        return []
    counts = [capped_count(query, cap) for query in queries]
    with connection.cursor() as cursor:
        sql = f"SELECT {', '.join(sql for sql, _ in counts)}"
        cursor.execute(sql, [value for _, values in counts for value in values])
        return list(cursor.fetchone())


def _of_attribute(node: Compare, context: Context) -> Numbers | None:
    equal = node.op in (Op.EQ, Op.IN)
    words = [str(value) for value in node.values]
    here = _of_workspace(context)
    match node.field.key:
        case "id" if equal:
            return here.filter(public_id__in=words).values("id")
        case "parent" if equal:
            return here.filter(parent__in=here.filter(public_id__in=words)).values("id")
        case "ancestor" if equal:
            return here.filter(In(F("pk"), numbers_below(here.filter(public_id__in=words)))).values("id")
        case "created_by" if equal:
            return here.filter(created_by__in=User.objects.filter(username__in=words)).values("id")
        case "status" if equal or node.op in PATTERNS:
            return of_statuses(sorted(statuses(node)), context)
        case "starred" if equal and node.value is True and context.viewer:
            return Star.objects.filter(user=context.viewer, run__isnull=False).values("run_id")
    return None


def of_statuses(words: list[str], context: Context) -> Numbers:
    """The numbers of the workspace's runs in these statuses."""
    return Run.objects.filter(workspace=context.workspace, status__in=words).values("id")


def of_viewer(context: Context) -> Numbers:
    """The numbers of the runs that the viewer submitted here."""
    return _of_workspace(context).filter(created_by=context.viewer).values("id")


def _of_workspace(context: Context) -> QuerySet[Run]:
    """The workspace's runs, without its index: the caller's condition has a better one."""
    return Run.objects.filter(Exact(Unindexed(F("workspace_id")), context.workspace.pk))


def _is_scan(node: Node) -> bool:
    """Whether each row of the key must be looked at: a pattern, or a part of a metric that has no index."""
    if not isinstance(node, Compare) or node.field.source == Source.ATTRIBUTE:
        return False
    return node.op in PATTERNS or node.field.part not in INDEXED_PARTS

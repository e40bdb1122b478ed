"""Which part of a filter names few runs: an indexed query of their numbers, and a capped count of each."""

import time
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Sum

from runs.models import Experiment, Run, Star, User
from runs.query.conditions import Context
from runs.query.expressions import Numbers
from runs.query.fields import Source
from runs.query.nodes import PATTERNS, And, Compare, Node, Not, Op, Or
from runs.query.value_terms import rows_of, value_condition
from runs.query.where import statuses

LEAST_CAP = 5000
_SIZE_S = 60.0
_sizes: dict[int, tuple[float, int]] = {}


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


def _of_attribute(node: Compare, context: Context) -> Numbers | None:
    runs = Run.objects.filter(workspace=context.workspace)
    equal = node.op in (Op.EQ, Op.IN)
    words = [str(value) for value in node.values]
    match node.field.key:
        case "id" if equal:
            return runs.filter(public_id__in=words).values("id")
        case "parent" if equal:
            return runs.filter(parent__in=runs.filter(public_id__in=words)).values("id")
        case "created_by" if equal:
            return runs.filter(created_by__in=User.objects.filter(username__in=words)).values("id")
        case "status" if equal or node.op in PATTERNS:
            return runs.filter(status__in=sorted(statuses(node))).values("id")
        case "starred" if equal and node.value is True and context.viewer:
            return Star.objects.filter(user=context.viewer, run__isnull=False).values("run_id")
    return None


def capped_counts(queries: list[Numbers], cap: int) -> list[int]:
    """How many rows each query finds, at most cap + 1: one query for all of them."""
    selects: list[str] = []
    params: list[Any] = []
    for query in queries:
        try:
            sql, values = query[: cap + 1].query.sql_with_params()
        except EmptyResultSet:  # Django sees that nothing can match, such as a key that no run has
            selects.append("0")
            continue
        selects.append(f"(SELECT COUNT(*) FROM ({sql}) AS few)")  # noqa: S608 (each part is compiled by Django)
        params += values
    if not params:
        return [0] * len(queries)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(selects)}", params)
        return list(cursor.fetchone())


def cap_of(context: Context) -> int:
    """How many runs are few: they are fetched and sorted; of more, the newest are walked. Grows with the workspace."""
    now = time.monotonic()
    known = _sizes.get(context.workspace.pk)
    if known is None or now - known[0] > _SIZE_S:
        total = Experiment.objects.filter(workspace=context.workspace).aggregate(n=Sum("last_run_number"))[
            "n"
        ]
        known = _sizes[context.workspace.pk] = (now, total or 0)
    return max(LEAST_CAP, known[1] // 50)

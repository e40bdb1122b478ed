"""The tree of a filter as a condition on runs. Every condition is true or false, never null, so `not` is exact."""

from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Value
from django.db.models.fields import TextField
from django.db.models.functions import Cast, Concat
from django.db.models.lookups import In

from runs.lifecycle import Status
from runs.models import Experiment, Run, RunInput, Star, User
from runs.models.tree import numbers_below
from runs.query.conditions import Context
from runs.query.expressions import Holds, Unindexed
from runs.query.fields import Kind, Source
from runs.query.literals import MLFLOW_STATUSES, statuses_of
from runs.query.moments import Moment, Span
from runs.query.nodes import PATTERNS, And, Compare, Node, Not, Op
from runs.query.text_match import matches, matches_in_python
from runs.query.value_terms import LOOKUPS, NEVER, rows_of, value_condition, whole

_TIMES = {"created": "created_at", "started": "started_at", "ended": "ended_at", "heartbeat": "heartbeat_at"}
_DATASETS = {"name": "dataset__name", "digest": "dataset__digest", "context": "context"}
_TEXTS = {
    "id": "public_id",
    "name": "display_name",
    "target": "target",
    "description": "description",
    "type": "run_type",
}


def condition(node: Node, context: Context) -> Q:
    """When a run fulfils the node."""
    return joined(node, lambda compare: _comparison(compare, context))


def joined(node: Node, of_one: Callable[[Compare], Q]) -> Q:
    """When something fulfils the node, where `of_one` says when it fulfils one comparison."""
    if isinstance(node, Compare):
        return of_one(node)
    if isinstance(node, Not):
        return ~joined(node.item, of_one)
    parts = [joined(item, of_one) for item in node.items]
    return reduce(and_ if isinstance(node, And) else or_, parts)


def _comparison(node: Compare, context: Context) -> Q:
    if node.field.source == Source.ATTRIBUTE:
        return _attribute(node, context)
    if node.field.source == Source.DATASET:
        return _dataset(node)
    is_missing = node.op is Op.IS_NULL
    positive = Compare(node.field, Op.IS_NOT_NULL) if is_missing else node
    rows = rows_of(node.field, context).filter(value_condition(positive), run_id=OuterRef("pk"))
    return ~Q(Holds(rows)) if is_missing else Q(Holds(rows))


def _dataset(node: Compare) -> Q:
    """When one of the datasets that the run read is so; it may have read several, or none."""
    column = _DATASETS[node.field.key]
    rows = RunInput.objects.filter(run_id=OuterRef("pk")).exclude(**{column: ""})
    if node.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return ~Q(Holds(rows)) if node.op is Op.IS_NULL else Q(Holds(rows))
    if node.op in (Op.NE, Op.NOT_IN):
        return Q(Holds(rows.exclude(**{f"{column}__in": [str(value) for value in node.values]})))
    return Q(Holds(rows.filter(_text_of(column, node))))


def _attribute(node: Compare, context: Context) -> Q:
    present = _present(node.field.key)
    if node.op is Op.IS_NULL:
        return ~_is_flag_or_present(node, context, present)
    if node.op is Op.IS_NOT_NULL:
        return _is_flag_or_present(node, context, present)
    if node.op in (Op.NE, Op.NOT_IN):
        opposite = Compare(node.field, Op.EQ if node.op is Op.NE else Op.IN, node.value)
        return _present_to_differ(node.field.key, present) & ~_attribute(opposite, context)
    match node.field.kind:
        case Kind.STATUS:
            return _status(node)
        case Kind.NUMBER:
            return _number(node)
        case Kind.TIME:
            return present & during(_TIMES[node.field.key], node, context)
        case Kind.DURATION:
            return _duration(node, context)
        case Kind.FLAG:
            flag = _flag(node.field.key, context)
            return flag if node.value else ~flag
    return _text(node, context)


def _present(key: str) -> Q:
    """When the run has the attribute at all."""
    if key == "ancestor":
        return Q(parent__isnull=False)
    nullable = {"created_by", "parent", "started", "ended", "heartbeat"}
    if key == "duration":
        return Q(started_at__isnull=False)
    if key in nullable:
        return Q(**{f"{_TIMES.get(key, key)}__isnull": False})
    return ~Q(**{_TEXTS[key]: ""}) if key in ("target", "description", "type") else ~NEVER


def _present_to_differ(key: str, present: Q) -> Q:
    """`!=` leaves out runs without the value, but an empty text is one."""
    return ~NEVER if key in ("target", "description", "type") else present


def _is_flag_or_present(node: Compare, context: Context, present: Q) -> Q:
    return _flag(node.field.key, context) if node.field.kind == Kind.FLAG else present


def _flag(key: str, context: Context) -> Q:
    if key == "archived":
        return Q(archived_at__isnull=False)
    return (
        Q(Holds(Star.objects.filter(user=context.viewer, run_id=OuterRef("pk")))) if context.viewer else NEVER
    )


def _status(node: Compare) -> Q:
    covered = sorted(statuses(node))
    if len(covered) == 1:  # its index is in the order of lists
        return Q(status=covered[0])
    return Q(In(Unindexed(F("status")), covered)) if covered else NEVER


def statuses(node: Compare) -> set[Status]:
    """The statuses that a comparison by =, IN or a pattern covers."""
    if node.op not in PATTERNS:
        return {status for word in node.values for status in statuses_of(str(word)) or ()}
    words: dict[str, frozenset[Status]] = {status.value: frozenset({status}) for status in Status}
    words |= MLFLOW_STATUSES
    pattern = str(node.value)
    found = [covered for word, covered in words.items() if matches_in_python(node.op, pattern, word)]
    return set().union(*found)


def _number(node: Compare) -> Q:
    bounds = [whole(Op.EQ if node.op is Op.IN else node.op, float(str(value))) for value in node.values]
    return reduce(or_, (Q(LOOKUPS[bound[0]](F("number"), bound[1])) if bound else NEVER for bound in bounds))


def during(column: str, node: Compare, context: Context) -> Q:
    """When the time in the column is before, in, not in or after the one that is meant."""
    moment = node.values[0]
    if not isinstance(moment, Moment):
        raise TypeError(f"{node.field} is compared with {moment!r}, which is no time")
    start, after = moment.interval(context.now, context.zone)
    match node.op:
        case Op.LT:
            return Q(**{f"{column}__lt": start})
        case Op.LE:
            return Q(**{f"{column}__lt": after})
        case Op.GT:
            return Q(**{f"{column}__gte": after})
        case Op.GE:
            return Q(**{f"{column}__gte": start})
        case Op.NE:
            return ~during(column, Compare(node.field, Op.EQ, node.value), context)
    return Q(**{f"{column}__gte": start, f"{column}__lt": after})


def _duration(node: Compare, context: Context) -> Q:
    """Of an ended run its duration; of one that goes on, the time since its start."""
    span = node.values[0]
    if not isinstance(span, Span):
        raise TypeError(f"{node.field} is compared with {span!r}, which is no duration")
    ended = Q(duration_s__isnull=False) & Q(LOOKUPS[node.op](F("duration_s"), span.seconds))
    running = Q(duration_s__isnull=True, started_at__isnull=False, ended_at__isnull=True)

    border = context.now - timedelta(seconds=span.seconds)
    turned = {Op.LT: Op.GT, Op.LE: Op.GE, Op.GT: Op.LT, Op.GE: Op.LE, Op.EQ: Op.EQ}[node.op]
    return ended | (running & Q(LOOKUPS[turned](F("started_at"), border)))


def _text(node: Compare, context: Context) -> Q:
    key = node.field.key
    if key in _TEXTS:
        return _text_of(_TEXTS[key], node)
    if key == "created_by":
        return _is_in("created_by_id", User.objects.filter(_text_of("username", node)))
    if key == "parent":
        parents = Run.objects.filter(_text_of("public_id", node), workspace=context.workspace)
        return _is_in("parent_id", parents)
    if key == "ancestor":
        above = Run.objects.filter(_text_of("public_id", node), workspace=context.workspace)
        return Q(parent__isnull=False) & Q(In(Unindexed(F("id")), numbers_below(above)))
    if key == "experiment":
        experiments = Experiment.objects.filter(_text_of("name", node), workspace=context.workspace)
        return _is_in("experiment_id", experiments)
    uri = Concat(
        Value("mlflow-artifacts:/"),
        Cast("experiment__number", TextField()),
        Value("/"),
        "public_id",
        Value("/artifacts"),
        output_field=TextField(),
    )
    return _text_matches(uri, node)


def _is_in(column: str, rows: QuerySet[Any]) -> Q:
    return Q(**{f"{column}__isnull": False}) & Q(In(Unindexed(F(column)), rows.values("pk")))


def _text_of(column: str, node: Compare) -> Q:
    if node.op in PATTERNS:
        return Q(matches(F(column), node.op, str(node.value)))
    return Q(**{f"{column}__in": [str(value) for value in node.values]})


def _text_matches(text: Any, node: Compare) -> Q:
    if node.op in PATTERNS:
        return Q(matches(text, node.op, str(node.value)))
    return reduce(or_, (Q(LOOKUPS[Op.EQ](text, str(value))) for value in node.values))

"""What a filter means, computed the slow and plain way on the values of one run."""

import math
import re
from typing import Any

from runs.limits import number_of
from runs.models.metric import spelled
from runs.query.fields import Source
from runs.query.nodes import And, Compare, Node, Not, NotFinite, Op
from tests.query.sample import NOW, Sample, summary


def holds(node: Node | None, sample: Sample) -> bool:
    """Whether the run fulfils the filter, by its definition."""
    if node is None:
        return True
    if isinstance(node, Not):
        return not holds(node.item, sample)
    if not isinstance(node, Compare):
        return (all if isinstance(node, And) else any)(holds(item, sample) for item in node.items)
    value = value_of(node, sample)
    if node.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        empty = value is False or (value == "" and node.field.source == Source.ATTRIBUTE)
        return (value is _MISSING or empty) == (node.op is Op.IS_NULL)
    if value is _MISSING:
        return False
    if node.op in (Op.NE, Op.NOT_IN):
        return not any(_equals(node, value, other) for other in node.values)
    if node.op in (Op.EQ, Op.IN):
        return any(_equals(node, value, other) for other in node.values)
    if node.op in (Op.LIKE, Op.ILIKE, Op.CONTAINS):
        words = [value, MLFLOW_WORDS[value]] if node.field.key == "status" else [value]
        return value is not None and any(_matches(node.op, str(node.value), word) for word in words)
    return _ordered(node, value)


_MISSING = object()


def value_of(node: Compare, sample: Sample) -> Any:
    """The value that the comparison looks at."""
    key, part = node.field.key, node.field.part
    if node.field.source == Source.METRIC:
        if key not in sample.metrics:
            return _MISSING
        values = sample.metrics[key]
        if part == "last":
            return values[-1]
        numbers = summary(values)
        mean = numbers["total"] / numbers["finite_count"] if numbers["finite_count"] else None
        found = mean if part == "mean" else numbers[part]
        return _MISSING if found is None else float(found)
    if node.field.source != Source.ATTRIBUTE:
        own: dict[str, Any] = getattr(sample, node.field.source)
        return own.get(key, _MISSING)
    found = attribute(key, sample)
    return _MISSING if found is None else found


def attribute(key: str, sample: Sample) -> Any:
    run = sample.run
    return {
        "id": run.public_id,
        "name": run.display_name,
        "number": float(run.number),
        "status": run.status,
        "experiment": run.experiment.name,
        "target": run.target,
        "created_by": run.created_by.username if run.created_by else None,
        "created": run.created_at,
        "started": run.started_at,
        "ended": run.ended_at,
        "duration": run.seconds(NOW),
        "description": run.description,
        "type": run.run_type,
        "parent": run.parent.public_id if run.parent else None,
        # The sample's trees are two floors high.
        "ancestor": run.parent.public_id if run.parent else None,
        "starred": sample.starred,
        "archived": run.archived_at is not None,
    }[key]


MLFLOW_WORDS = {
    "Queued": "SCHEDULED",
    "Running": "RUNNING",
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
}


def _equals(node: Compare, value: Any, other: Any) -> bool:
    if node.field.key == "status" and other.isupper():
        return MLFLOW_WORDS[value] == str(other)
    if isinstance(other, NotFinite):
        return isinstance(value, float) and not math.isfinite(value) and spelled(value) == other
    if isinstance(other, float) and node.field.source == Source.PARAM:
        return number_of(value) == other
    if node.field.key in ("created", "started", "ended"):
        start, after = other.interval(NOW)
        return bool(start <= value < after)
    if node.field.key == "duration":
        return bool(value == other.seconds)
    return bool(value == other)


def _matches(op: Op, pattern: str, value: str) -> bool:
    if op is Op.CONTAINS:
        return pattern.lower() in value.lower()
    regex = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern)
    return bool(re.fullmatch(regex, value, re.DOTALL | (re.IGNORECASE if op is Op.ILIKE else 0)))


def _ordered(node: Compare, value: Any) -> bool:
    other: Any = node.values[0]
    if node.field.key in ("created", "started", "ended"):
        start, after = other.interval(NOW)
        return bool(
            {Op.LT: value < start, Op.LE: value < after, Op.GT: value >= after, Op.GE: value >= start}[
                node.op
            ]
        )
    if node.field.key == "duration":
        other = other.seconds
    if node.field.source == Source.PARAM:
        value = number_of(value)
    if value is None or not math.isfinite(value):
        return False
    other = float(other)
    return bool(
        {Op.LT: value < other, Op.LE: value <= other, Op.GT: value > other, Op.GE: value >= other}[node.op]
    )

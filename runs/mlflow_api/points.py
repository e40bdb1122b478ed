"""The points of a request as it was sent, by metric and as columns."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from django.http import HttpRequest

from runs.actions.tracking import Points
from runs.mlflow_api.base import body_of
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.fields import Fields
from runs.models.metric import Floats, Integers

# Step, time and value.
Point = tuple[int, int, float]
# Points with the fields that they were read from, for what else those say.
Closer = list[tuple[Fields, str, Point]]


class _Metric(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    key: str
    value: float | Literal["NaN", "Infinity", "-Infinity"]
    timestamp: int
    step: int = 0


class _Batch(msgspec.Struct):
    metrics: list[_Metric]
    run_id: Any = None
    run_uuid: Any = None
    runId: Any = None
    runUuid: Any = None
    params: Any = None
    tags: Any = None


_BATCHES = msgspec.json.Decoder(_Batch)


class Columns(NamedTuple):
    """Points in the order they were sent: arrays of shape (n,)."""

    keys: list[str]
    steps: Integers
    times: Integers
    values: Floats


def read_usual(request: HttpRequest) -> tuple[Fields, Columns] | None:
    """A batch whose points are all written as clients nearly always do, and its other fields; else None.

    A batch has a thousand points: reading each of their fields by itself takes far longer than all the rest.
    """
    try:
        sent = _BATCHES.decode(body_of(request))
        metrics = sent.metrics
        columns = _columns(
            [metric.key for metric in metrics],
            [metric.step for metric in metrics],
            [metric.timestamp for metric in metrics],
            [metric.value for metric in metrics],
        )
    except (msgspec.MsgspecError, OverflowError, RecursionError):
        return None
    if (columns.times < 0).any():
        return None
    others = {name: getattr(sent, name) for name in sent.__struct_fields__[1:]}
    return Fields({name: value for name, value in others.items() if value is not None}), columns


def points_of(columns: Columns) -> list[Points]:
    """The points by metric, each in the order they were sent."""
    keys, steps, times, values = columns
    if not keys:
        return []
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    of_point = np.array(list(map(numbers.__getitem__, keys)))
    order = np.argsort(of_point, kind="stable")
    ends = np.cumsum(np.bincount(of_point)).tolist()
    steps, times, values = steps[order], times[order], values[order]
    found, start = [], 0
    for key, end in zip(numbers, ends, strict=True):
        Fields({"key": key}, f"metrics[{order[start]}].").key("Metric name", "name")
        found.append(Points(key, values[start:end], steps[start:end], times[start:end]))
        start = end
    return found


def look_closer(sent: Sequence[dict[str, Any]]) -> tuple[Columns, Closer]:
    """Points one by one, with the fields of each. Raises Wrong naming the first that is."""
    closer: Closer = []
    for at, each in enumerate(sent):
        metric = Fields(each, f"metrics[{at}].")
        key = metric.key("Metric name", "name")
        closer.append((metric, key, point_of(metric, key)))
    points = [point for _, _, point in closer]
    columns = _columns(
        [key for _, key, _ in closer],
        [step for step, _, _ in points],
        [time for _, time, _ in points],
        [value for _, _, value in points],
    )
    return columns, closer


def one_point(key: str, point: Point) -> Points:
    """A point that was sent alone."""
    step, time, value = point
    return points_of(_columns([key], [step], [time], [value]))[0]


def point_of(metric: Fields, key: str) -> Point:
    """The point of these fields."""
    value, time = metric.number("value"), metric.integer("timestamp")
    if time < 0:
        raise Wrong(
            f"Invalid value {time} for parameter '{metric.place}timestamp' supplied: metric '{key}' (value={value})."
            " Timestamp must be a nonnegative long (64-bit integer) "
        )
    return metric.integer("step", 0), time, value


def _columns(
    keys: list[str], steps: Sequence[int], times: Sequence[int], values: Sequence[float | str]
) -> Columns:
    """The columns; numpy reads NaN and infinities that are spelled. Raises OverflowError over 64 bits."""
    return Columns(
        keys,
        np.array(steps, dtype=np.int64),
        np.array(times, dtype=np.int64),
        np.array(values, dtype=np.float64),
    )

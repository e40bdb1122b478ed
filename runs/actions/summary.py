"""Sums up points into the row of their metric."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from runs.models import Metric
from runs.models.metric import Floats, Integers, spelled
from runs.outline import extended


class Sum(NamedTuple):
    """What new numbers of a series come to: how many are finite, their bounds and total, and how the steps go.

    Without a finite number `low` is infinity and `high` its opposite. `is_forward`: each step is above the one before.
    """

    finite: int
    low: float
    high: float
    total: float
    first_step: int
    last_step: int
    is_forward: bool


def sums_of(series: Sequence[tuple[Integers, Floats]]) -> list[Sum]:
    """The sum of each of these (steps, values), arrays of shape (n,) with n > 0.

    All at once: a batch has few points of each of its metrics, and going through one takes as long as through all.
    """
    if not series:
        return []
    steps = np.concatenate([steps for steps, _ in series])
    values = np.concatenate([values for _, values in series])
    starts = np.cumsum([0, *(len(steps) for steps, _ in series[:-1])])
    finite = np.isfinite(values)
    grows = np.ones(len(steps), dtype=bool)
    np.greater(steps[1:], steps[:-1], out=grows[1:])
    grows[starts] = True
    found = (
        np.add.reduceat(finite, starts, dtype=np.int64),
        np.minimum.reduceat(np.where(finite, values, np.inf), starts),
        np.maximum.reduceat(np.where(finite, values, -np.inf), starts),
        np.add.reduceat(np.where(finite, values, 0.0), starts),
        np.minimum.reduceat(steps, starts),
        np.maximum.reduceat(steps, starts),
        np.logical_and.reduceat(grows, starts),
    )
    return [Sum(*each) for each in zip(*(column.tolist() for column in found), strict=True)]


def sum_of_texts(steps: Integers) -> Sum:
    """The sum of texts at these steps, which have no number among them."""
    return Sum(0, np.inf, -np.inf, 0.0, int(steps.min()), int(steps.max()), False)


def add_numbers(
    metric: Metric, steps: Integers, times: Integers, values: Floats, new: Sum, *, greatest: bool = False
) -> None:
    """Add the points, arrays of shape (n,), to the metric's summary; NaN and infinities count but do not add up.

    `new` is their sum. Of points with the same step and time the last is the one that arrived last; with `greatest`
    the one of the greatest value, as MLflow has it (NaN is the least).
    """
    _draw(metric, values)
    if new.finite:
        metric.min = new.low if metric.min is None else min(metric.min, new.low)
        metric.max = new.high if metric.max is None else max(metric.max, new.high)
        metric.total += new.total
        metric.finite_count += new.finite
        if metric.first is None:
            metric.first = float(values[np.argmax(np.isfinite(values))])
    place = len(steps) - 1 if new.is_forward else _latest(steps, times)
    step, time = int(steps[place]), int(times[place])
    if greatest and not new.is_forward:
        together = np.flatnonzero((steps == step) & (times == time))
        place = int(together[np.argmax(_ranked(values[together]))])
    value = float(values[place])
    if _is_later(metric, step, time) and not (greatest and _is_less(metric, step, time, value)):
        is_finite = math.isfinite(value)
        metric.last = value if is_finite else None
        metric.last_text = None if is_finite else spelled(value)
        metric.last_step, metric.last_time = step, time
    metric.count += len(values)


def add_texts(metric: Metric, steps: Integers, times: Integers, texts: list[str]) -> None:
    """Add text points to the metric's summary. A series with texts in it has no outline any more."""
    metric.outline = None
    place = _latest(steps, times)
    if _is_later(metric, int(steps[place]), int(times[place])):
        metric.last, metric.last_text = None, texts[place]
        metric.last_step, metric.last_time = int(steps[place]), int(times[place])
    metric.count += len(texts)


def _draw(metric: Metric, values: Floats) -> None:
    """Add the values to the outline. A single point has none: most metrics of most runs are one number."""
    count = metric.count
    if count + len(values) < 2 or (count > 1 and metric.outline is None):
        return
    if count == 1:
        only = np.nan if metric.last is None else metric.last
        count, values = 0, np.concatenate([[only], values])
    outline = None if metric.outline is None else bytes(metric.outline)
    metric.outline = extended(outline, count, values)


def _latest(steps: Integers, times: Integers) -> int:
    """The place of the highest step; of equal steps the latest time, of equal times the last that arrived."""
    top = np.flatnonzero(steps == steps.max())
    newest = times[top]
    return int(top[np.flatnonzero(newest == newest.max())[-1]])


def _is_later(metric: Metric, step: int, time: int) -> bool:
    return metric.count == 0 or (step, time) >= (metric.last_step, metric.last_time)


def _ranked(values: Floats) -> Floats:
    return np.where(np.isnan(values), -np.inf, values)


def _is_less(metric: Metric, step: int, time: int, value: float) -> bool:
    """Whether the metric has a greater value at the very same step and time."""
    if metric.count == 0 or (step, time) != (metric.last_step, metric.last_time):
        return False
    last = metric.last if metric.last is not None else float(metric.last_text or "nan")
    new, old = _ranked(np.array([value, last])).tolist()
    return bool(new < old)

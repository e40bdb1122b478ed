"""Sums up points into the row of their metric."""

import numpy as np

from runs.models import Metric
from runs.models.metric import Floats, Integers, spelled
from runs.outline import extended


def add_numbers(
    metric: Metric, steps: Integers, times: Integers, values: Floats, *, greatest: bool = False
) -> None:
    """Add the points, arrays of shape (n,), to the metric's summary; NaN and infinities count but do not add up.

    Of points with the same step and time the last is the one that arrived last; with `greatest` the one of the
    greatest value, as MLflow has it (NaN is the least).
    """
    _draw(metric, values)
    finite = values[np.isfinite(values)]
    if len(finite):
        low, high = float(finite.min()), float(finite.max())
        metric.min = low if metric.min is None else min(metric.min, low)
        metric.max = high if metric.max is None else max(metric.max, high)
        metric.total += float(finite.sum())
        metric.finite_count += len(finite)
        if metric.first is None:
            metric.first = float(finite[0])
    place = _latest(steps, times)
    step, time = int(steps[place]), int(times[place])
    if greatest:
        together = np.flatnonzero((steps == step) & (times == time))
        place = int(together[np.argmax(_ranked(values[together]))])
    value = float(values[place])
    if _is_later(metric, step, time) and not (greatest and _is_less(metric, step, time, value)):
        is_finite = bool(np.isfinite(value))
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

"""Points of metrics for charts and for scripts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from django.db.models import Q

from runs.models import Metric, Run, Segment
from runs.models.metric import Floats, Integers, spelled, unpack, unpack_texts
from runs.models.name import SYSTEM
from runs.query.tree import descendants

# Runs whose values one answer may hold: a sweep of a few hundred children in one request.
MOST_RUNS = 10_000


@dataclass(frozen=True)
class Series:
    """Points of one metric by step, arrays of shape (n,): times in ms since 1970, NaN where there is no number.

    `count` points lie in the range that was asked for; `is_sampled` when fewer are given here.
    """

    name: str
    kind: str
    steps: Integers
    times: Integers
    values: Floats | list[str]
    count: int
    is_sampled: bool = False


def read_series(
    run: Run, names: Sequence[str], *, points: int = 1000, first: int | None = None, last: int | None = None
) -> list[Series]:
    """The series of these names, in their order, by step; names that the run has not are left out.

    A series with more than `points` points between the steps `first` and `last` is thinned: of each bucket the
    lowest and the highest stay, so no peak is lost.
    """
    rows = Metric.objects.filter(run=run, name__text__in=names, count__gt=0).select_related("name")
    metrics = {metric.name.text: metric for metric in rows}
    segments = _segments([metric.pk for metric in metrics.values()], first, last)
    found = [metrics[name] for name in dict.fromkeys(names) if name in metrics]
    return [_series(metric, segments.get(metric.pk, []), points, first, last) for metric in found]


def series_shape(series: Series) -> dict[str, Any]:
    """The series on the wire: columns of equal length, numbers that are not finite as text."""
    return {
        "name": series.name,
        "kind": series.kind,
        "step": series.steps.tolist(),
        "time": series.times.tolist(),
        "value": wire_values(series.values),
        "count": series.count,
        "sampled": series.is_sampled,
    }


def logged_values(
    run: Run, *, name: str | None = None, recursive: bool = False, run_type: str | None = None
) -> dict[str, dict[str, dict[str, Any]]]:
    """All values in logged order: {run id: {name: {"kind", "value": […]}}}, runs without metrics left out.

    With `recursive` the run and all below it, read in a fixed number of queries. Numbers that were all logged as
    whole ones come back whole; rows are objects, in the order they were logged.
    """
    tree = [run, *(descendants(run)[:MOST_RUNS] if recursive else [])]
    runs = {one.pk: one.public_id for one in tree if run_type in (None, one.run_type)}
    shown = Q(count__gt=0) | Q(kind__in=[Metric.LIST, Metric.TABLE])
    rows = Metric.objects.filter(shown, run__in=runs).select_related("name").order_by("run_id", "pk")
    # Samples of the machine are no result of the training: they are given to whoever names them.
    rows = rows.exclude(name__text__startswith=SYSTEM) if name is None else rows.filter(name__text=name)
    metrics = list(rows)
    segments = _segments([metric.pk for metric in metrics], None, None)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for metric in metrics:
        values: list[Any] = []
        for segment in segments.get(metric.pk, []):
            values += _logged(metric, segment)
        found.setdefault(runs[metric.run_id], {})[metric.name.text] = {"kind": metric.kind, "value": values}
    return found


def _logged(metric: Metric, segment: Segment) -> list[Any]:
    values = _unpack(segment)[2]
    if Metric.FAMILIES[metric.kind] == "rows":
        return [msgspec.json.decode(row) for row in values]
    if metric.is_whole and not isinstance(values, list):
        return [int(value) for value in values.tolist()]
    return wire_values(values)


def wire_values(values: Floats | list[str]) -> list[Any]:
    """The values as JSON can hold them."""
    if isinstance(values, list):
        return values
    if bool(np.isfinite(values).all()):
        return values.tolist()
    return [value if math.isfinite(value) else spelled(value) for value in values.tolist()]


def thin(values: Floats, most: int) -> Integers:
    """The places, ascending, of at most `most` (and no fewer than 4) values that keep the shape of all.

    These are the first, the last, and the lowest and highest of each of many buckets of equal length. What is not
    finite never wins over a number; a bucket without any number keeps its first place, as a gap. Where a flat part
    leaves room, places at equal distances fill it.
    """
    n = len(values)
    if n <= most:
        return np.arange(n, dtype=np.int64)
    size = -(-n // max(1, (most - 2) // 2))
    buckets = -(-n // size)
    lows, highs = np.full(buckets * size, np.inf), np.full(buckets * size, -np.inf)
    finite = np.isfinite(values)
    lows[:n], highs[:n] = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
    starts = np.arange(buckets, dtype=np.int64) * size
    lowest = starts + lows.reshape(buckets, size).argmin(axis=1)
    highest = starts + highs.reshape(buckets, size).argmax(axis=1)
    kept = np.unique(np.concatenate([np.array([0, n - 1], dtype=np.int64), lowest, highest]))
    others = np.setdiff1d(np.linspace(0, n - 1, most).astype(np.int64), kept, assume_unique=True)
    room = min(most - len(kept), len(others))
    if room <= 0:
        return kept
    return np.union1d(kept, others[np.linspace(0, len(others) - 1, room).astype(np.int64)])


def _segments(metric_ids: list[int], first: int | None, last: int | None) -> dict[int, list[Segment]]:
    rows = Segment.objects.filter(metric__in=metric_ids).order_by("metric_id", "id")
    if first is not None:
        rows = rows.filter(last_step__gte=first)
    if last is not None:
        rows = rows.filter(first_step__lte=last)
    found: dict[int, list[Segment]] = {}
    for segment in rows:
        found.setdefault(segment.metric_id, []).append(segment)
    return found


def _unpack(segment: Segment) -> tuple[Any, Any, Any]:
    if segment.codec == Segment.TEXT:
        return unpack_texts(segment.data)
    return unpack(segment.data, segment.codec)


def _series(
    metric: Metric, segments: list[Segment], points: int, first: int | None, last: int | None
) -> Series:
    parts = [_unpack(segment) for segment in segments]
    # One text among numbers makes the whole series text: it cannot be drawn, but all of it can be read.
    is_text = any(segment.codec == Segment.TEXT for segment in segments)
    steps = _joined([part[0] for part in parts])
    times = _joined([part[1] for part in parts])
    order = np.lexsort((times, steps))  # stable: what arrived later stands later
    if first is not None:
        order = order[steps[order] >= first]
    if last is not None:
        order = order[steps[order] <= last]
    if is_text:
        texts = [str(value) for part in parts for value in wire_values(part[2])]
        kept = order[:points]
        values: Floats | list[str] = [texts[place] for place in kept.tolist()]
    else:
        numbers = np.concatenate([part[2] for part in parts]) if parts else np.zeros(0)
        kept = order[thin(numbers[order], points)]
        values = numbers[kept]
    name, count = metric.name.text, len(order)
    return Series(name, metric.kind, steps[kept], times[kept], values, count, len(kept) < count)


def _joined(parts: list[Any]) -> Integers:
    if not parts:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([np.asarray(part, dtype=np.int64) for part in parts])

"""The curves of one run: numbers over step, time or another metric, thinned with a band, and what came since."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runs.limits import number_of
from runs.models import Metric, Run, Segment
from runs.models.metric import Floats, Integers, unpack, unpack_texts
from runs.query.curve import Curve, Curves, Look, broken, cut, thinned
from runs.query.lines import smoothed

# All points that one answer reads; a chart with more curves leaves the last ones out and says so.
MOST_READ = 4_000_000


@dataclass(frozen=True)
class Points:
    """All points of a metric by step, then time, then arrival: arrays of shape (n,)."""

    steps: Integers
    times: Integers
    values: Floats


def read_curves(run: Run, metrics: Sequence[Metric], look: Look) -> Curves:
    """The curves of these metrics of the run, in their order. Two queries: segments of theirs and of the one across."""
    found, room, wanted = Curves(), MOST_READ, []
    for metric in metrics:
        if metric.count > room:
            found.unread += 1
        else:
            room -= metric.count
            wanted.append(metric)
    across = _points(_segments([look.over.pk], Look())[look.over.pk]) if look.over is not None else None
    segments = _segments([metric.pk for metric in wanted], look)
    all_values = []
    for metric in wanted:
        points = _points(segments[metric.pk])
        curve, values = _curve(run, metric, points, look, across)
        found.curves.append(curve)
        all_values.append(values)
    if look.is_cut and all_values:
        cut(found, np.concatenate(all_values))
    return found


def read_newer(run: Run, metrics: Sequence[Metric], seen: Sequence[int], look: Look) -> Curves | None:
    """Only the points that arrived after the first `seen` ones of each metric, every one of them.

    None when that cannot be told: fewer points are there than were seen, or a batch was merged meanwhile.
    """
    sizes = Segment.objects.filter(metric__in=[metric.pk for metric in metrics]).order_by("metric_id", "-id")
    listed: dict[int, list[tuple[int, int]]] = {}
    for metric_id, pk, count in sizes.values_list("metric_id", "pk", "count"):
        listed.setdefault(metric_id, []).append((pk, count))
    wanted: dict[int, list[int]] = {}
    for metric, known in zip(metrics, seen, strict=True):
        parts = listed.get(metric.pk, [])
        missing = sum(count for _, count in parts) - known
        if missing < 0:
            return None
        wanted[metric.pk] = _newest(parts, missing)
    rows = Segment.objects.filter(pk__in=[pk for pks in wanted.values() for pk in pks]).order_by("id")
    read: dict[int, list[Segment]] = {metric.pk: [] for metric in metrics}
    for segment in rows:
        read[segment.metric_id].append(segment)
    found = Curves()
    for metric, known in zip(metrics, seen, strict=True):
        total = sum(count for _, count in listed.get(metric.pk, []))
        if len(read[metric.pk]) != len(wanted[metric.pk]):
            return None
        found.curves.append(_newer(run, metric, read[metric.pk], total, known, look))
    return found


def _newest(parts: list[tuple[int, int]], missing: int) -> list[int]:
    """The batches, given newest first, that hold the last so many points."""
    chosen = []
    for pk, count in parts:
        if missing <= 0:
            break
        chosen.append(pk)
        missing -= count
    return chosen


def _newer(run: Run, metric: Metric, segments: list[Segment], total: int, known: int, look: Look) -> Curve:
    steps, times, values = _arrays(segments)
    start = max(0, len(steps) - (total - known))
    points = _sorted(Points(steps[start:], times[start:], values[start:]))
    curve, _ = _curve(run, metric, points, replace(look, points=len(points.steps) + 1, smooth=0.0), None)
    # Of the whole series, as its summary has it: the points before are not read.
    gaps = metric.count - metric.finite_count
    return replace(curve, count=total, total=total, gaps=gaps, since=known)


def _segments(metrics: list[int], look: Look) -> dict[int, list[Segment]]:
    """The batches of each metric as they arrived; of a window of steps only those that reach into it."""
    rows = Segment.objects.filter(metric__in=metrics).order_by("metric_id", "id")
    if look.across == "step":
        if look.first is not None and not look.smooth:
            rows = rows.filter(last_step__gte=_whole(look.first) - 1)
        if look.last is not None:
            rows = rows.filter(first_step__lte=_whole(look.last) + 1)
    found: dict[int, list[Segment]] = {metric: [] for metric in metrics}
    for segment in rows:
        found[segment.metric_id].append(segment)
    return found


def _whole(number: float) -> int:
    return int(min(max(number, -(2.0**62)), 2.0**62))


def _arrays(segments: list[Segment]) -> tuple[Integers, Integers, Floats]:
    """The points as they arrived; a text among numbers is NaN."""
    parts = [_unpacked(segment) for segment in segments]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    steps, times, values = (np.concatenate([part[at] for part in parts]) for at in range(3))
    return steps, times, values


def _unpacked(segment: Segment) -> tuple[Integers, Integers, Floats]:
    if segment.codec != Segment.TEXT:
        return unpack(segment.data, segment.codec)
    steps, times, texts = unpack_texts(segment.data)
    numbers = [number_of(text) for text in texts]
    values = np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)
    return np.array(steps, dtype=np.int64), np.array(times, dtype=np.int64), values


def _points(segments: list[Segment]) -> Points:
    return _sorted(Points(*_arrays(segments)))


def _sorted(points: Points) -> Points:
    """By step, then time, then arrival. Points mostly come in order, and looking costs a tenth of sorting."""
    ahead = np.diff(points.steps)
    if bool((ahead > 0).all()) or bool(((ahead > 0) | ((ahead == 0) & (np.diff(points.times) >= 0))).all()):
        return points
    order = np.lexsort((points.times, points.steps))
    return Points(points.steps[order], points.times[order], points.values[order])


def _curve(
    run: Run, metric: Metric, points: Points, look: Look, across: Points | None
) -> tuple[Curve, Floats]:
    """The curve, and all its values in the window."""
    total = len(points.steps)
    y = np.where(np.isfinite(points.values), points.values, np.nan)
    smooth = smoothed(y, look.smooth) if look.smooth else None
    x, origin = _across(run, points, look, across)
    kept = np.arange(total) if look.across in ("step", "metric") else np.argsort(x, kind="stable")
    kept = kept[np.isfinite(x[kept])]
    alone = total - len(kept)
    if look.first is not None or look.last is not None:
        kept = kept[_window(x[kept], look)]
    x, y = x[kept], y[kept]
    smooth = None if smooth is None else smooth[kept]
    gaps = int(np.isnan(y).sum())
    made = Curve(metric.name.text, x, y, len(x), total, gaps, alone, smooth=smooth, origin=origin)
    return broken(thinned(made, look.points), look), y


def _across(run: Run, points: Points, look: Look, other: Points | None) -> tuple[Floats, float | None]:
    """What stands across for each point, and where relative time begins: at the run's start, or before it where
    the first point is older."""
    if look.across == "step":
        return points.steps.astype(np.float64), None
    if look.across == "metric":
        return _values_at(points.steps, other), None
    times = points.times.astype(np.float64)
    if look.across == "time" or not len(times):
        return times, None
    started = (run.started_at or run.created_at).timestamp() * 1000
    first = float(times.min())
    origin = started if first >= started else first
    return (times - origin) / 1000, origin


def _values_at(steps: Integers, other: Points | None) -> Floats:
    """The other metric's last value at each of these steps; NaN where it has none."""
    if other is None or not len(other.steps):
        return np.full(len(steps), np.nan)
    place = np.searchsorted(other.steps, steps, side="right") - 1
    known = (place >= 0) & (other.steps[np.maximum(place, 0)] == steps)
    return np.where(known, other.values[np.maximum(place, 0)], np.nan)


def _window(x: Floats, look: Look) -> Integers:
    """The places inside the window and, of an ordered axis, one beyond each edge, so that lines leave it."""
    low = -np.inf if look.first is None else look.first
    high = np.inf if look.last is None else look.last
    if look.across == "metric":
        return np.flatnonzero((x >= low) & (x <= high))
    begin = max(0, int(np.searchsorted(x, low)) - 1)
    return np.arange(begin, min(len(x), int(np.searchsorted(x, high, "right")) + 1))

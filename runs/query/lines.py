"""The lines of a chart: one metric of many runs each, read together, thinned honestly, smoothed on all points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runs.models import Metric, Segment
from runs.models.metric import Floats, unpack
from runs.query.series import thin

# All points that one chart reads, and all that it gives: more lines have fewer points each.
MOST_READ = 4_000_000
MOST_GIVEN = 20_000
FEWEST, MOST_OF_A_LINE = 60, 1000


@dataclass(frozen=True)
class Line:
    """Points in the order of `x`: steps, milliseconds since 1970, or seconds since the run's first point.

    `y` is NaN where there is no finite number; `gaps` of the `count` points are such. `smooth` has y's length.
    `below` are numbers that a logarithmic axis of the chart has no place for, being nought or less.
    """

    run: int
    metric: str
    x: Floats
    y: Floats
    count: int
    gaps: int
    smooth: Floats | None = None
    below: int = 0

    @property
    def seen(self) -> int:
        """How many of its points have a place on the axes."""
        return self.count - self.gaps - self.below


@dataclass
class Lines:
    """Some lines, and what was left out: `unread` lines would have passed the limit, `texts` are no numbers."""

    lines: list[Line] = field(default_factory=list)
    unread: int = 0
    texts: int = 0


@dataclass(frozen=True)
class Window:
    """What of a line is asked for: along which axis, between which places, in how many points."""

    across: str = "step"
    first: float | None = None
    last: float | None = None
    points: int | None = None
    smooth: float = 0.0
    log: str = ""


def metrics_of(runs: Sequence[int], names: dict[str, int]) -> list[Metric]:
    """The metrics of these names (by their numbers) that the runs have, in the order of names, then of runs."""
    place = {run: at for at, run in enumerate(runs)}
    order = {number: at for at, number in enumerate(names.values())}
    rows = Metric.objects.filter(run__in=runs, name__in=order, count__gt=0)
    return sorted(rows, key=lambda metric: (order[metric.name_id], place[metric.run_id]))


def read_lines(metrics: Sequence[Metric], names: dict[int, str], window: Window) -> Lines:
    """The lines of these metrics, in their order, by one query of their segments."""
    found, wanted, room = Lines(), [], MOST_READ
    for metric in metrics:
        if metric.finite_count == 0 and metric.last_text not in (None, "NaN", "Infinity", "-Infinity"):
            found.texts += 1
        elif metric.count > room:
            found.unread += 1
        else:
            room -= metric.count
            wanted.append(metric)
    points = window.points or max(FEWEST, min(MOST_OF_A_LINE, MOST_GIVEN // max(1, len(wanted))))
    by_pk = {metric.pk: metric for metric in wanted}
    made = {}
    for pk, parts in _parts(list(by_pk), window):
        metric = by_pk[pk]
        line = _line(metric.run_id, names[metric.name_id], parts, window, points)
        if line is None:
            found.texts += 1
        else:
            made[pk] = line
    found.lines = [made[metric.pk] for metric in wanted if metric.pk in made]
    return found


def smoothed(values: Floats, weight: float) -> Floats:
    """The running mean in which each earlier value counts `weight` times the next one's share; gaps stay gaps.

    The mean is of what has come so far, so it begins at the first value, not at nought.
    """
    finite = np.isfinite(values)
    given = values[finite]
    result = np.full(len(values), np.nan)
    if len(given) == 0 or weight <= 0:
        result[finite] = given
        return result
    # In blocks as long as the powers of the weight stay exact; from block to block a plain number is carried.
    length = max(1, min(len(given), int(np.log(1e-6) / np.log(weight))))
    blocks = -(-len(given) // length)
    padded = np.zeros(blocks * length)
    padded[: len(given)] = given
    powers = weight ** np.arange(length)
    inside = np.cumsum(padded.reshape(blocks, length) / powers, axis=1) * powers * (1 - weight)
    carried, carry, fade = np.zeros(blocks), 0.0, float(weight**length)
    for at, end in enumerate(inside[:, -1].tolist()):
        carried[at] = carry
        carry = carry * fade + end
    sums = (inside + carried[:, None] * weight * powers).reshape(-1)[: len(given)]
    result[finite] = sums / (1 - weight ** np.arange(1, len(given) + 1))
    return result


def _parts(metrics: list[int], window: Window) -> Iterator[tuple[int, list[Segment]]]:
    """The segments of each metric, read one after the other so that only one line is held in memory."""
    rows = Segment.objects.filter(metric__in=metrics).order_by("metric_id", "id")
    if window.across == "step":
        if window.first is not None and not window.smooth:
            rows = rows.filter(last_step__gte=int(max(window.first, -(2.0**62))))
        if window.last is not None:
            rows = rows.filter(first_step__lte=int(min(window.last, 2.0**62)) + 1)
    held: list[Segment] = []
    for segment in rows.iterator(chunk_size=500):
        if held and held[0].metric_id != segment.metric_id:
            yield held[0].metric_id, held
            held = []
        held.append(segment)
    if held:
        yield held[0].metric_id, held


def _line(run: int, metric: str, parts: list[Segment], window: Window, points: int) -> Line | None:
    if any(segment.codec == Segment.TEXT for segment in parts):
        return None
    unpacked = [unpack(segment.data, segment.codec) for segment in parts]
    steps, times, values = (np.concatenate([part[at] for part in unpacked]) for at in range(3))
    keys = (times, steps) if window.across == "step" else (steps, times)
    order = np.lexsort(keys)  # stable: what arrived later stands later
    y = np.where(np.isfinite(values), values, np.nan)[order]
    x = (steps if window.across == "step" else times)[order].astype(np.float64)
    if window.across == "relative" and len(x):
        x = (x - x[0]) / 1000
    smooth = smoothed(y, window.smooth) if window.smooth else None
    if window.first is not None or window.last is not None:
        first, last = window.first, window.last
        begin = 0 if first is None else max(0, int(np.searchsorted(x, first)) - 1)  # one beyond each edge,
        end = len(x) if last is None else int(np.searchsorted(x, last, "right")) + 1  # so that lines leave it
        x, y = x[begin:end], y[begin:end]
        smooth = None if smooth is None else smooth[begin:end]
    gaps, below = np.isnan(y), _below(x, y, window.log)
    # A lowest value that cannot be shown would tear a hole into a line whose others can.
    kept = thin(np.where(below, np.nan, y), points)
    smooth = None if smooth is None else smooth[kept]
    return Line(run, metric, x[kept], y[kept], len(y), int(gaps.sum()), smooth, int(below.sum()))


def _below(x: Floats, y: Floats, log: str) -> Any:
    """Which numbers a logarithmic axis has no place for: an array of bool, of y's length."""
    below = np.zeros(len(y), dtype=bool)
    if "x" in log:
        below |= (x <= 0) & ~np.isnan(y)
    if "y" in log:
        below |= y <= 0
    return below

"""What a curve is, and how it is made fit to be drawn: thinned with a band, broken at pauses, without outliers."""

from dataclasses import dataclass, field, replace

import numpy as np

from runs.models import Metric
from runs.models.metric import Floats

POINTS = 500
CUT_FROM = 20
CUT_PERCENT = 1.0


@dataclass(frozen=True)
class Look:
    """How curves are asked for: along which axis, between which places, in how many points.

    `across` is step, time (milliseconds since 1970), relative (seconds) or metric; then `over` is the metric whose
    value at the same step stands across.
    """

    across: str = "step"
    over: Metric | None = None
    first: float | None = None
    last: float | None = None
    points: int = POINTS
    smooth: float = 0.0
    is_cut: bool = False
    # Over time, a longer pause than this between two points is a gap.
    gap_ms: float | None = None


@dataclass(frozen=True)
class Curve:
    """Points of one metric in the order of x, arrays of shape (n,); NaN in `y` where there is no finite number.

    With `low` and `high` the curve is thinned: each point stands for a stretch, and they are the least and the most
    in it. `count` points lie in the window, `total` in the whole series; of those in the window `gaps` are no finite
    numbers, and `alone` have nothing across. `origin` is where a relative time begins. `since` points were there
    before: only later ones are in here.
    """

    name: str
    x: Floats
    y: Floats
    count: int
    total: int
    gaps: int = 0
    alone: int = 0
    low: Floats | None = None
    high: Floats | None = None
    smooth: Floats | None = None
    origin: float | None = None
    since: int = 0


@dataclass
class Curves:
    """Some curves; `unread` would have passed the limit; `bounds` (least, most) cut `outside` points off."""

    curves: list[Curve] = field(default_factory=list)
    unread: int = 0
    bounds: tuple[float, float] | None = None
    outside: int = 0


def thinned(curve: Curve, most: int) -> Curve:
    """At most so many points: of each of many stretches of equal length the first number, its least and its most."""
    n = len(curve.y)
    if n <= most:
        return curve
    size = -(-n // max(1, most - 1))
    stretches = -(-n // size)
    padded = np.full(stretches * size, np.nan)
    padded[:n] = curve.y
    table = padded.reshape(stretches, size)
    # A stretch without any number keeps its first place, as a gap.
    first = np.arange(stretches) * size + np.isfinite(table).argmax(axis=1)
    places = np.append(first, n - 1) if first[-1] != n - 1 else first
    low, high = np.fmin.reduce(table, axis=1), np.fmax.reduce(table, axis=1)
    if len(places) > stretches:
        low, high = np.append(low, curve.y[-1]), np.append(high, curve.y[-1])
    smooth = None if curve.smooth is None else curve.smooth[places]
    return replace(curve, x=curve.x[places], y=curve.y[places], low=low, high=high, smooth=smooth)


def broken(curve: Curve, look: Look) -> Curve:
    """A point without a value in the middle of each long pause, so that no line is drawn over it."""
    if look.gap_ms is None or look.across not in ("time", "relative") or len(curve.x) < 2:
        return curve
    pause = look.gap_ms / (1000 if look.across == "relative" else 1)
    # Of a thinned curve the usual distance may be longer than a pause.
    pause = max(pause, 3 * float(np.median(np.diff(curve.x))))
    at = np.flatnonzero(np.diff(curve.x) > pause) + 1
    if not len(at):
        return curve
    middle = (curve.x[at - 1] + curve.x[at]) / 2

    def opened(values: Floats | None) -> Floats | None:
        return None if values is None else np.insert(values, at, np.nan)

    y = np.insert(curve.y, at, np.nan)
    low, high, smooth = opened(curve.low), opened(curve.high), opened(curve.smooth)
    return replace(curve, x=np.insert(curve.x, at, middle), y=y, low=low, high=high, smooth=smooth)


def cut(found: Curves, values: Floats) -> None:
    """Leave the lowest and the highest hundredth of the values out of view."""
    finite = values[np.isfinite(values)]
    if len(finite) < CUT_FROM:
        return
    low, high = np.percentile(finite, [CUT_PERCENT, 100 - CUT_PERCENT]).tolist()
    edge = (high - low) * 0.05
    if edge <= 0:
        return
    found.bounds = (low - edge, high + edge)
    found.outside = int(((finite < low - edge) | (finite > high + edge)).sum())

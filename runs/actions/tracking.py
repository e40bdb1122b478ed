"""What a training writes while it runs: points of metrics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from runs.actions import jobs
from runs.actions.idempotency import claim
from runs.actions.metric_rows import NewSegment, write_rows
from runs.actions.names import intern
from runs.actions.presence import hold
from runs.actions.summary import Sum, add_numbers, add_texts, sum_of_texts, sums_of
from runs.errors import Invalid
from runs.limits import (
    METRIC_NAMES_PER_RUN,
    POINTS_PER_METRIC,
    check_points,
    check_room,
    clean_key,
)
from runs.models import Kind, Metric, Run, Segment
from runs.models.metric import Floats, Integers, pack, pack_texts, unpack
from runs.prepared import Prepared
from runs.transaction import write

# So many metrics of one call are found by a lookup that is built once for each power of two of names.
_MOST_PREPARED = 64


def _of_names(run: Any, names: Sequence[Any]) -> QuerySet[Metric]:
    """The metrics of these names that the run has, locked in the order of their keys."""
    rows = Metric.objects.select_for_update().select_related("name")
    return rows.filter(run=run, name__text__in=names).order_by("pk")


@cache
def _prepared_for(names: int) -> Prepared[Metric]:
    return Prepared(lambda run, *texts: _of_names(run, texts), int, *[str] * names)


# Each time a metric has gathered so many more segments, they are worth merging.
MERGE_EVERY = 64


@dataclass(frozen=True)
class Points:
    """Points of one metric in the order they were logged: arrays of shape (n,), or lists for texts.

    `steps` None asks the server to number on; `times` are milliseconds since 1970, None is now. Rows of a table
    are texts that hold JSON objects. `is_whole`: the numbers were sent as whole ones.
    """

    name: str
    values: Floats | list[str]
    steps: Integers | None = None
    times: Integers | None = None
    kind: str = Metric.SCALAR
    is_whole: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the values are texts."""
        return isinstance(self.values, list)


class OtherFamily(Invalid):
    """The metric `name` holds things of another family than what was sent."""

    def __init__(self, name: str, held: str, sent: str) -> None:
        super().__init__(
            f"The metric {name!r} of this run holds {held}; {sent} need another name.", field="kind"
        )
        self.name = name


def log_points(run: Run, batch: Sequence[Points], *, key: str = "", once: bool = False) -> int:
    """Add the points; returns how many. A batch with a `key` seen before adds nothing and returns 0.

    Points of an ended run are taken too: the last batch may arrive after the end. Either the whole batch is
    written or none of it. With `once`, numbers that are there already with their steps and times are left out, as
    MLflow does: a request that is sent again adds nothing; of two numbers of one step and time the greater is the
    last, whichever came first. A list or table without values is noted as an empty
    one. Raises Invalid or TooLarge naming the metric, Gone for a run that was deleted.
    """
    batch = [p for p in batch if len(p.values) or p.kind in (Metric.LIST, Metric.TABLE)]
    total = sum(len(points.values) for points in batch)
    check_points(total)
    batch = [_named(points) for points in batch]
    with write():
        hold(run)
        if key and claim(f"run:{run.pk}", key) is not None:
            return 0
        metrics = _metrics(run, batch)
        for points in batch:
            _check_family(metrics[points.name], points)
        filled = [points for points in batch if len(points.values)]
        # Of two series of one metric the second goes on where the first ends.
        rounds = [filled] if len(metrics) == len(batch) else [[points] for points in filled]
        write_rows([new for some in rounds for new in _added(metrics, some, once=once)], metrics.values())
        for metric in metrics.values():
            if metric.segment_count % MERGE_EVERY == 0:
                jobs.enqueue("merge segments", {"metric": metric.pk}, dedupe=f"merge:{metric.pk}")
    return total


def _named(points: Points) -> Points:
    """The points under the checked name, composed as every other name is: what people type finds it."""
    name = clean_key(points.name, "metric")
    return points if name == points.name else replace(points, name=name)


def _metrics(run: Run, batch: Sequence[Points]) -> dict[str, Metric]:
    """The summary row of each name, locked, and made where it is new."""
    wanted = {points.name: points for points in batch}
    found = _known(run, list(wanted))
    new = [name for name in wanted if name not in found]
    if not new:
        return found
    check_room(Metric.objects.filter(run=run).count() + len(new), METRIC_NAMES_PER_RUN, "metrics")
    names = intern(run, Kind.METRIC, new)
    rows = [
        Metric(run_id=run.pk, experiment_id=run.experiment_id, name=names[name], kind=wanted[name].kind)
        for name in new
    ]
    # Another process may make the same row at this moment: the unique constraint lets one of them through.
    Metric.objects.bulk_create(rows, ignore_conflicts=True)
    return _known(run, list(wanted))


def _known(run: Run, names: list[str]) -> dict[str, Metric]:
    """The metrics of these names that are there, locked."""
    found: Iterable[Metric]
    if 0 < len(names) <= _MOST_PREPARED:
        room = 1 << (len(names) - 1).bit_length()
        found = _prepared_for(room).all(run.pk, *names, *names[-1:] * (room - len(names)))
    else:
        found = _of_names(run, names)
    return {metric.name.text: metric for metric in found}


def _check_family(metric: Metric, points: Points) -> None:
    """One name holds one family of things: numbers and texts, rows, images or documents."""
    if Metric.FAMILIES[metric.kind] != Metric.FAMILIES[points.kind]:
        raise OtherFamily(points.name, Metric.FAMILIES[metric.kind], Metric.FAMILIES[points.kind])


class _Series(NamedTuple):
    """Points of a metric, each with its step and its time: arrays of shape (n,), or a list of texts."""

    metric: Metric
    steps: Integers
    times: Integers
    values: Floats | list[str]
    is_whole: bool


def _added(metrics: Mapping[str, Metric], batch: Sequence[Points], *, once: bool) -> list[NewSegment]:
    """The points of these metrics, one series of each, as new segments; their summaries have them added."""
    series = [_placed(metrics[points.name], points) for points in batch]
    sums = _sums(series)
    if once:
        fresh = [_without_known(each, new) for each, new in zip(series, sums, strict=True)]
        if any(each is not whole for each, whole in zip(fresh, series, strict=True)):
            series = [each for each in fresh if each is not None]
            sums = _sums(series)
    return [_append(each, new, greatest=once) for each, new in zip(series, sums, strict=True)]


def _placed(metric: Metric, points: Points) -> _Series:
    """The points with their steps and times. Raises Invalid where these are not as many as the values."""
    n = len(points.values)
    start = metric.last_step + 1 if metric.count else 0
    steps = np.arange(start, start + n, dtype=np.int64) if points.steps is None else points.steps
    now_ms = int(timezone.now().timestamp() * 1000)
    times = np.full(n, now_ms, dtype=np.int64) if points.times is None else points.times
    if len(steps) != n or len(times) != n:
        raise Invalid(
            f"The metric {points.name!r} has {n} values, but {len(steps)} steps and {len(times)} times.",
            field="series",
        )
    return _Series(metric, steps, times, points.values, points.is_whole)


def _sums(series: Sequence[_Series]) -> list[Sum]:
    """The sum of each; texts do not add up."""
    found = iter(sums_of([(each.steps, each.values) for each in series if not isinstance(each.values, list)]))
    return [sum_of_texts(each.steps) if isinstance(each.values, list) else next(found) for each in series]


def _without_known(series: _Series, new: Sum) -> _Series | None:
    """The series without points that its metric has, and each of them once; itself where all are new.

    None without any. Most logs go forward: then nothing is read.
    """
    metric, steps, times, values, is_whole = series
    if isinstance(values, list):
        return series
    if new.is_forward and (not metric.count or new.first_step > metric.last_step):
        return series
    sent = _rows_of(steps, times, values)
    seen = _known_rows(metric, steps, times)
    fresh = np.zeros(len(sent), dtype=bool)
    for place, row in enumerate(sent):
        fresh[place] = row not in seen
        seen.add(row)
    if fresh.all():
        return series
    return _Series(metric, steps[fresh], times[fresh], values[fresh], is_whole) if fresh.any() else None


# A step, its time, and the bits of the value: a NaN equals itself here.
Row = tuple[int, int, int]


def _known_rows(metric: Metric, steps: Integers, times: Integers) -> set[Row]:
    """What the metric has between these steps and times. A script that logs its steps anew does so at other times."""
    low, high, soonest, latest = (int(each) for each in (steps.min(), steps.max(), times.min(), times.max()))
    if not metric.count or (low, soonest) > (metric.last_step, metric.last_time):
        return set()
    stored = Segment.objects.filter(metric=metric, first_step__lte=high, last_step__gte=low)
    found: set[Row] = set()
    for segment in stored.exclude(codec=Segment.TEXT).only("data", "codec"):
        held, at, values = unpack(segment.data, segment.codec)
        near = (held >= low) & (held <= high) & (at >= soonest) & (at <= latest)
        if near.any():
            found.update(_rows_of(held[near], at[near], values[near]))
    return found


def _rows_of(steps: Integers, times: Integers, values: Floats) -> list[Row]:
    return list(zip(steps.tolist(), times.tolist(), values.view(np.int64).tolist(), strict=True))


def _append(series: _Series, new: Sum, *, greatest: bool) -> NewSegment:
    """The points as a new segment, and the metric's summary with them added; `greatest` as `add_numbers`."""
    metric, steps, times, values, is_whole = series
    n = len(values)
    check_room(metric.count + n, POINTS_PER_METRIC, f"points of the metric {metric.name.text!r}")
    metric.is_whole = is_whole and (metric.is_whole or metric.count == 0)
    metric.segment_count += 1
    if isinstance(values, list):
        add_texts(metric, steps, times, values)
        data, codec = pack_texts(steps.tolist(), times.tolist(), values), Segment.TEXT
    else:
        add_numbers(metric, steps, times, values, new, greatest=greatest)
        data, codec = pack(steps, times, values), Segment.RAW
    return metric.pk, n, new.first_step, new.last_step, codec, data

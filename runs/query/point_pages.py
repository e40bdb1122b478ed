"""Points of a metric as a table, the highest step first, by pages: only the batches that hold a page are read."""

from dataclasses import dataclass

import numpy as np

from runs.models import Metric, Segment
from runs.models.metric import unpack, unpack_texts
from runs.query.series import wire_values

Value = float | str


@dataclass(frozen=True)
class PointPage:
    """Points (step, milliseconds since 1970, value) from place `start` of `count` on."""

    points: list[tuple[int, int, Value]]
    start: int
    count: int

    @property
    def next_start(self) -> int | None:
        """Where the next page begins, if there is one."""
        after = self.start + len(self.points)
        return after if after < self.count else None


def read_page(metric: Metric, *, start: int = 0, most: int = 100) -> PointPage:
    """The points by step, the highest first; of equal steps the latest. Two queries."""
    listed = list(
        Segment.objects.filter(metric=metric)
        .order_by("-last_step", "-id")
        .values_list("pk", "count", "first_step", "last_step")
    )
    chosen: list[int] = []
    held = floor = 0
    for pk, count, first_step, last_step in listed:
        # No batch further down reaches the steps of those that are held.
        if held >= start + most and last_step < floor:
            break
        floor = first_step if not chosen else min(floor, first_step)
        chosen.append(pk)
        held += count
    points = _points(chosen)[start : start + most]
    return PointPage(points, start, sum(count for _, count, _, _ in listed))


def _points(pks: list[int]) -> list[tuple[int, int, Value]]:
    steps: list[int] = []
    times: list[int] = []
    values: list[Value] = []
    for segment in Segment.objects.filter(pk__in=pks).order_by("id"):
        if segment.codec == Segment.TEXT:
            part = unpack_texts(segment.data)
            steps, times, values = steps + part[0], times + part[1], [*values, *part[2]]
            continue
        some_steps, some_times, some_values = unpack(segment.data, segment.codec)
        steps += some_steps.tolist()
        times += some_times.tolist()
        values += wire_values(some_values)
    order = np.lexsort((np.array(times, dtype=np.int64), np.array(steps, dtype=np.int64)))[::-1]
    return [(steps[at], times[at], values[at]) for at in order.tolist()]

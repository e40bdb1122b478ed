"""What the points of a batch come to."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.actions.summary import sums_of
from runs.actions.tracking import Points, log_points
from runs.models import Metric, Segment
from runs.query.series import read_series
from tests import make

numbers = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf]))
points = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), numbers), min_size=1, max_size=30)


@settings(deadline=None, max_examples=100)
@given(st.lists(points, max_size=6))
def test_the_sums_of_many_series_are_those_of_each(series):
    arrays = [
        (np.array([step for step, _ in each], dtype=np.int64), np.array([value for _, value in each]))
        for each in series
    ]
    for each, new in zip(series, sums_of(arrays), strict=True):
        steps, finite = [step for step, _ in each], [value for _, value in each if math.isfinite(value)]
        assert (new.first_step, new.last_step) == (min(steps), max(steps))
        assert new.is_forward == (steps == sorted(set(steps)))
        assert (new.finite, new.low, new.high) == (
            len(finite),
            min(finite, default=math.inf),
            max(finite, default=-math.inf),
        )
        assert math.isclose(new.total, math.fsum(finite), rel_tol=1e-9, abs_tol=1e-6)


def test_the_second_series_of_a_metric_goes_on_where_the_first_ends(workspace):
    run = make.run(workspace)
    log_points(run, [Points(name, np.array([3.0, 2.0])) for name in ("a", "b", "a")])
    assert [(each.name, each.steps.tolist()) for each in read_series(run, ["a", "b"])] == [
        ("a", [0, 1, 2, 3]),
        ("b", [0, 1]),
    ]
    summed = Metric.objects.get(run=run, name__text="a")
    assert (summed.last_step, summed.count, summed.segment_count, summed.total) == (3, 4, 2, 10.0)
    bounds = Segment.objects.filter(metric=summed).order_by("pk").values_list("first_step", "last_step")
    assert list(bounds) == [(0, 1), (2, 3)]


def test_points_that_are_all_there_already_leave_no_segment(workspace):
    run = make.run(workspace)
    again = [Points(name, np.array([1.0, math.nan]), np.arange(2), np.arange(2)) for name in ("a", "b")]
    for _ in range(2):
        log_points(run, [*again, Points("c", ["text"])], once=True)
    assert dict(Metric.objects.values_list("name__text", "count")) == {"a": 2, "b": 2, "c": 2}
    assert Segment.objects.count() == 4

"""Points, their summaries, and the merging of segments."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.actions.upkeep import merge_segments
from runs.models import Metric, Segment
from runs.models.metric import pack, unpack
from runs.query.series import read_series, thin
from tests import make

integers = st.integers(-(2**62), 2**62)


@given(st.lists(st.tuples(integers, integers, st.floats(allow_nan=True)), min_size=1), st.booleans())
def test_packed_points_come_back_to_the_bit(points, compress):
    steps, times = (np.array([p[i] for p in points], dtype=np.int64) for i in (0, 1))
    values = np.array([p[2] for p in points])
    packed = pack(steps, times, values, compress=compress)
    back = unpack(packed, Segment.COMPRESSED if compress else Segment.RAW)
    assert np.array_equal(back[0], steps) and np.array_equal(back[1], times)
    assert np.array_equal(back[2], values, equal_nan=True)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=300), st.integers(4, 50)
)
def test_thinning_keeps_ends_and_extremes(numbers, most):
    values = np.array(numbers)
    places = thin(values, most)
    assert len(places) <= max(most, 4) and list(places) == sorted(set(places.tolist()))
    finite = values[~np.isnan(values)]
    if len(finite):
        assert finite.min() in values[places] and finite.max() in values[places]
    assert places[0] == 0 and places[-1] == len(values) - 1


def test_merging_segments_changes_no_point_and_no_order(workspace):
    run = make.run(workspace)
    for batch in range(100):
        make.log(run, "loss", *[float(batch * 10 + i) for i in range(10)])
    before = read_series(run, ["loss"], points=10_000)[0]
    metric = Metric.objects.get(run=run)
    assert metric.segment_count == 100
    assert merge_segments(metric.pk) == 1
    after = read_series(run, ["loss"], points=10_000)[0]
    assert np.array_equal(before.values, after.values) and np.array_equal(before.steps, after.steps)
    make.log(run, "loss", 7.0)
    assert read_series(run, ["loss"], points=10_000)[0].values[-1] == 7.0


def test_a_metric_with_many_segments_asks_for_a_merge_once(workspace):
    from runs.models import Job

    run = make.run(workspace)
    for number in range(70):
        make.log(run, "loss", float(number))
    assert Job.objects.filter(name="merge segments").count() == 1


def test_an_ended_run_is_put_in_order_once(workspace, owner):
    from runs.actions.run import complete_run
    from runs.actions.upkeep import merge_run
    from runs.models import Job

    run = make.run(workspace)
    for number in range(20):
        make.log(run, "loss", float(number))
        make.log(run, "phase", "warm-up")
    complete_run(run, by=owner)
    assert Job.objects.get(name="merge run").payload == {"run": run.pk}
    merge_run(run.pk)
    assert Segment.objects.filter(metric__run=run, metric__name__text="loss").count() == 1
    assert list(read_series(run, ["loss"])[0].values) == [float(n) for n in range(20)]
    assert read_series(run, ["phase"])[0].values == ["warm-up"] * 20


@pytest.mark.parametrize(
    ("value", "last_text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
)
def test_what_is_not_finite_is_kept_beside_the_number(workspace, value, last_text):
    run = make.run(workspace, metrics={"loss": [1.0, value]})
    metric = Metric.objects.get(run=run)
    assert (metric.last, metric.last_text, metric.min, metric.count) == (None, last_text, 1.0, 2)


def test_two_names_of_one_batch_are_both_written(workspace):
    from runs.actions.tracking import Points, log_points

    run = make.run(workspace)
    batch = [Points(name=name, values=np.array([1.0])) for name in ("a", "b", "a")]
    assert log_points(run, batch) == 3
    counts = dict(Metric.objects.filter(run=run).values_list("name__text", "count"))
    assert counts == {"a": 2, "b": 1}

"""Points of metrics: thinned without losing a peak, cut to a range of steps, all of them in logged order."""

import math

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from runs.models import Run, Workspace
from runs.query.series import logged_values, read_series, series_shape, thin
from tests import make


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return make.run(workspace)


@given(st.lists(st.floats(allow_nan=True), max_size=300), st.integers(4, 60))
def test_thinning_keeps_the_ends_and_the_extremes(values: list[float], most: int) -> None:
    array = np.array(values, dtype=np.float64)
    places = thin(array, most)
    assert len(places) <= max(most, 4)
    assert list(places) == sorted(set(places.tolist()))
    if len(values):
        assert {0, len(values) - 1} <= set(places.tolist())
    finite = array[np.isfinite(array)]
    if len(finite):
        kept = array[places]
        kept = kept[np.isfinite(kept)]
        assert (kept.min(), kept.max()) == (finite.min(), finite.max())


def test_a_stretch_without_numbers_stays_a_gap() -> None:
    values = np.concatenate([np.ones(100), np.full(100, np.nan), np.ones(100)])
    assert np.isnan(values[thin(values, 30)]).any()


def test_a_long_series_says_that_it_is_thinned(run: Run) -> None:
    make.log(run, "loss", *[float(n % 97) for n in range(3000)])
    (series,) = read_series(run, ["loss"], points=100)
    assert (series.count, series.is_sampled) == (3000, True)
    assert len(series.values) <= 100
    assert (min(series.values), max(series.values)) == (0.0, 96.0)


def test_a_range_of_steps_is_read_in_full_detail(run: Run) -> None:
    make.log(run, "loss", *[float(n) for n in range(500)])
    make.log(run, "loss", *[float(n) for n in range(500, 1000)])
    (series,) = read_series(run, ["loss"], points=100, first=490, last=509)
    assert series.steps.tolist() == list(range(490, 510))
    assert (series.count, series.is_sampled) == (20, False)


def test_points_that_arrive_out_of_order_are_drawn_by_step_and_given_as_logged(run: Run) -> None:
    make.log(run, "loss", 3.0, 1.0, steps=[3, 1])
    make.log(run, "loss", 2.0, steps=[2])
    (series,) = read_series(run, ["loss"])
    assert (series.steps.tolist(), list(series.values)) == ([1, 2, 3], [1.0, 2.0, 3.0])
    assert logged_values(run)[run.public_id]["loss"]["value"] == [3.0, 1.0, 2.0]


def test_numbers_that_are_not_finite_travel_as_text(run: Run) -> None:
    make.log(run, "loss", 1.0, math.nan, math.inf, -math.inf)
    (series,) = read_series(run, ["loss"])
    assert series_shape(series)["value"] == [1.0, "NaN", "Infinity", "-Infinity"]


def test_texts_are_read_as_they_were_logged(run: Run) -> None:
    make.log(run, "note", "warm", "cold")
    (series,) = read_series(run, ["note"])
    assert series.values == ["warm", "cold"]


def test_names_come_in_the_order_asked_for_and_unknown_ones_not_at_all(run: Run) -> None:
    make.log(run, "a", 1.0)
    make.log(run, "b", 2.0)
    assert [series.name for series in read_series(run, ["b", "none", "a", "b"])] == ["b", "a"]


def test_the_values_of_a_whole_tree_take_as_many_queries_as_of_one_run(workspace: Workspace) -> None:
    def queries(parent: Run) -> int:
        with CaptureQueriesContext(connection) as captured:
            values = logged_values(parent, recursive=True)
        assert parent.public_id in values
        return len(captured)

    one = make.run(workspace, metrics={"loss": 1.0})
    make.run(workspace, parent=one, metrics={"loss": 2.0})
    many = make.run(workspace, metrics={"loss": 1.0})
    parent = many
    for depth in range(6):
        parent = make.run(workspace, parent=parent, metrics={"loss": float(depth), "acc": 1.0})
    assert queries(one) == queries(many)
    assert len(logged_values(many, recursive=True)) == 7
    assert list(logged_values(many)) == [many.public_id]

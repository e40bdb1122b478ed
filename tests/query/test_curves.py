"""The curves of a run: every axis, the band of what is thinned, smoothing, outliers, and only what is new."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.tracking import Points, log_points
from runs.actions.upkeep import merge_run
from runs.models import Run, Workspace
from runs.query.curve import Look
from runs.query.curves import read_curves, read_newer
from runs.query.drawing import curve_rows, curves_drawing, said_of
from runs.query.lines import smoothed
from runs.query.run_metrics import chosen_metrics
from tests import make


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return make.run(workspace)


def curve(run: Run, name: str = "loss", **look: object):
    over = look.pop("over", None)
    chosen = chosen_metrics(run, [str(over)])[0] if over else None
    return read_curves(run, chosen_metrics(run, [name]), Look(over=chosen, **look)).curves[0]  # type: ignore[arg-type]


def test_few_points_are_given_as_they_are(run: Run) -> None:
    make.log(run, "loss", 3.0, 2.0, 1.0, steps=[0, 2, 1])
    found = curve(run)
    assert found.x.tolist() == [0, 1, 2] and found.y.tolist() == [3.0, 1.0, 2.0]
    assert found.low is None and (found.count, found.total, found.gaps) == (3, 3, 0)


def test_a_thinned_curve_has_real_points_and_a_band_that_holds_every_value(run: Run) -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    values[5_000] = 99.0
    log_points(run, [Points("loss", values)])
    found = curve(run, points=200)
    assert len(found.x) <= 200 and found.x[0] == 0 and found.x[-1] == 9_999
    assert found.y.tolist() == values[found.x.astype(int)].tolist()
    assert found.low is not None and found.high is not None
    assert (found.low.min(), found.high.max()) == (values.min(), 99.0)
    assert "of 10,000 points, the band" in said_of(read_curves(run, chosen_metrics(run, ["loss"]), Look()))[0]


def test_what_is_not_finite_is_a_gap_and_is_told(run: Run) -> None:
    make.log(run, "loss", 1.0, float("nan"), float("inf"), 2.0)
    drawing = curves_drawing(run, read_curves(run, chosen_metrics(run, ["loss"]), Look()), Look())
    assert drawing.shape["lines"][0]["y"] == [1.0, None, None, 2.0]
    assert drawing.said == ["4 points", "2 not a finite number"]
    make.log(run, "lost", float("nan"))
    lost = read_curves(run, chosen_metrics(run, ["lost"]), Look())
    assert curves_drawing(run, lost, Look()).empty == "None of 1 point is a finite number."


def test_a_stretch_without_numbers_stays_a_gap_when_thinned(run: Run) -> None:
    values = np.concatenate([np.ones(1000), np.full(1000, np.nan), np.ones(1000)])
    log_points(run, [Points("loss", values)])
    assert np.isnan(curve(run, points=30).y).any()


def test_a_text_among_numbers_is_a_gap(run: Run) -> None:
    make.log(run, "loss", 1.0, 2.0)
    make.log(run, "loss", "oops")
    make.log(run, "loss", 3.0)
    found = curve(run)
    assert found.gaps == 1 and np.nanmax(found.y) == 3.0 and found.count == 4


def test_time_and_relative_time_stand_across(run: Run) -> None:
    start = int(run.started_at.timestamp() * 1000)  # type: ignore[union-attr]
    times = np.array([start + 4_000, start + 2_000])
    log_points(run, [Points("loss", np.array([1.0, 2.0]), times=times)])
    assert curve(run, across="time").x.tolist() == [start + 2_000, start + 4_000]
    relative = curve(run, across="relative")
    assert relative.y.tolist() == [2.0, 1.0]
    assert relative.x.tolist() == pytest.approx([2.0, 4.0], abs=0.002)


def test_points_older_than_their_run_begin_at_nought(run: Run) -> None:
    log_points(run, [Points("loss", np.array([1.0, 2.0]), times=np.array([1_000, 3_500]))])
    assert curve(run, across="relative").x.tolist() == [0.0, 2.5]


def test_another_metric_stands_across_where_both_have_the_step(run: Run) -> None:
    make.log(run, "loss", 1.0, 2.0, 3.0, steps=[0, 1, 2])
    make.log(run, "rate", 0.5, 0.25, steps=[0, 2])
    found = curve(run, across="metric", over="rate")
    assert found.x.tolist() == [0.5, 0.25] and found.y.tolist() == [1.0, 3.0] and found.alone == 1


def test_smoothing_is_of_all_points_also_when_thinned_or_cut_to_a_window(run: Run) -> None:
    values = np.random.default_rng(2).normal(size=3_000)
    log_points(run, [Points("loss", values)])
    whole = smoothed(values, 0.9)
    thinned = curve(run, smooth=0.9, points=100)
    assert thinned.smooth is not None and np.allclose(thinned.smooth, whole[thinned.x.astype(int)])
    window = curve(run, smooth=0.9, first=1000, last=1010)
    assert window.smooth is not None and np.allclose(window.smooth, whole[window.x.astype(int)])


def test_a_window_gives_every_point_in_it_and_one_beyond_each_edge(run: Run) -> None:
    log_points(run, [Points("loss", np.arange(5_000, dtype=float))])
    found = curve(run, first=1000, last=1100)
    assert found.x.tolist() == list(range(999, 1102)) and found.low is None


def test_outliers_are_cut_off_and_counted(run: Run) -> None:
    values = np.concatenate([np.linspace(0, 1, 1000), [500.0, -500.0]])
    log_points(run, [Points("loss", values)])
    found = read_curves(run, chosen_metrics(run, ["loss"]), Look(is_cut=True))
    assert found.bounds is not None and -0.2 < found.bounds[0] < found.bounds[1] < 1.2
    assert found.outside == 2 and "2 outside are cut off" in said_of(found)


def test_only_what_came_since_is_given(run: Run) -> None:
    make.log(run, "loss", 1.0, 2.0)
    make.log(run, "loss", 3.0, 4.0)
    newer = read_newer(run, chosen_metrics(run, ["loss"]), [3], Look())
    assert newer is not None
    found = newer.curves[0]
    assert (found.x.tolist(), found.y.tolist(), found.total, found.since) == ([3], [4.0], 4, 3)


def test_what_came_since_is_the_same_after_a_merge(run: Run) -> None:
    for value in range(10):
        make.log(run, "loss", float(value))
    merge_run(run.pk)
    make.log(run, "loss", 10.0)
    newer = read_newer(run, chosen_metrics(run, ["loss"]), [8], Look())
    assert newer is not None and newer.curves[0].y.tolist() == [8.0, 9.0, 10.0]


def test_whoever_has_more_than_there_is_reads_everything_anew(run: Run) -> None:
    make.log(run, "loss", 1.0)
    assert read_newer(run, chosen_metrics(run, ["loss"]), [5], Look()) is None


def test_many_curves_take_as_many_queries_as_one(run: Run) -> None:
    for name in "abcdef":
        make.log(run, name, 1.0, 2.0)
    metrics = chosen_metrics(run, list("abcdef"))
    with CaptureQueriesContext(connection) as captured:
        read_curves(run, metrics, Look(across="metric", over=metrics[0]))
        read_newer(run, metrics, [1] * 6, Look())
    assert len(captured) == 4


def test_the_table_has_every_point(run: Run) -> None:
    make.log(run, "loss", 1.0, float("nan"))
    heads, rows = curve_rows(read_curves(run, chosen_metrics(run, ["loss"]), Look()), Look())
    assert heads == ["metric", "step", "value"]
    assert list(rows) == [["loss", 0, 1.0], ["loss", 1, None]]

"""What charts show, compared with numpy and with plain Python."""

import numpy as np
import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from runs.errors import Invalid
from runs.query import chart_data as query
from runs.query.chart_request import read_chart
from runs.query.chart_shape import chart_shape, table_of
from runs.query.lines import smoothed
from tests import make


def shape(space, text, **asked):
    return chart_shape(content(space, text, **asked))


def content(space, text, *, viewer=None, **asked):
    query = QueryDict(mutable=True)
    query["chart"] = text
    for name, value in asked.items():
        query.setlist(name.rstrip("_"), value if isinstance(value, list) else [value])
    return read_chart(space, query, viewer=viewer)


def plain_smoothing(values, weight):
    total, share, result = 0.0, 0.0, []
    for value in values:
        if np.isfinite(value):
            total, share = weight * total + (1 - weight) * value, weight * share + (1 - weight)
            result.append(total / share)
        else:
            result.append(np.nan)
    return result


@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=400), st.floats(0.001, 0.99))
def test_smoothing_is_the_running_mean_of_what_has_come(values, weight):
    expected = plain_smoothing(values, weight)
    np.testing.assert_allclose(smoothed(np.array(values), weight), expected, rtol=1e-6, atol=1e-6)


def test_lines_are_whole_where_they_are_short(workspace):
    run = make.run(workspace, display_name="a", metrics={"loss": [3.0, float("nan"), 1.0], "acc": [0.5]})
    make.run(workspace, display_name="without")
    made = shape(workspace, "line:metrics.loss,metrics.acc")
    loss, acc = made["lines"]
    assert (loss["x"], loss["y"], loss["gaps"]) == ([0, 1, 2], [3.0, None, 1.0], 1)
    assert made["runs"][loss["run"]]["id"] == run.public_id and acc["metric"] == "acc"
    assert made["said"] == ["2 runs", "4 points", "1 not a finite number"] and made["empty"] == ""


def test_thinning_keeps_the_lowest_and_the_highest_and_says_so(workspace):
    values = np.random.default_rng(1).normal(size=5000)
    values[[1234, 4321]] = [99.0, -99.0]
    make.run(workspace, metrics={"loss": values.tolist()})
    made = shape(workspace, "line:metrics.loss", points="200")
    (line,) = made["lines"]
    assert len(line["x"]) <= 200 and line["count"] == 5000
    assert (max(line["y"]), min(line["y"])) == (99.0, -99.0)
    assert [values[x] for x in line["x"]] == line["y"]
    assert f"{len(line['x']):,} of 5,000 points" in made["said"]


def test_a_closer_look_has_finer_points(workspace):
    values = np.random.default_rng(2).normal(size=5000)
    make.run(workspace, metrics={"loss": values.tolist()})
    (line,) = shape(workspace, "line:metrics.loss", points="200", from_="1000", to="1099")["lines"]
    assert line["x"] == list(range(999, 1101)) and line["y"] == values[999:1101].tolist()


def test_smoothing_counts_all_points_also_in_a_closer_look(workspace):
    values = np.random.default_rng(3).normal(size=3000)
    make.run(workspace, metrics={"loss": values.tolist()})
    expected = plain_smoothing(values, 0.9)
    for asked in ({}, {"from_": "2000", "to": "2100"}):
        (line,) = shape(workspace, "line:metrics.loss;smooth=0.9", points="100", **asked)["lines"]
        np.testing.assert_allclose(line["smooth"], [expected[x] for x in line["x"]], rtol=1e-9)
        assert line["y"] == [values[x] for x in line["x"]]


def test_steps_out_of_order_are_drawn_in_order(workspace):
    run = make.run(workspace)
    make.log(run, "loss", 5.0, 6.0, steps=[5, 6])
    make.log(run, "loss", 1.0, 2.0, steps=[1, 2])
    (line,) = shape(workspace, "line:metrics.loss")["lines"]
    assert (line["x"], line["y"]) == ([1, 2, 5, 6], [1.0, 2.0, 5.0, 6.0])


def test_relative_time_begins_at_nought_and_time_is_in_milliseconds(workspace):
    make.run(workspace, metrics={"loss": [1.0, 2.0]})
    (line,) = shape(workspace, "line:metrics.loss;x=relative")["lines"]
    assert line["x"][0] == 0
    (line,) = shape(workspace, "line:metrics.loss;x=time")["lines"]
    assert line["x"][0] > 1.5e12


def test_texts_are_not_drawn_and_that_is_said(workspace):
    make.run(workspace, metrics={"note": ["words"]})
    made = shape(workspace, "line:metrics.note")
    assert made["lines"] == [] and "1 metric of text not drawn" in made["said"]
    assert made["empty"] == "No run here has note as numbers."


def test_too_many_points_are_left_out_and_that_is_said(workspace, monkeypatch):
    monkeypatch.setattr("runs.query.lines.MOST_READ", 12)
    for _ in range(3):
        make.run(workspace, metrics={"loss": [1.0] * 5})
    made = shape(workspace, "line:metrics.loss")
    assert len(made["lines"]) == 2 and "1 line not read: too many points" in made["said"]


def test_the_chart_follows_filter_order_and_selection(workspace, monkeypatch):
    runs = [
        make.run(workspace, display_name=f"r{n}", metrics={"loss": n}, params={"lr": n}) for n in range(5)
    ]
    names = lambda **asked: [run["name"] for run in shape(workspace, "bar:metrics.loss", **asked)["runs"]]  # noqa: E731
    assert names(sort="metrics.loss") == ["r0", "r1", "r2", "r3", "r4"]
    assert names(filter="metrics.loss >= 3") == ["r4", "r3"]
    chosen = [runs[3].public_id, runs[1].public_id, "no-such-run", "bad\x00"]
    made = shape(workspace, "bar:metrics.loss", selected=chosen, filter="not a filter")
    assert [run["name"] for run in made["runs"]] == ["r3", "r1"] and made["said"] == ["2 selected runs"]
    monkeypatch.setattr(query, "MOST_RUNS", 2)
    assert shape(workspace, "bar:metrics.loss")["said"] == ["2 of 5 runs"]


def test_a_selection_finds_no_run_of_another_workspace(workspace, stranger):
    other = make.run(make.workspace(owner=stranger), metrics={"loss": 1})
    for text in ("bar:metrics.loss", "line:metrics.loss", "status"):
        made = shape(workspace, text, selected=[other.public_id])
        assert made["runs"] == [] and made["empty"]


def test_points_bars_and_coordinates_hold_any_number(workspace):
    make.run(
        workspace, display_name="a", metrics={"acc": [0.5, 0.9, 0.8]}, params={"lr": "0.1", "opt": "adam"}
    )
    made = shape(workspace, "scatter:params.lr,metrics.acc.max;by=params.opt")
    assert made["values"] == [[0.1, 0.9]] and made["runs"][0]["group"] == "adam"
    made = shape(workspace, "parallel:params.lr,params.opt,metrics.acc,duration")
    assert made["values"][0][:3] == [0.1, "adam", 0.8] and made["values"][0][3] >= 0
    made = shape(workspace, "scatter:created,metrics.acc")
    assert made["fields"][0]["is_time"] and made["values"][0][0] > 1.5e12


def test_groups_have_their_mean_and_spread(workspace):
    for depth, values in (("10", [1.0, 2.0, 6.0]), ("9", [5.0])):
        for value in values:
            make.run(workspace, metrics={"loss": value}, params={"depth": depth})
    make.run(workspace, metrics={"loss": 7})
    made = shape(workspace, "bar:metrics.loss;by=params.depth")
    nine, ten = made["groups"]
    assert (nine["name"], nine["mean"], nine["spread"], nine["count"]) == ("9", 5.0, 0.0, 1)
    assert ten["mean"] == 3.0 and ten["spread"] == pytest.approx(np.std([1, 2, 6], ddof=1))
    assert "1 without a number here" in made["said"]
    heads, rows = table_of(content(workspace, "bar:metrics.loss;by=params.depth"))
    assert heads == ["depth", "runs", "mean loss", "spread", "least", "most"]
    assert list(rows)[1][:3] == ["10", 3, 3.0]
    assert sorted(shape(workspace, "box:metrics.loss;by=params.depth")["groups"][1]["values"]) == [1, 2, 6]


def test_statuses_are_counted_by_day(workspace):
    from datetime import UTC, datetime

    for day, start in ((1, True), (1, False), (2, True)):
        make.run(workspace, start=start, created_at=datetime(2026, 11, day, 12, 30, tzinfo=UTC))
    made = shape(workspace, "status")
    assert made["times"] == ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]
    assert made["counts"] == {"NotStarted": [1, 0], "Running": [1, 1]} and made["said"] == ["3 runs"]
    assert shape(workspace, "status;x=hour")["times"][0] == "2026-11-01T12:00:00Z"


def test_an_empty_list_says_so(workspace):
    for text in ("status", "line:metrics.loss", "scatter:params.a,params.b"):
        assert shape(workspace, text)["empty"] == "No run matches."
    make.run(workspace)
    assert shape(workspace, "line:metrics.loss")["empty"] == "No run here has loss as numbers."
    assert shape(workspace, "box:metrics.loss;by=tags.team")["empty"] == (
        "No run here has both loss, as a number, and team."
    )


@pytest.mark.parametrize("count", [2, 30])
@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("line:metrics.loss,metrics.acc;by=tags.team", 8),
        ("scatter:params.lr,metrics.acc;by=tags.team", 7),
        ("status", 2),
    ],
)
def test_the_number_of_queries_does_not_depend_on_the_data(workspace, reads, text, most, count):
    for n in range(count):
        run = make.run(workspace, metrics={"loss": [1.0, 2.0], "acc": [n]}, params={"lr": n})
        make.tag(run, team="a")
    with reads(at_most=most):
        shape(workspace, text)


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"from_": "abc"}, "from"), ({"points": "1"}, "points"), ({"points": "many"}, "points"),
     ({"filter": "x ="}, "filter"), ({"sort": "nothing"}, "sort")],
)  # fmt: skip
def test_a_mistake_names_its_parameter(workspace, asked, field):
    with pytest.raises(Invalid) as refused:
        shape(workspace, "line:metrics.loss", **asked)
    assert refused.value.field == field


def test_a_run_that_diverged_leaves_the_axes_as_they_are(workspace):
    """NaN and infinity are numbers that are drawn nowhere, never words between numbers."""
    make.run(workspace, params={"lr": "nan"}, metrics={"loss": [1.0, float("nan")]})
    make.run(workspace, params={"lr": "-Infinity"}, metrics={"loss": [float("inf")]})
    make.run(workspace, params={"lr": "0.1"}, metrics={"loss": [0.5]})
    made = shape(workspace, "parallel:params.lr,metrics.loss")
    assert made["values"] == [[0.1, 0.5], [None, None], [None, None]]
    assert made["said"] == ["3 runs", "2 without all of these values"]
    assert shape(workspace, "bar:metrics.loss")["said"] == ["3 runs", "2 without a number here"]


def test_a_logarithmic_axis_says_what_it_cannot_show(workspace):
    make.run(workspace, params={"lr": 0}, metrics={"loss": [-1.0, 0.0, 2.0, float("nan")]})
    made = shape(workspace, "line:metrics.loss;log=y")
    assert made["said"][1:] == [
        "4 points", "1 not a finite number", "2 not above 0, off the logarithmic axis"
    ]  # fmt: skip
    assert made["empty"] == ""
    assert "logarithmic axis cannot show" in shape(workspace, "line:metrics.loss;log=y", to="0")["empty"]


@pytest.mark.parametrize(
    "chart",
    ["scatter:params.lr,metrics.acc;log=x", "bar:params.lr;log=y", "box:params.lr;by=status;log=y",
     "bar:params.lr;by=status;log=y"],
)  # fmt: skip
def test_nothing_above_nought_on_a_logarithmic_axis_is_an_empty_chart(workspace, chart):
    make.run(workspace, params={"lr": -1}, metrics={"acc": 0.5})
    assert "logarithmic axis cannot show" in shape(workspace, chart)["empty"]


def test_thinning_for_a_logarithmic_axis_tears_no_holes(workspace):
    """Values that swing around nought: of each bucket the lowest that has a place on the axis stays."""
    values = np.sin(np.arange(4000))
    make.run(workspace, metrics={"loss": values.tolist()})
    (line,) = shape(workspace, "line:metrics.loss;log=y", points="200")["lines"]
    assert sum(y <= 0 for y in line["y"]) <= 2
    assert max(line["y"]) == values.max()


def test_sums_that_overflow_are_no_numbers(workspace):
    for _ in range(3):
        make.run(workspace, tags={"team": "a"}, metrics={"loss": 1.7e308})
    (group,) = shape(workspace, "bar:metrics.loss;by=tags.team")["groups"]
    assert group["mean"] is None and group["spread"] is None and group["count"] == 3


def test_a_tag_without_a_value_is_another_group_than_no_tag(workspace):
    flagged = make.run(workspace, metrics={"loss": 1.0})
    make.tag(flagged, debug="")
    make.run(workspace, metrics={"loss": 2.0})
    assert [run["group"] for run in shape(workspace, "line:metrics.loss;by=tags.debug")["runs"]] == [None, ""]
    (group,) = shape(workspace, "bar:metrics.loss;by=tags.debug")["groups"]
    assert (group["name"], group["values"]) == ("", [1.0])

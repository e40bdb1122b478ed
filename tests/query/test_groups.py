"""Groups of runs against a definition that takes a line: equal values, their mean, their deviation."""

import statistics

import pytest

from runs.errors import Invalid
from runs.query import groups
from runs.query.columns import parse_columns, parse_sort
from runs.query.conditions import Conditions
from runs.query.filters import RunFilters
from runs.query.groups import condition_of, group_runs, parse_group
from runs.query.nodes import to_text
from runs.query.runs import list_runs, plan_runs
from tests import make

LONG = "x" * 300


@pytest.fixture
def runs(workspace, owner, contributor):
    made = []
    for n in range(12):
        run = make.run(
            workspace,
            "digits" if n % 3 else "letters",
            by=owner if n % 4 else contributor,
            display_name=f"run {n}",
            params={"lr": str(n % 2 / 10)},
            metrics={"loss": [9.0, float(n)], "odd": float("nan") if n == 1 else 1.0} if n != 7 else {},
        )
        if n % 3 == 0:
            make.tag(run, team="vision" if n % 2 else LONG)
        if n == 4:
            make.tag(run, team=None)
        made.append(run)
    return made


def grouped(space, by: str, columns="metrics.loss,metrics.loss.max,params.lr,metrics.odd", sort="", **asked):
    plan = plan_runs(space, RunFilters(asked).conditions(), viewer=None)
    return group_runs(plan, parse_group(by), parse_columns(columns), parse_sort(sort))


@pytest.mark.parametrize(
    "by", ["experiment", "status", "created_by", "target", "type", "tags.team", "params.lr", "tags.new"]
)
def test_each_groups_filter_leaves_exactly_its_runs(workspace, runs, by):
    found = grouped(workspace, by)
    assert sum(group.count for group in found.rows) == found.run_count == 12
    seen = []
    for group in found.rows:
        text = to_text(condition_of(parse_group(by), group.value, has_field=group.has_field))
        page = list_runs(workspace, RunFilters({"filter": text}).conditions(), viewer=None)
        assert len(page.rows) == group.count, text
        seen += [row.run.pk for row in page.rows]
    assert len(seen) == len(set(seen)) == 12


def test_mean_and_spread_are_those_of_the_runs(workspace, runs):
    for group in grouped(workspace, "experiment").rows:
        members = [n for n in range(12) if (n % 3 != 0) == (group.value == "digits")]
        losses = [float(n) for n in members if n != 7]
        spread = group.spreads["metrics.loss"]
        assert spread.n == len(losses)
        assert spread.mean == pytest.approx(statistics.mean(losses))
        assert spread.deviation == pytest.approx(statistics.stdev(losses))
        assert group.spreads["metrics.loss.max"].mean == 9.0 or max(losses) > 9
        assert group.spreads["params.lr"].mean == pytest.approx(statistics.mean(n % 2 / 10 for n in members))


def test_what_is_not_finite_counts_for_no_mean(workspace, runs):
    (digits, _) = grouped(workspace, "experiment").rows
    assert digits.value == "digits" and digits.spreads["metrics.odd"].n == 6  # 8 runs: one NaN, one without


def test_one_run_has_no_spread(workspace):
    make.run(workspace, metrics={"loss": 1.0})
    (group,) = grouped(workspace, "status").rows
    assert group.spreads["metrics.loss"].mean == 1.0 and group.spreads["metrics.loss"].deviation is None


def test_numbers_near_the_largest_do_not_overflow(workspace):
    for _ in range(3):
        make.run(workspace, metrics={"loss": 1.7e308})
    (group,) = grouped(workspace, "status").rows
    assert group.spreads["metrics.loss"].mean == pytest.approx(1.7e308)


def test_the_largest_group_comes_first_and_those_without_last(workspace, runs):
    values = [(group.value, group.has_field) for group in grouped(workspace, "tags.team").rows]
    assert values == [("vision", True), (LONG, True), (None, True), (None, False)]


def test_the_lists_order_is_that_of_the_groups(workspace, runs):
    by_mean = [group.value for group in grouped(workspace, "experiment", sort="-metrics.loss").rows]
    assert by_mean == ["digits", "letters"]
    assert [group.value for group in grouped(workspace, "experiment", sort="metrics.loss").rows] == by_mean[
        ::-1
    ]
    assert [group.value for group in grouped(workspace, "experiment", sort="-experiment").rows] == [
        "letters",
        "digits",
    ]


def test_many_runs_are_cut_and_it_is_said(workspace, runs, monkeypatch):
    monkeypatch.setattr(groups, "MOST_RUNS", 6)
    monkeypatch.setattr(groups, "MOST_GROUPS", 2)
    found = grouped(workspace, "tags.team")
    assert (found.run_count, found.is_more) == (6, True)
    assert len(found.rows) == 2 and found.group_count == 3


def test_a_filter_changes_the_numbers_as_it_changes_the_list(workspace, runs, monkeypatch):
    whole = {group.value: group for group in grouped(workspace, "params.lr", filter="metrics.loss > 3").rows}
    monkeypatch.setattr("runs.query.planner.FEW", 0)
    walked = {group.value: group for group in grouped(workspace, "params.lr", filter="metrics.loss > 3").rows}
    assert whole == walked and {value: group.count for value, group in whole.items()} == {"0.0": 4, "0.1": 3}
    spread = walked["0.1"].spreads["metrics.loss"]
    assert (spread.mean, spread.n) == (pytest.approx((5 + 9 + 11) / 3), 3)


def test_the_queries_do_not_grow(workspace, runs, reads):
    plan = plan_runs(workspace, Conditions(), viewer=None)
    columns = parse_columns("duration,metrics.loss,metrics.loss.min,metrics.odd,params.lr,tags.team,status")
    with reads(at_most=6):
        group_runs(plan, parse_group("tags.team"), columns)


@pytest.mark.parametrize("text", ["metrics.loss", "created", "nonsense", "", "tags."])
def test_what_makes_no_groups_is_refused_in_words(text):
    with pytest.raises(Invalid, match="grouped by") as refusal:
        parse_group(text)
    assert refusal.value.field == "group"

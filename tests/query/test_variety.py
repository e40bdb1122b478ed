"""What differs among the runs of a list."""

import pytest

from runs.query.columns import NEWEST_FIRST, parse_columns
from runs.query.conditions import Conditions
from runs.query.grammar import parse
from runs.query.runs import plan_runs
from runs.query.variety import variety_of
from tests import make


def constant(workspace, owner, text, *, where=""):
    plan = plan_runs(workspace, Conditions(parse(where)), viewer=owner)
    variety = variety_of(plan, NEWEST_FIRST)
    (column,) = parse_columns(text)
    return variety.is_constant(column)


@pytest.fixture
def runs(workspace):
    long = "x" * 300
    for n in range(3):
        make.run(
            workspace,
            params={"lr": str(n), "seed": "1", "text": long, "end": long + str(n)},
            tags={"team": "vision", "bare": None, "half": None if n else "set"}
            | ({"some": "x"} if n else {}),
            metrics={"loss": n / 3, "same": 0.5, "bad": "NaN", "turns": "NaN" if n else 1.0},
        )


@pytest.mark.parametrize(
    "text",
    ["params.seed", "params.text", "tags.team", "tags.bare", "metrics.same", "metrics.bad", "params.unknown"],
)
def test_what_says_the_same_of_all_is_constant(workspace, owner, runs, text):
    assert constant(workspace, owner, text)


@pytest.mark.parametrize(
    "text",
    ["params.lr", "params.end", "tags.half", "tags.some", "metrics.loss", "metrics.turns", "name", "created"],
)
def test_what_tells_them_apart_is_not(workspace, owner, runs, text):
    assert not constant(workspace, owner, text)


def test_only_the_runs_of_the_list_count(workspace, owner, runs):
    make.run(workspace, experiment="other", tags={"team": "nlp"})
    assert not constant(workspace, owner, "tags.team") and not constant(workspace, owner, "experiment")
    inside = "experiment = 'digits'"
    assert constant(workspace, owner, "tags.team", where=inside)
    assert constant(workspace, owner, "experiment", where=inside)


def test_of_one_run_nothing_is_said(workspace, owner):
    make.run(workspace, params={"seed": "1"})
    assert not constant(workspace, owner, "params.seed")


def test_the_number_of_queries_does_not_depend_on_the_runs(workspace, owner, runs, reads):
    plan = plan_runs(workspace, Conditions(), viewer=owner)
    with reads(at_most=6):
        variety_of(plan, NEWEST_FIRST)

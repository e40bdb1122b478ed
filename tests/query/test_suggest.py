"""What is suggested to filter by, and what may follow in a half-written filter."""

import pytest

from runs.errors import Invalid
from runs.query import suggest
from runs.query.complete import complete
from runs.query.fields import Source
from runs.query.filters import RunFilters
from runs.query.grammar import parse_field
from runs.query.runs import list_runs
from runs.query.suggest import suggest_keys, suggest_values
from tests import make


@pytest.fixture
def runs(workspace, owner, contributor):
    made = [
        make.run(
            workspace,
            "digits" if n % 3 else "letters",
            by=owner if n else contributor,
            params={"lr": str(n % 2 / 10)},
            metrics={"val/loss": 1.0},
            target="gpu" if n == 1 else "",
            run_type="training",
        )
        for n in range(6)
    ]
    for n, run in enumerate(made):
        make.tag(run, team="vision" if n < 4 else "text", **({"great run": None} if n == 2 else {}))
    return made


def values(space, field: str, text: str = "") -> list[tuple[str | None, str]]:
    return [(each.text, str(each.count)) for each in suggest_values(space, parse_field(field), text)]


def test_values_come_with_their_counts_the_most_frequent_first(workspace, runs):
    assert values(workspace, "tags.team") == [("vision", "4"), ("text", "2")]
    assert values(workspace, "tags.team", "te") == [("text", "2")]
    assert values(workspace, "params.lr") == [("0.0", "3"), ("0.1", "3")]
    assert values(workspace, "tags.`great run`") == [(None, "1")]
    assert values(workspace, "tags.unknown") == []


@pytest.mark.parametrize("field", ["status", "experiment", "created_by", "target", "type"])
def test_the_count_of_an_attribute_is_what_its_filter_finds(workspace, runs, field):
    found = suggest_values(workspace, parse_field(field))
    assert found
    for each in found:
        text = f"{field} = '{each.text}'"
        page = list_runs(workspace, RunFilters({"filter": text}).conditions(), viewer=None)
        assert str(each.count) == str(len(page.rows)), text


def test_other_workspaces_suggest_nothing_here(workspace, runs, stranger):
    other = stranger.memberships.get().workspace
    assert values(other, "tags.team") == values(other, "experiment") == values(other, "created_by") == []
    assert suggest_keys(other, Source.TAG) == []


def test_many_values_are_cut_and_counts_too(workspace, owner, monkeypatch):
    monkeypatch.setattr(suggest, "MOST_VALUES", 3)
    monkeypatch.setattr(suggest, "CAP", 2)
    for n in range(5):
        make.tag(make.run(workspace), number=str(n), team="one")
    assert [text for text, _ in values(workspace, "tags.number")] == ["0", "1", "2"]
    assert values(workspace, "tags.team") == [("one", "2+")]


def test_keys_that_begin_so_come_before_those_that_hold_it(workspace, owner):
    make.run(workspace, metrics={"loss": 1.0, "val/loss": 1.0, "accuracy": 1.0})
    assert suggest_keys(workspace, Source.METRIC, "LOSS") == ["loss", "val/loss"]
    assert suggest_keys(workspace, Source.METRIC) == ["accuracy", "loss", "val/loss"]


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_what_no_value_holds_suggests_nothing(workspace, runs, text):
    assert values(workspace, "tags.team", text) == [] and suggest_keys(workspace, Source.TAG, text) == []


def test_values_of_a_metric_are_not_listed(workspace, runs):
    with pytest.raises(Invalid, match="not listed"):
        suggest_values(workspace, parse_field("metrics.loss"))


def test_reads_do_not_grow_with_the_values(workspace, runs, reads):
    with reads(at_most=3):
        values(workspace, "tags.team")


CASES = {
    "": "status",
    "sta": "status",
    "status = 'Completed' and (no": None,
    "not tags.te": "tags.team",
    "tags.": 'tags."great run"',
    "metrics.val": "metrics.val/loss",
    "metrics.val/loss.m": "metrics.val/loss.min",
    "tags.team ": "=",
    "tags.team = ": "'vision'",
    "tags.team = 't": "'text'",
    "tags.team in ('text', ": "'vision'",
    "status != Run": "'Running'",
    "created > -7d and starred = ": "true",
    "tea": "tags.team",
    "metrics.val/loss is": "IS NULL",
    "'": None,
    "tags.team = 'vision' ": None,
    "\x00": None,
}


@pytest.mark.parametrize(("text", "option"), CASES.items())
def test_what_may_follow(workspace, runs, text, option):
    found = complete(workspace, text)
    texts = [each.text for each in found.options]
    assert option in texts if option else not texts, texts


def test_what_is_put_in_place_of_the_typed_makes_a_filter(workspace, runs):
    found = complete(workspace, "not tags.team = 'vi")
    assert "not tags.team = 'vi"[: found.start] + found.options[0].text == "not tags.team = 'vision'"


def test_a_long_text_is_read_at_its_end(workspace, runs):
    text = "status = 'Running' or " * 5000 + "tags.te"
    found = complete(workspace, text)
    assert "tags.team" in [each.text for each in found.options]
    assert found.start == len(text) - len("tags.te")

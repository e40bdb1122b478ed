"""The search box: every word, anywhere in what describes a run, whatever its case."""

from unittest.mock import patch

import pytest

from runs.errors import Invalid
from runs.models import User, Workspace
from runs.query.conditions import Conditions
from runs.query.runs import list_runs
from runs.query.search import words_of
from tests import make


@pytest.fixture
def runs(workspace: Workspace) -> None:
    make.run(
        workspace,
        "digits",
        display_name="BERT large",
        description="The baseline of 100% of it",
        tags={"team": "Vision"},
    )
    make.run(workspace, "diabetes", display_name="Übung_eins", tags={"quality": "great run"})
    make.run(workspace, "diabetes", display_name="waiting", start=False)


def found(workspace: Workspace, viewer: User, words: str) -> set[str]:
    results = []
    for cap in (0, 5000):
        with patch("runs.query.planner.FEW", cap):
            page = list_runs(workspace, Conditions(search=words), viewer=viewer)
        results.append({run.display_name for run in page.runs})
    assert results[0] == results[1]
    return results[0]


ALL = {"BERT large", "Übung_eins", "waiting"}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", ALL),
        ("bert", {"BERT large"}),
        ("ert lar", {"BERT large"}),
        ("large BERT", {"BERT large"}),
        ("bert übung", set()),
        ("ÜBUNG", {"Übung_eins"}),
        ("g_e", {"Übung_eins"}),
        ("g%e", set()),
        ("100%", {"BERT large"}),
        ("100_", set()),
        ("rg", {"BERT large"}),
        ("%", {"BERT large"}),
        ("vision", {"BERT large"}),
        ("team=vision", {"BERT large"}),
        ("m=vis", {"BERT large"}),
        ("ng_ei", {"Übung_eins"}),
        ("ngxei", set()),
        ("ngqei", set()),
        ('"great run"', {"Übung_eins"}),
        ('"great  run"', set()),
        ("diabetes", {"Übung_eins", "waiting"}),
        ("baseline", {"BERT large"}),
        ("olga", ALL),
        ("running", {"BERT large", "Übung_eins"}),
        ("notstarted", {"waiting"}),
        ("notstarted diabetes", {"waiting"}),
        ("'; drop table", set()),
        ("zzz", set()),
    ],
)
def test_words_find_runs(runs: None, workspace: Workspace, owner: User, words: str, names: set[str]) -> None:
    assert found(workspace, owner, words) == names


@pytest.mark.parametrize(
    "text", ["100%", "a_b", "near(x", "*.py", "a and b", "not x", "^col:on", "-77x", "it's", "{x}"]
)
def test_signs_and_the_words_of_the_index_are_plain_text(
    workspace: Workspace, owner: User, text: str
) -> None:
    make.run(workspace, display_name=f"with {text} in it")
    for other in ("100 percent", "a-b", "nearly x", "py", "and b a", "x not", "colon", "77x", "its", "x"):
        make.run(workspace, display_name=other)
    assert found(workspace, owner, f'"{text}"') == {f"with {text} in it"}


def test_a_search_of_many_different_letters_is_answered(workspace: Workspace, owner: User) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(240))
    make.run(workspace, display_name=text)
    assert found(workspace, owner, text) == {text}
    assert found(workspace, owner, text[::-1]) == set()


def test_a_short_word_is_the_beginning_of_an_id_or_in_something_else(
    workspace: Workspace, owner: User
) -> None:
    make.run(workspace, display_name="root 3", run_id="ab-7")
    make.run(workspace, display_name="root 5", run_id="x3-3")
    assert found(workspace, owner, "root 3") == {"root 3"}
    assert found(workspace, owner, "x3") == {"root 5"}
    assert found(workspace, owner, "AB") == {"root 3"}


def test_letters_that_every_run_has_hide_none(workspace: Workspace, owner: User) -> None:
    for number in range(110):
        make.run(workspace, display_name=f"ml-{number}x", start=False)
    assert found(workspace, owner, "ml-7") == {f"ml-{number}x" for number in (7, *range(70, 80))}
    assert found(workspace, owner, "ml-7 ml-71x") == {"ml-71x"}
    assert found(workspace, owner, "ml-zz") == set()
    page = list_runs(workspace, Conditions(search="ml-"), viewer=owner, limit=200)
    assert len(page.rows) == 110


def test_a_run_is_found_by_its_id_and_nobody_elses_is(
    runs: None, workspace: Workspace, owner: User, stranger: User
) -> None:
    own = list_runs(workspace, viewer=owner).runs[0]
    foreign = make.run(make.workspace("far-away", owner=stranger), display_name="theirs")
    assert found(workspace, owner, own.public_id) == {own.display_name}
    assert found(workspace, owner, foreign.public_id) == set()


def test_a_renamed_tag_is_found_by_its_new_value_alone(runs: None, workspace: Workspace, owner: User) -> None:
    run = make.run(workspace, display_name="third", tags={"mood": "hopeful"})
    make.tag(run, mood="splendid")
    assert found(workspace, owner, "splendid") == {"third"}
    assert found(workspace, owner, "hopeful") == set()


def test_words_are_read_with_quotes() -> None:
    assert words_of('a "b c" A  "" d"e') == ["a", "b c", "d", "e"]


@pytest.mark.parametrize("text", ["a" * 501, "a\x00b", "\ud800"])
def test_a_hostile_search_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        words_of(text)
    assert refusal.value.field == "q"

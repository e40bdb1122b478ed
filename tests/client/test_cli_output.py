"""How results are printed: every format, a copy in a file, queries, and text that would change the terminal."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment
from studio.client.cli.query import Query, without_shell
from studio.client.errors import UserErrorException
from tests.client.conftest import Cli
from tests.client.fake_server import FakeStudio

QUERY = "[?tags.number=='1'].{id: id, status: status}"
# As the cloud's article prints them behind `az ml run list --experiment-name experiment`, with whom they find.
ARTICLE = {
    "[?properties.author=='azureml-user']": ["one", "two"],
    "[?tags.keys(@)[?starts_with(@, 'worth another look')]]": ["two"],
    "[?properties.author=='azureml-user' && tags.quality=='fantastic run']": ["one"],
}


@pytest.fixture
def cli(fake_cli: Cli) -> Cli:
    return fake_cli


@pytest.fixture
def three_runs(studio: FakeStudio, experiment: Experiment) -> None:
    for number in range(3):
        with experiment.start_logging(run_id=f"run-{number}", tags={"number": str(number)}):
            pass


@pytest.fixture
def article(workspace: Any) -> None:
    experiment = Experiment(workspace, "experiment")
    author = {"author": "azureml-user"}
    labels: dict[str, tuple[dict[str, str], dict[str, str | None]]] = {
        "one": (author, {"quality": "fantastic run"}),
        "two": (author, {"worth another look?": None}),
        "three": ({}, {"quality": "fantastic run"}),
    }
    for name, (properties, tags) in labels.items():
        with experiment.start_logging(name, run_id=name, properties=properties, tags=tags):
            pass


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("json", '[\n  {\n    "id": "run-1",\n    "status": "Completed"\n  }\n]\n'),
        ("jsonc", '[\n  {\n    "id": "run-1",\n    "status": "Completed"\n  }\n]\n'),
        ("table", "id     status\n-----  ---------\nrun-1  Completed\n"),
        ("tsv", "run-1\tCompleted\n"),
        ("yaml", "- id: run-1\n  status: Completed\n"),
        ("yamlc", "- id: run-1\n  status: Completed\n"),
        ("none", ""),
    ],
)
def test_every_format_prints(cli: Cli, three_runs: None, form: str, printed: str) -> None:
    assert cli("run", "list", "--query", QUERY, "-o", form) == (0, printed, "")


def test_values_of_a_query_are_lines(cli: Cli, three_runs: None) -> None:
    assert cli("run", "list", "--query", "[].id", "-o", "tsv")[1] == "run-0\nrun-1\nrun-2\n"
    assert cli("run", "list", "--query", "[].[id, tags.number]", "-o", "tsv")[1].startswith("run-0\t0\n")


def test_colours_are_for_a_terminal(cli: Cli, three_runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    asked = ("run", "show", "-r", "run-1", "--query", "{id: id, number: number, parent: parent}")
    coloured = (
        '{\n  \x1b[34m"id"\x1b[0m: \x1b[32m"run-1"\x1b[0m,\n  \x1b[34m"number"\x1b[0m: \x1b[32m2\x1b[0m,\n'
        '  \x1b[34m"parent"\x1b[0m: \x1b[32mnull\x1b[0m\n}\n'
    )
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert cli(*asked, "-o", "jsonc")[1] == coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli(*asked, "-o", "jsonc")[1]


def test_the_result_is_copied_to_a_new_file(cli: Cli, three_runs: None, home: Path) -> None:
    assert cli("run", "show", "-r", "run-1", "-t", "copy.json", "--query", "id", "-o", "none")[:2] == (0, "")
    assert json.loads((home / "copy.json").read_text())["tags"] == {"number": "1"}
    said = cli.refused("run", "cancel", "-r", "run-1", "-t", "copy.json")
    assert said == "Specified output file copy.json already exists."
    assert "There is no folder" in cli.refused("run", "show", "-r", "run-1", "-t", "nowhere/copy.json")


def test_a_refused_copy_changes_nothing(
    cli: Cli, studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    run = experiment.start_logging(interrupt_on_cancel=False)
    (home / "there").touch()
    cli.refused("run", "cancel", "-r", run.id, "-t", "there")
    cli.refused("run", "cancel", "-r", run.id, "--query", "[?", code=2)
    assert run.id not in studio.cancelled
    run.complete()


@pytest.mark.parametrize("query", ["", "[?", "id ==", "[?a==b-c", "nope(@)", "[?a.nope(@)].{b: c}"])
def test_a_query_that_is_none_is_refused_before_anything_is_asked(
    cli: Cli, studio: FakeStudio, query: str
) -> None:
    assert cli.refused("run", "list", "--query", query, code=2).startswith("The query is not JMESPath: ")
    assert not studio.asked


def test_every_function_of_jmespath_is_known() -> None:
    assert (
        Query("sort_by(@, &created_at)[?starts_with(id, 'a')] | length(@)").of([{"id": "b", "created_at": 1}])
        == 0
    )


@pytest.mark.parametrize("query", ARTICLE)
def test_the_articles_queries_work_as_it_prints_them(cli: Cli, article: None, query: str) -> None:
    asked = ("run", "list", "--experiment-name", "experiment")
    for words in (["--query", query], [query], query.split(" ")):
        assert [run["id"] for run in cli.json(*asked, *words)] == ARTICLE[query], words
    behind = cli.json("run", "list", query, "--experiment-name", "experiment", "--last", "5")
    assert [run["id"] for run in behind] == ARTICLE[query]


@pytest.mark.parametrize("query", ARTICLE)
def test_quotes_that_a_shell_has_taken_are_put_back(cli: Cli, article: None, query: str) -> None:
    code, out, err = cli("run", "list", "-e", "experiment", *query.replace("'", "").split(" "))
    assert code == 0, err
    assert [run["id"] for run in json.loads(out)] == ARTICLE[query]
    assert err == f'studio: the shell has taken the quotes off the query, which is read as "{query}".\n'


@pytest.mark.parametrize(
    "query", ["[?a=='b c']", "[?a==`1`].b", "[0].id", "[].{a: b, c: d.e}", "[?a == b && c]", "length(@)"]
)
def test_a_query_that_can_be_read_is_left_alone(query: str) -> None:
    assert Query(query).text == query


def test_what_a_shell_leaves_of_a_query_is_mended() -> None:
    assert without_shell("[?a==b-c].id") == "[?a=='b-c'].id"
    assert without_shell("[?a.b!=c d || e==f]") == "[?a.b!='c d' || e=='f']"


def test_the_clouds_names_are_known_to_queries(cli: Cli, three_runs: None) -> None:
    query = "[?run_type==''].{run: run_id, began: start_time_utc, in: _experiment_name} | [0]"
    found = cli.json("run", "list", "--query", query)
    assert found == {"run": "run-0", "began": "2026-01-01T00:00:00Z", "in": "digits"}
    assert "runId" not in cli.json("run", "show", "-r", "run-0")
    assert cli.json("run", "show", "-r", "run-0", "--query", "runId") == "run-0"


def test_a_package_that_is_missing_is_named(
    cli: Cli, three_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jmespath", None)
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert "pip install jmespath" in cli.refused("run", "list", "--query", "[]")
    assert "pip install PyYAML" in cli.refused("run", "list", "-o", "yaml")


def test_a_table_is_for_people(
    cli: Cli, studio: FakeStudio, three_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.runs["run-1"]["duration_s"] = 1 / 3
    asked = ("run", "show", "-r", "run-1", "--query", "{s: duration_s}")
    assert cli(*asked, "-o", "table")[1].splitlines()[2] == "0.333333"
    assert cli(*asked, "-o", "tsv")[1] == f"{1 / 3}\n"
    nothing = ("run", "list", "--status", "Failed", "-o", "table")
    assert cli(*nothing) == (0, "", "")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert cli(*nothing) == (0, "", "studio: Nothing was found.\n")


@pytest.mark.parametrize("form", ["json", "table", "tsv", "yaml"])
def test_text_of_a_run_cannot_change_the_terminal(
    cli: Cli, studio: FakeStudio, three_runs: None, form: str
) -> None:
    studio.runs["run-1"]["display_name"] = "a\x1b]0;gone\x07b\x9bc\rd\x7f"
    _, out, _ = cli("run", "show", "-r", "run-1", "-o", form)
    assert not any(letter in out for letter in "\x1b\x07\x9b\r\x7f") and "gone" in out


def test_a_refusal_cannot_either(cli: Cli, studio: FakeStudio) -> None:
    said = cli.refused("run", "show", "-r", "a\x1b[2Jb\nc")
    assert "\x1b" not in said and "There is no run" in said


def test_a_result_that_does_not_fit_the_query_is_refused(three_runs: None) -> None:
    with pytest.raises(UserErrorException, match="does not fit"):
        Query("keys(@)").of([1])


def test_debug_tells_what_was_asked_and_where_a_mistake_was_met(cli: Cli, three_runs: None) -> None:
    _, out, err = cli("run", "show", "-r", "run-1", "--debug")
    assert json.loads(out)["id"] == "run-1" and "GET runs/run-1/" in err
    _, _, err = cli("run", "show", "-r", "nowhere", "--debug")
    assert "Traceback" in err
    _, _, err = cli("run", "show", "-r", "nowhere", "--verbose")
    assert "Traceback" not in err and "workspace default, found in the environment" in err

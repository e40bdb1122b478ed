"""The query of a list as Python and as a command: what is copied runs, and finds the same runs."""

import html
import re
import shlex
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

import studio
from runs.query.columns import parse_sort
from runs.query.filters import RunFilters
from runs.query.runs import list_runs
from studio.client import cli
from tests import make

ASKED = [
    {},
    {"status": ["Running", "Failed"], "tag": ['team=it\'s "a=b"', "bare"]},
    {"filter": "metrics.loss < 0.5 or not tags.bare is not null", "sort": "-metrics.loss,name"},
    {"q": "run $HOME `x`", "mine": "true"},
    {"include_children": "true", "metric": "loss>=1", "created_after": "-7d"},
    {"archived": "true", "duration_max": "1h"},
]


@pytest.fixture
def runs(workspace, owner):
    made = [make.run(workspace, display_name=f"run {n} $HOME `x`", metrics={"loss": n / 2}) for n in range(4)]
    make.tag(made[1], team='it\'s "a=b"', bare=None)
    make.run(workspace, parent=made[2], metrics={"loss": 3.0})
    return made


def copied(client, path: str, asked: dict) -> tuple[str, str]:
    answer = client.get(f"{path}?{urlencode(asked, doseq=True)}")
    assert answer.status_code == 200
    texts = [html.unescape(text) for text in re.findall(r'data-copy="([^"]+)"', answer.content.decode())]
    python = next(text for text in texts if text.startswith("from studio import"))
    return python, next(text for text in texts if text.startswith("studio run list"))


def found(space, asked: QueryDict, viewer, sort: str) -> list[int]:
    page = list_runs(space, RunFilters(asked).conditions(), viewer=viewer, sort=parse_sort(sort))
    return [run.pk for run in page.runs]


def as_parameters(**words) -> tuple[QueryDict, str]:
    query = QueryDict(mutable=True)
    for name, value in words.items():
        if value and name != "order_by":
            query["q" if name == "search" else name] = "true" if value is True else value
    return query, words.get("order_by") or ""


def run_python(text: str, monkeypatch) -> dict:
    """Execute the text with a workspace that notes what it is asked."""
    noted = {}

    class Noting:
        @classmethod
        def from_config(cls, **where):
            noted["where"] = where
            return cls()

        def get_runs(self, **words):
            noted["words"] = words
            return []

    monkeypatch.setattr(studio, "Workspace", Noting)
    exec(text, {})
    return noted


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_copied_finds_the_runs_of_the_list(asked, runs, workspace, owner, client_of, monkeypatch):
    wanted = found(workspace, QueryDict(urlencode(asked, doseq=True)), owner, asked.get("sort", ""))
    python, command = copied(client_of(owner), "/w/vision/runs/", asked)
    noted = run_python(python, monkeypatch)
    assert noted["where"]["workspace"] == "vision" and noted["where"]["url"].startswith("http")
    query, sort = as_parameters(**noted["words"])
    assert found(workspace, query, owner, sort) == wanted
    options = cli.make_parser().parse_args(shlex.split(command)[1:])
    assert options.workspace_name == "vision"
    names = ("filter", "search", "order_by", "include_children", "archived", "mine")
    query, sort = as_parameters(**{name: getattr(options, name) for name in names})
    assert found(workspace, query, owner, sort) == wanted


def test_the_words_are_those_the_sdk_knows(runs, client_of, owner, monkeypatch):
    python, command = copied(client_of(owner), "/w/vision/experiments/digits/", {"q": "run"})
    words = run_python(python, monkeypatch)["words"]
    assert words == {"experiment": "digits", "search": "run"}
    monkeypatch.undo()
    known = studio.Workspace.get_runs.__kwdefaults__
    assert set(words) <= set(known)
    assert "--experiment-name=digits" in command

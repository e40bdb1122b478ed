"""`studio experiment …` against a real server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from studio.client.cli import main

Cli = Callable[..., Any]


@pytest.fixture
def cli(live_studio: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command that must succeed (or end with `code`); returns its JSON, or what it said on stderr."""
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)

    def run(*arguments: str, code: int = 0) -> Any:
        capsys.readouterr()
        ended = main(["experiment", *arguments])
        printed = capsys.readouterr()
        assert ended == code, printed.err
        return printed.err if code else json.loads(printed.out)

    return run


def test_an_experiment_is_made_described_tagged_archived_and_restored(cli: Cli) -> None:
    made = cli("create", "-e", "team a/cli", "--description", "**Ten** classes", "--tag", "team=vision")
    assert (made["description"], made["tags"]) == ("**Ten** classes", {"team": "vision"})
    again = cli("create", "-e", "team a/cli", "--description", "other")
    assert (again["id"], again["description"]) == (made["id"], "**Ten** classes")
    changed = cli("update", "-e", "team a/cli", "--description", "", "--tag", "done", "--remove-tag", "team")
    assert (changed["description"], changed["tags"]) == ("", {"done": None})
    assert cli("archive", "-e", "team a/cli")["archived_at"] is not None
    assert cli("list", "--search", "a/cli") == []
    assert [one["name"] for one in cli("list", "--search", "a/cli", "--archived")] == ["team a/cli"]
    assert cli("restore", "-e", "team a/cli")["archived_at"] is None
    assert cli("show", "-e", "team a/cli")["tags"] == {"done": None}


def test_an_experiment_is_renamed_deleted_and_brought_back(cli: Cli) -> None:
    made = cli("create", "-e", "cli-before")
    assert cli("update", "-e", "cli-before", "--new-name", "cli-after")["id"] == made["id"]
    assert cli("delete", "-e", "cli-after")["deleted_at"] is not None
    assert "lies in the trash" in cli("show", "-e", "cli-after", code=1)
    assert cli("list", "--search", "cli-after") == []
    assert [one["name"] for one in cli("list", "--search", "cli-after", "--trash")] == ["cli-after"]
    assert cli("restore-from-trash", "-e", "cli-after")["deleted_at"] is None
    assert cli("show", "-e", "cli-after")["id"] == made["id"]


def test_experiments_are_sorted(cli: Cli) -> None:
    for name in ("sorted-cli-b", "sorted-cli-a"):
        cli("create", "-e", name)
    assert [one["name"] for one in cli("list", "--search", "sorted-cli-", "--sort", "name")] == [
        "sorted-cli-a",
        "sorted-cli-b",
    ]
    assert [one["name"] for one in cli("list", "--search", "sorted-cli-", "--sort=-name")] == [
        "sorted-cli-b",
        "sorted-cli-a",
    ]


def test_what_is_wrong_is_said(cli: Cli) -> None:
    assert "There is no experiment 'nowhere'" in cli("show", "-e", "nowhere", code=1)
    assert "Name what to change" in cli("update", "-e", "nowhere", code=2)
    assert "not by 'owner'" in cli("list", "--sort", "owner", code=1)

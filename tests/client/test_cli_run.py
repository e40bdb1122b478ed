"""`studio run mark, delete, restore, archive` against a real server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from studio import Workspace
from studio.client.cli import main

Cli = Callable[..., Any]


@pytest.fixture
def cli(live_studio: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command that must end with `code`; returns its JSON, or what it said on stderr."""
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)

    def run(*arguments: str, code: int = 0) -> Any:
        capsys.readouterr()
        ended = main(["run", *arguments])
        printed = capsys.readouterr()
        assert ended == code, printed.err
        return printed.err if code else json.loads(printed.out)

    return run


@pytest.fixture
def run_id(live_studio: Any) -> str:
    """A run that was begun over REST and that nobody beats for."""
    workspace = Workspace.from_config(url=live_studio.url, token=live_studio.token, workspace="default")
    body = {"experiment": "by-hand", "display_name": "lost one", "start": True}
    return str(workspace.client.post("workspaces/default/runs/", body)["id"])


def test_a_stuck_run_is_marked_with_a_reason(cli: Cli, run_id: str) -> None:
    marked = cli("mark", "-r", run_id, "--as", "Failed", "--reason", "the machine was switched off")
    assert (marked["status"], marked["status_reason"]) == ("Failed", "the machine was switched off")
    said = cli("mark", "-r", run_id, "--as", "Completed", "--reason", "no", code=1)
    assert "already ended as Failed" in said


def test_a_run_goes_to_the_trash_and_comes_back(cli: Cli, run_id: str) -> None:
    assert "cannot go to the trash while it is Running" in cli("delete", "-r", run_id, code=1)
    cli("mark", "-r", run_id, "--as", "Canceled", "--reason", "not needed")
    assert cli("delete", "-r", run_id)["done"] == 1
    assert "lost one was deleted and takes nothing more" in cli("show", "-r", run_id, code=1)
    assert cli("restore", "-r", run_id)["done"] == 1
    assert cli("archive", "-r", run_id)["done"] == 1
    assert cli("show", "-r", run_id)["archived_at"]

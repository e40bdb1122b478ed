"""`studio run bulk` against a real server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from studio import Workspace
from studio.client.cli import main, run_bulk

Cli = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def cli(live_studio: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command: its exit code, its JSON if any, and what it said on stderr."""
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)

    def run(*arguments: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = main(["run", "bulk", *arguments])
        printed = capsys.readouterr()
        return code, json.loads(printed.out) if printed.out else None, printed.err

    return run


@pytest.fixture
def tags(live_studio: Any) -> Callable[[], list[Any]]:
    """Makes two ended runs and one that goes on; reads their tags."""
    client = Workspace.from_config(url=live_studio.url, token=live_studio.token, workspace="default").client
    ids = []
    for number in range(3):
        body = {"experiment": "cli-bulk", "display_name": f"bulk {number}", "start": True}
        ids.append(client.post("workspaces/default/runs/", body)["id"])
    for run_id in ids[:2]:
        client.post(f"runs/{run_id}/complete/")
    return lambda: [client.get(f"runs/{run_id}/tags/").get("cli-bulk") for run_id in ids]


def test_all_that_match_are_tagged_and_it_is_undone(cli: Cli, tags: Callable[[], list[Any]]) -> None:
    ours = ("-e", "cli-bulk", "--filter", "tags.`cli-bulk` is null and status = 'Completed'")
    code, report, _ = cli("tag", *ours, "--key", "cli-bulk", "--value", "bad")
    assert (code, report["state"], report["done"]) == (0, "done", 2) and tags() == ["bad", "bad", None]
    assert cli("undo", "--change", str(report["undo"]))[1]["done"] == 2
    assert tags() == [None, None, None]
    code, _, said = cli("undo", "--change", str(report["undo"]))
    assert code == 1 and "undone already" in said


def test_what_is_refused_is_told(cli: Cli, tags: Callable[[], list[Any]]) -> None:
    code, report, said = cli("trash", "-e", "cli-bulk", "--filter", "name = 'bulk 2'")
    assert code == 1 and report["done"] == 0 and "left alone: It cannot go to the trash" in said
    assert cli("cancel", "-e", "cli-bulk", "--status", "Running", "--reason", "enough")[1]["done"] >= 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("archive",), "Say which runs"),
        (("archive", "--mine"), "Say which runs"),
        (("tag", "--all"), "takes --key"),
        (("undo",), "Say which change"),
        (("explode",), "explode"),
        (("archive", "--filter", "status ="), "a value is missing"),
    ],
)
def test_a_mistake_changes_nothing(cli: Cli, words: tuple[str, ...], said: str) -> None:
    code, report, found = cli(*words)
    assert code in (1, 2) and report is None and said in found


def test_how_far_it_is_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    run_bulk._tell({"taken": 3200, "total": 10_000})
    assert "3,200 of 10,000" in capsys.readouterr().err


def test_an_error_of_the_studio_is_no_success(
    cli: Cli, tags: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {"action": "tag", "state": "failed", "total": 9, "taken": 4, "done": 4, "unchanged": 0}
    monkeypatch.setattr(run_bulk, "changed", lambda *_, **__: {**report, "refused": [], "more": False})
    code, _, said = cli("tag", "--all", "--key", "x")
    assert code == 1 and "An error of the studio ended it, 5 were left as they are" in said

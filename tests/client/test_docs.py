"""What docs/sdk.md shows works as it is written there."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest

from studio.client.cli import make_parser
from tests.client.conftest import ROOT
from tests.client.fake_server import TOKEN, FakeStudio

TEXT = (ROOT / "docs" / "sdk.md").read_text()


def test_the_examples_run_one_after_the_other(
    studio: FakeStudio, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_URL", studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", TOKEN)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(block, names)
    assert (home / "copy.bin").read_bytes() == b"weights"
    assert [run["status"] for run in studio.runs.values()] == ["Completed"] * 4


def test_the_examples_of_the_migration_run(
    studio: FakeStudio, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIO_URL", studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", TOKEN)
    text = (ROOT / "docs" / "migrate-from-azureml.md").read_text()
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    printed = capsys.readouterr().out
    assert "[0, 1, 1, 2, 3, 5, 8]" in printed and "Use run.log_list instead" in printed
    assert {run["status"] for run in studio.runs.values()} == {"Completed"}
    shutil.copy(home / "project" / "hello.py", home / "hello.py")
    runpy.run_path("hello.py")
    assert "Attempted to log scalar metric answer:\n42" in capsys.readouterr().out


def test_the_imports_of_the_migration_are_there() -> None:
    text = (ROOT / "docs" / "migrate-from-azureml.md").read_text()
    rows = re.findall(r"^\| `[^`]*azureml[^`]*` \| `([^`]*)` \|$", text, re.MULTILINE)
    assert len(rows) == 8
    for row in rows:
        exec(row, {})


def test_the_commands_are_understood() -> None:
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()
    ]
    assert len(commands) == 4
    for command in commands:
        assert make_parser().parse_args(shlex.split(command)[1:]).command

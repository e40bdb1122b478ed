"""What docs/sdk.md shows works as it is written there."""

import re
import shlex
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


def test_the_commands_are_understood() -> None:
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()
    ]
    assert len(commands) == 4
    for command in commands:
        assert make_parser().parse_args(shlex.split(command)[1:]).command

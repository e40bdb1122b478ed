"""docs/cli.md has every command with its options and no other, and its examples are understood."""

import argparse
import re
import shlex

import pytest

from studio.client.cli import make_parser
from tests.client.conftest import ROOT
from tests.client.test_cli_parser import ALL, SERVER

TEXT = (ROOT / "docs" / "cli.md").read_text()
SECTIONS = dict(re.findall(r"^### studio ([^\n]+)\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))
COMMON = TEXT.partition("## What every command takes")[2].partition("\n## ")[0]


def rows(text: str) -> set[str]:
    """What the first cells of the tables name."""
    firsts = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return {word for first in firsts for word in re.findall(r"`(--?[\w-]+)`", first)}


def options(parser: argparse.ArgumentParser, *, common: bool) -> set[str]:
    group = next(group for group in parser._action_groups if group.title == "for every command")
    return {
        option
        for action in parser._actions
        for option in action.option_strings
        if (action in group._group_actions) == common
        and action.help != argparse.SUPPRESS
        and not isinstance(action, argparse._HelpAction)
    }


def examples() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_has_a_section_and_no_other() -> None:
    assert list(SECTIONS) == list(ALL)
    assert all(f"`studio {name}`" in TEXT for name in SERVER)


@pytest.mark.parametrize("name", ALL)
def test_a_section_names_the_options_that_there_are(name: str) -> None:
    assert rows(SECTIONS[name]) == options(ALL[name], common=False)
    assert f"studio {name}" in SECTIONS[name].partition("```sh")[2]


def test_what_every_command_takes_is_told_once() -> None:
    assert rows(COMMON) == options(ALL["run list"], common=True)


@pytest.mark.parametrize("line", examples())
def test_an_example_is_understood(line: str) -> None:
    words = shlex.split(line.removeprefix('eval "$(').removesuffix(')"').partition(" > ~")[0])
    assert words[0] == "studio" and make_parser().parse_args(words[1:]).command

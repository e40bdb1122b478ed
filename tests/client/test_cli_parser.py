"""What the command line takes: help and an example everywhere, the cloud's flags, and mistakes in one line."""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.client.cli import make_parser
from studio.client.cli.parsing import FORMATS
from tests.client.conftest import Cli

TABLE = Path(__file__).with_name("cli_flags.txt")
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "azureml_cli.json"
# What is not as in the cloud, with the reason.
COMMANDS_DECLINED = {
    "computetarget attach remote": "no engine reaches machines by SSH; Ray, Slurm and the studio's own are",
}
OTHERWISE = {
    (f"computetarget {verb}", "--path"): "where it is left out the working folder is meant, as everywhere"
    for verb in ("list", "show", "detach", "delete")
}
SERVER = ("up", "link", "password")


def commands(
    parser: argparse.ArgumentParser | None = None, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser, but those of the server, which read their own words."""
    parser = parser or make_parser()
    nested = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not nested and words[0] not in SERVER:
        yield " ".join(words), parser
    for action in nested:
        for word, below in action.choices.items():
            yield from commands(below, (*words, word))


def cloud() -> dict[str, list[str]]:
    """The lines of the table, by command."""
    found: dict[str, list[str]] = {}
    for line in TABLE.read_text().splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            list(found.values())[-1].append(line)
    return found


LINES = [(command, line) for command, lines in cloud().items() for line in lines]
ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_help_and_an_example_that_is_right(name: str) -> None:
    parser = ALL[name]
    text = parser.format_help()
    example = next(line for line in text.splitlines() if line.startswith("Example: "))
    words = shlex.split(example.removeprefix("Example: "))
    assert " ".join(words[1:]).startswith(name)
    chosen = make_parser().parse_args(words[1:])
    assert chosen.parser.prog == parser.prog and callable(chosen.command)
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._HelpAction), (name, action.dest)


@pytest.mark.parametrize("name", ALL)
def test_a_command_takes_what_every_command_takes(name: str) -> None:
    taken = ALL[name]._option_string_actions
    for option in ("--query", "-o", "-t", "-w", "--path", "-g", "--subscription-id", "--debug", "--verbose"):
        assert option in taken, option
    assert tuple(taken["--output"].choices or ()) == FORMATS
    assert {"json", "jsonc", "table", "tsv", "yaml", "none"} <= set(FORMATS)


@pytest.mark.parametrize(("command", "line"), LINES, ids=lambda text: text)
def test_a_flag_of_the_cloud_is_taken(command: str, line: str) -> None:
    if command in COMMANDS_DECLINED:
        assert command not in ALL
        return
    parser = ALL[command]
    spelled, _, default = line.partition(" = ")
    names = spelled.removesuffix(" required").split()
    if names == ["<USER_SCRIPT_AND_ARGUMENTS>"]:
        assert any(action.nargs == argparse.REMAINDER for action in parser._actions)
        return
    actions = {parser._option_string_actions[name].dest for name in names}
    assert len(actions) == 1
    action = parser._option_string_actions[names[0]]
    assert not action.required or spelled.endswith("required")
    if (command, names[0]) not in OTHERWISE:
        nothing = "False" if isinstance(action.default, bool) else "None"
        assert str(action.default if action.default != [] else None) == (default or nothing)


def test_what_is_declined_is_in_the_table() -> None:
    assert set(COMMANDS_DECLINED) <= set(cloud())
    assert {command for command, _ in OTHERWISE} <= set(cloud())


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference is not beside this checkout")
def test_the_table_says_what_the_reference_does() -> None:
    known: dict[str, dict[str, dict[str, Any]]] = json.loads(REFERENCE.read_text())
    for command, flags in known.items():
        lines = cloud()[command.removeprefix("az ml ")]
        assert [re.sub(r"( required)?( = .*)?$", "", line) for line in lines] == list(flags)
        for line, flag in zip(lines, flags.values(), strict=True):
            assert (" required" in line) == flag["required"]
            assert line.partition(" = ")[2] == (flag["default"] or "")
    assert {f"az ml {command}" for command in cloud()} == set(known)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run lst", "There is no command 'lst'. Did you mean list? See `studio run --help`."),
        ("nonsense", "There is no command 'nonsense'. See `studio --help`."),
        ("run show", "`studio run show` needs -r/--run. See `studio run show --help`."),
        (
            "run list --stats x",
            "`studio run list` does not take --stats. Did you mean --status? See `studio run list --help`.",
        ),
        (
            "run list -o xml",
            "-o/--output is one of json, jsonc, table, tsv, yaml, yamlc, none, not 'xml'. "
            "See `studio run list --help`.",
        ),
        (
            "run list --last 0",
            "Argument --last: a whole number from 1 up, not '0'. See `studio run list --help`.",
        ),
        ("run list --path nowhere", "There is no folder nowhere."),
        ("run list digits", "'digits' is neither an option nor a query, which begins with a bracket: [?…]."),
        ("run list [] --query id", "There are two queries, 'id' and '[]': give one."),
        ("run list --pipeline-run-id a -e b", "With --pipeline-run-id leave -e and --parent-run-id out."),
        ("run update -r a", "Name what to change: --add-tag, --remove-tag, --display-name or --description."),
        ("run tag -r a =x", "A tag is KEY or KEY=VALUE, not '=x'."),
        ("run download -r a --name b --prefix c", "Give --name or --prefix, not both."),
    ],
)
def test_wrong_usage_is_one_line_and_two(fake_cli: Cli, words: str, said: str) -> None:
    assert fake_cli.refused(*words.split(), code=2) == said


def test_the_clouds_spelling_is_the_same_command(fake_cli: Cli) -> None:
    assert fake_cli("ml", "run", "list") == fake_cli("run", "list") == (0, "[]\n", "")
    assert fake_cli("ml", "run")[0] == 2
    assert (
        fake_cli.json("ml", "run", "list", "-g", "group", "--subscription-id", "x", "--only-show-errors")
        == []
    )

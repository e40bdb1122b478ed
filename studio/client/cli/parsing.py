"""How commands are declared: a noun, its verbs, what every command takes, and mistakes as one sentence."""

import argparse
import re
import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import NoReturn, TypeAlias

from studio.client.errors import UserErrorException

FORMATS = ("json", "jsonc", "table", "tsv", "yaml", "yamlc", "none")
Command = Callable[[argparse.Namespace], int]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
RUN = "the run: its id, the beginning of it, or EXPERIMENT/NUMBER"
_CHOICE = re.compile(r"argument ([^:]+): invalid choice: '(.*)' \(choose from (.*)\)", re.DOTALL)


class UsageException(UserErrorException):
    """The command is not written as it should be."""


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, and what would be right."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageException."""
        raise UsageException(f"{self._sentence(message)} See `{self.prog} --help`.")

    def _sentence(self, message: str) -> str:
        if choice := _CHOICE.fullmatch(message):
            return _wrong_choice(*choice.groups())
        if names := message.partition("unrecognized arguments: ")[2]:
            near = get_close_matches(names.split()[0].partition("=")[0], self._option_string_actions)
            return f"`{self.prog}` does not take {names}.{_hint(near)}"
        if names := message.partition("arguments are required: ")[2]:
            return f"`{self.prog}` needs {names}."
        return f"{message[:1].upper()}{message[1:]}."


def _wrong_choice(name: str, given: str, listed: str) -> str:
    choices = [choice.strip("'") for choice in listed.split(", ")]
    near = get_close_matches(given, choices)
    if name == "COMMAND":
        return f"There is no command {given!r}.{_hint(near)}"
    return f"{name} is one of {', '.join(choices)}, not {given!r}."


def _hint(near: list[str]) -> str:
    return f" Did you mean {near[0]}?" if near else ""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help whose examples stay on one line, so that they can be copied."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)

    def add_argument(self, action: argparse.Action) -> None:
        """Leave room for the words of a list of commands, which stand further in."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += 2


class Noun:
    """A noun of the command line, such as `studio run …`, to add its verbs to."""

    def __init__(self, nouns: Commands, name: str, text: str) -> None:
        self._name = name
        word = name.rpartition(" ")[2]
        noun = nouns.add_parser(word, help=text, description=sentence(text), formatter_class=Formatter)
        noun.set_defaults(parser=noun)
        self._verbs = noun.add_subparsers(title="commands", metavar="COMMAND")

    def add(self, verb: str, command: Command, text: str, example: str) -> argparse.ArgumentParser:
        """Add a verb and return its parser. `example`: what follows the verb in its example."""
        return add_command(self._verbs, f"{self._name} {verb}", command, text, example)

    def noun(self, word: str, text: str) -> "Noun":
        """Add a verb that has verbs of its own, such as `computetarget attach …`."""
        return Noun(self._verbs, f"{self._name} {word}", text)


def add_command(
    commands: Commands, words: str, command: Command, text: str, example: str
) -> argparse.ArgumentParser:
    """Add a command with everything that every command takes. `words`: all of its words after `studio`."""
    parser = commands.add_parser(
        words.rpartition(" ")[2],
        help=text,
        description=sentence(text),
        epilog=f"Example: studio {words} {example}".rstrip(),
        formatter_class=Formatter,
    )
    parser.set_defaults(command=command, parser=parser)
    _add_common(parser)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("for every command")
    add = group.add_argument
    add("-w", "--workspace-name", metavar="NAME", help="the workspace, if not the configured one")
    add(
        "--path",
        default=".",
        metavar="DIR",
        help="where the search for an attached folder begins (default: .)",
    )
    add("--query", metavar="JMESPATH", help="what to print of the result, as a JMESPath expression")
    listed = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    add(
        "-o",
        "--output",
        choices=FORMATS,
        metavar="FORMAT",
        help=f"{listed} (default: json, or a sentence where that says it all)",
    )
    add("-t", "--output-metadata-file", metavar="FILE", help="write the result as JSON to this new file, too")
    add("-v", "--verbose", action="store_true", help="say on stderr which studio is asked")
    add("--debug", action="store_true", help="say on stderr what is asked, and where a mistake was met")
    # The cloud's: scripts carry them along; there is nothing here for them to choose between.
    add("--subscription-id", "--subscription", help=argparse.SUPPRESS)
    add("-g", "--resource-group", help=argparse.SUPPRESS)
    add("--only-show-errors", action="store_true", help=argparse.SUPPRESS)


def add_run(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add `-r` and the `-e` that a number is looked for in."""
    if several:
        parser.add_argument(
            "-r", "--run", required=True, action="append", metavar="RUN", help=f"{RUN}; repeatable"
        )
    else:
        parser.add_argument("-r", "--run", required=True, metavar="RUN", help=RUN)
    parser.add_argument(
        "-e",
        "--experiment-name",
        metavar="NAME",
        help="the experiment of the run; then a number alone names it",
    )


def at_least_one(text: str) -> int:
    """Read a number of things to print."""
    if not text.isdecimal() or int(text[:9]) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 up, not {text[:40]!r}")
    return int(text[:9])


def count_or_all(text: str) -> int:
    """Read a number of things to print, or the word that means each of them."""
    return sys.maxsize if text == "all" else at_least_one(text)


def tags_of(texts: list[str]) -> dict[str, str | None]:
    """Return `key=value` texts as tags; without `=` a tag has no value."""
    parts = [text.partition("=") for text in texts]
    if wrong := next((text for text, part in zip(texts, parts, strict=True) if not part[0]), None):
        raise UsageException(f"A tag is KEY or KEY=VALUE, not {wrong!r}.")
    return {key: value if sign else None for key, sign, value in parts}


def sentence(text: str) -> str:
    """Return the text of a command's help as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."

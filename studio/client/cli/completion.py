"""`studio completion bash|zsh|fish`: what the shell asks when Tab is pressed, and the answers."""

import argparse
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from studio.client.address import find_address
from studio.client.cli.parsing import Commands, add_command
from studio.client.compute import LOCAL
from studio.client.http import Client, segment

ASK = "__complete"
MOST = 50
PATIENCE_S = 1.5
# Where the shell completes names of files by itself.
FILES = ":files"
SCRIPTS = {
    "bash": r"""
_studio() {
  local IFS=$'\n' current="${COMP_WORDS[COMP_CWORD]}"
  local found=($(studio __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [ "${found[0]%%$'\t'*}" = ":files" ]; then
    COMPREPLY=($(compgen -f -- "$current"))
    compopt -o filenames
    return
  fi
  COMPREPLY=()
  local line word
  for line in "${found[@]}"; do
    word="${line%%$'\t'*}"
    COMPREPLY+=("$(printf %q "$word")")
  done
}
complete -F _studio studio
""",
    "zsh": r"""
#compdef studio
_studio() {
  local -a found described
  found=("${(@f)$(studio __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "${found[1]%%$'\t'*}" == ":files" ]]; then
    _files
    return
  fi
  local line
  for line in $found; do
    [[ -n "$line" ]] || continue
    described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe -V studio described
}
if [ "$funcstack[1]" = "_studio" ]; then _studio "$@"; else compdef _studio studio; fi
""",
    "fish": r"""
function __studio_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (studio __complete $words[2..-1] 2>/dev/null)
    if string match -q ':files*' -- $found[1]
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c studio -f -a '(__studio_complete)'
""",
}
HOW = {
    "bash": 'Add to ~/.bashrc: eval "$(studio completion bash)"',
    "zsh": 'Add to ~/.zshrc, after compinit: eval "$(studio completion zsh)"',
    "fish": "Write it to ~/.config/fish/completions/studio.fish.",
}


def add(nouns: Commands) -> None:
    """Add the command."""
    parser = add_command(
        nouns, "completion", print_script, "print what makes Tab complete commands, options and names", "bash"
    )
    parser.add_argument(
        "shell", choices=SCRIPTS, help="; ".join(f"{name}: {how}" for name, how in HOW.items())
    )


def print_script(arguments: argparse.Namespace) -> int:
    """Print the script of a shell."""
    print(SCRIPTS[arguments.shell].strip("\n"))
    return 0


def answer(parser: argparse.ArgumentParser, words: list[str]) -> int:
    """Print the words that may stand in the place of the last one, each with its meaning after a tab."""
    before, current = words[:-1], (words or [""])[-1]
    if before[:1] == ["ml"]:
        before = before[1:]
    found = [
        (word, text) for word, text in _candidates(parser, before, current) if word.startswith((current, ":"))
    ]
    for word, text in dict(found).items():
        print(f"{word}\t{' '.join(text.split())}")
    sys.stdout.flush()
    return 0


def _candidates(
    parser: argparse.ArgumentParser, before: list[str], current: str
) -> Iterable[tuple[str, str]]:
    rest = list(before)
    while rest and (verbs := _verbs(parser)) and rest[0] in verbs:
        parser = verbs[rest.pop(0)]
    if verbs := _verbs(parser):
        return [] if rest else _described(parser)
    last = parser._option_string_actions.get(rest[-1]) if rest else None
    if last is not None and last.nargs is None:
        return _values(last, rest)
    if current.startswith("-"):
        return _options(parser)
    places = [action for action in parser._actions if not action.option_strings]
    return _values(places[0], rest) if places else _options(parser)


def _verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    nested = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return next((dict(one.choices) for one in nested), {})


def _described(parser: argparse.ArgumentParser) -> Iterable[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from ((one.dest, one.help or "") for one in action._choices_actions)


def _options(parser: argparse.ArgumentParser) -> Iterable[tuple[str, str]]:
    for action in parser._actions:
        if action.option_strings and action.help != argparse.SUPPRESS:
            yield action.option_strings[-1], action.help or ""


def _values(action: argparse.Action, before: list[str]) -> Iterable[tuple[str, str]]:
    """What may follow an option or stand in a place: its choices, names that the studio knows, or files."""
    if action.choices is not None:
        return [(str(choice), "") for choice in action.choices]
    if action.metavar in ("DIR", "FILE", "SCRIPT [ARGUMENT …]"):
        return [(FILES, "")]
    kind = {"run": "runs", "experiment_name": "experiments", "view": "views"}.get(action.dest)
    if action.dest == "workspace_name":
        kind = "workspaces"
    if action.metavar == "TARGET":
        return [(LOCAL, "where the command is given"), *_known("computetargets", before)]
    return _known(kind, before) if kind else []


def _known(kind: str, before: list[str]) -> list[tuple[str, str]]:
    """Ask the studio for names; nothing is suggested where it does not answer at once."""
    try:
        folder = Path(_after(before, ("--path",)) or ".")
        address = find_address(workspace=_after(before, ("-w", "--workspace-name")), folder=folder)
        client = Client(address.url, address.token, timeout_s=PATIENCE_S, attempts=1)
        base = "" if kind == "workspaces" else f"workspaces/{segment(address.workspace)}/"
        asked: dict[str, Any] = {"experiment": _after(before, ("-e", "--experiment-name"))}
        return [
            _named(kind, one)
            for one in islice(client.pages(f"{base}{kind}/", **(asked if kind == "runs" else {})), MOST)
        ]
    except Exception:  # a key that is pressed must never print a mistake into the line
        return []


def _named(kind: str, one: dict[str, Any]) -> tuple[str, str]:
    if kind == "runs":
        return str(one["id"]), f"{one['experiment']}/{one['number']} {one['status']}"
    return str(one["name"]), str(one.get("description") or one.get("kind") or "")


def _after(words: list[str], options: tuple[str, ...]) -> str | None:
    places = [place + 1 for place, word in enumerate(words[:-1]) if word in options]
    return words[places[-1]] if places else None

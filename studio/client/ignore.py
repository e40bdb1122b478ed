"""Which files a snapshot leaves out: the language of `.gitignore`, as git reads it."""

import re
from dataclasses import dataclass

# Written by nobody as a part of the program: caches, environments, results, and files that hold secrets. A line with
# `!` in an ignore file takes one in again.
DEFAULTS = """
.hg/
.svn/
.studio/
.azureml/
.ipynb_checkpoints/
__pycache__/
*.py[cod]
.DS_Store
.venv/
venv/
node_modules/
.cache/
.mypy_cache/
.pytest_cache/
.ruff_cache/
.tox/
.env
.netrc
.ssh/
.aws/
.gnupg/
/outputs/
/logs/
/azureml-logs/
/azureml-setup/
/mlruns/
/wandb/
"""
NAMES = (".amlignore", ".gitignore")
# Never looked into, whatever an ignore file says.
ALWAYS = (".git",)
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "\\x21-\\x7e",
    "lower": "a-z",
    "print": "\\x20-\\x7e",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


@dataclass(frozen=True)
class Rule:
    """One line of an ignore file. `base` is the folder of the file, "" or with a slash at its end."""

    base: str
    pattern: re.Pattern[str]
    is_negated: bool
    folders_only: bool
    by_name: bool

    def fits(self, path: str, name: str, *, is_folder: bool) -> bool:
        """Whether the line is about this path."""
        if self.folders_only and not is_folder:
            return False
        if self.by_name:
            return self.pattern.fullmatch(name) is not None
        return self.pattern.fullmatch(path, len(self.base)) is not None


def read_rules(text: str, base: str = "") -> list[Rule]:
    """Return the rules of an ignore file in their order; lines that can match nothing are left out."""
    lines = text.removeprefix("\ufeff").split("\n")
    found = (_rule(line.removesuffix("\r"), base) for line in lines)
    return [rule for rule in found if rule is not None]


def is_ignored(rules: list[Rule], path: str, *, is_folder: bool) -> bool:
    """Whether the last rule that is about the path leaves it out. Folders above it are not looked at."""
    name = path.rpartition("/")[2]
    for rule in reversed(rules):
        if rule.fits(path, name, is_folder=is_folder):
            return not rule.is_negated
    return False


def _rule(line: str, base: str) -> Rule | None:
    if line.startswith("#"):
        return None
    line = _without_trailing_spaces(line)
    is_negated = line.startswith("!")
    pattern = line[1:] if is_negated else line
    folders_only = pattern.endswith("/")
    pattern = pattern[:-1] if folders_only else pattern
    by_name = "/" not in pattern
    regex = _regex(pattern.removeprefix("/"))
    if not pattern or regex is None:
        return None
    return Rule(base, re.compile(regex, re.DOTALL), is_negated, folders_only, by_name)


def _without_trailing_spaces(line: str) -> str:
    """A space at the end counts only behind a backslash."""
    end, place = 0, 0
    while place < len(line):
        if line[place] == "\\":
            place += 1
            end = min(place + 1, len(line))
        elif line[place] != " ":
            end = place + 1
        place += 1
    return line[:end]


def _regex(pattern: str) -> str | None:
    """The pattern as a regular expression, or None when it can match nothing."""
    parts = pattern.split("/")
    made = ""
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        if len(part) > 1 and not part.strip("*") and len(parts) > 1:
            made += ".*" if is_last else "(?:.*/)?"
            continue
        inside = _part(part)
        if inside is None:
            return None
        made += inside + ("" if is_last else "/")
    return made


def _part(part: str) -> str | None:
    """What lies between two slashes; None for an open bracket or a backslash at its end."""
    made, place = "", 0
    while place < len(part):
        letter = part[place]
        if letter == "*":
            while part[place : place + 1] == "*":
                place += 1
            made += "[^/]*"
            continue
        if letter == "[":
            found = _bracket(part, place + 1)
            if found is None:
                return None
            made, place = made + found[0], found[1]
            continue
        if letter == "\\":
            place += 1
            if place == len(part):
                return None
            letter = part[place]
            made += re.escape(letter)
        else:
            made += "[^/]" if letter == "?" else re.escape(letter)
        place += 1
    return made


def _bracket(part: str, place: int) -> tuple[str, int] | None:
    """A set of characters such as `[!a-z]`, and the place behind it. A slash is in no set."""
    is_negated = part[place : place + 1] in ("!", "^")
    place += is_negated
    start, inside = place, ""
    while True:
        if place >= len(part):
            return None
        if part[place] == "]" and place > start:
            break
        if part.startswith("[:", place) and (end := part.find(":]", place + 2)) >= 0:
            inside += _CLASSES.get(part[place + 2 : end], "")
            place = end + 2
            continue
        first, place = _one(part, place)
        if part[place : place + 1] == "-" and part[place + 1 : place + 2] not in ("", "]"):
            last, place = _one(part, place + 1)
            # git looks at the first letter by itself, so that it counts even where the range is upside down.
            inside += f"{re.escape(first)}-{re.escape(last)}" if first <= last else re.escape(first)
        else:
            inside += re.escape(first)
    members = f"[{inside}]" if inside else "(?!)"
    return f"(?!/)(?:(?!{members}).)" if is_negated else f"(?!/){members}", place + 1


def _one(part: str, place: int) -> tuple[str, int]:
    if part[place] == "\\" and place + 1 < len(part):
        return part[place + 1], place + 2
    return part[place], place + 1

"""What may come next in a half-written filter: names of fields, operators, values."""

import re
from dataclasses import dataclass

from runs.errors import Invalid
from runs.models import Workspace
from runs.query.fields import ATTRIBUTES, PARTS, SOURCE_ALIASES, Field, Kind, Source
from runs.query.grammar import parse_field
from runs.query.nodes import quote
from runs.query.suggest import suggest_keys, suggest_values

MOST = 12
MOST_READ = 4000
_KEY = r"""[\w.\-+/:@]+(?:"[^"]*"|`[^`]*`)?(?:\.\w+)?"""
_VALUE = re.compile(
    rf"(?:^|[\s(])(?P<field>{_KEY})\s*(?:=|!=|\b(?:I?LIKE|CONTAINS)\b|\b(?:NOT\s+)?IN\s*\((?:[^()]*,)?)\s*"
    r"""(?P<typed>'[^']*|"[^"]*|[\w.\-/]*)$""",
    re.IGNORECASE,
)
_FIELD = re.compile(r"""(?:^|[\s(])(?P<typed>[\w.\-/:@]*)$""")
_AFTER_FIELD = re.compile(rf"(?:^|[\s(])(?P<field>{_KEY})\s+(?P<typed>\w*)$")
_JOINED = re.compile(r"(?:^|\(|\b(?:and|or|not))\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Option:
    """What may be put in place of what was typed; `note` says how many runs have it, or what it is."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Completion:
    """The options, and where what they replace begins."""

    start: int
    options: list[Option]


def complete(workspace: Workspace, text: str) -> Completion:
    """What may follow the text, which ends where the person writes. Never raises for what it does not understand."""
    cut = max(0, len(text) - MOST_READ)
    found = _complete(workspace, text[cut:])
    return Completion(found.start + cut, found.options)


def _complete(workspace: Workspace, text: str) -> Completion:
    nothing = Completion(len(text), [])
    value = _VALUE.search(text)
    if value is not None:
        return Completion(value.start("typed"), _values(workspace, value["field"], value["typed"]))
    typed = _FIELD.search(text)
    if typed is None:
        return nothing
    if _JOINED.search(text[: typed.start("typed")]):
        return Completion(typed.start("typed"), _fields(workspace, typed["typed"]))
    after = _AFTER_FIELD.search(text)
    if after is not None and (field := _field(after["field"])) is not None:
        return Completion(after.start("typed"), _operators(field, after["typed"]))
    return nothing


def _fields(workspace: Workspace, typed: str) -> list[Option]:
    source, dot, key = typed.partition(".")
    known = SOURCE_ALIASES.get(source.lower())
    if dot and known is not None and known not in (Source.ATTRIBUTE, Source.DATASET):
        names = suggest_keys(workspace, known, key.strip('"`'), most=MOST)
        return [Option(str(Field(known, name))) for name in names] + _parts(workspace, known, key)
    if dot:
        return []
    begins = typed.lower()
    options = [Option(name, str(kind.value)) for name, kind in ATTRIBUTES.items() if name.startswith(begins)]
    options += [
        Option(f"{source}.", "values by name")
        for source in (Source.TAG, Source.PARAM, Source.METRIC, Source.PROPERTY)
        if source.startswith(begins)
    ]
    if begins:
        for source in (Source.TAG, Source.PARAM, Source.METRIC):
            options += [
                Option(str(Field(source, name))) for name in suggest_keys(workspace, source, typed, most=4)
            ]
    return options[:MOST] if begins else options[: MOST + len(ATTRIBUTES)]


def _parts(workspace: Workspace, source: Source, key: str) -> list[Option]:
    """`metrics.loss.` goes on with min, max and the others."""
    name, dot, part = key.rpartition(".")
    if source != Source.METRIC or not dot or name not in suggest_keys(workspace, source, name, most=MOST):
        return []
    return [
        Option(str(Field(source, name, each))) for each in PARTS if each.startswith(part) and each != "last"
    ]


def _values(workspace: Workspace, written: str, typed: str) -> list[Option]:
    field = _field(written)
    if field is None:
        return []
    if field.kind == Kind.FLAG:
        return [Option(word) for word in ("true", "false") if word.startswith(typed)]
    if field.kind == Kind.TIME:
        return [Option(word, note) for word, note in _TIMES.items() if word.startswith(typed)]
    try:
        found = suggest_values(workspace, field, typed.lstrip("'\""))
    except Invalid:
        return []
    return [Option(quote(each.text), f"{each.count} runs") for each in found[:MOST] if each.text is not None]


def _operators(field: Field, typed: str) -> list[Option]:
    ordered = field.kind in (Kind.NUMBER, Kind.TIME, Kind.DURATION, Kind.PARAM)
    words = ["=", "!="] + (["<", "<=", ">", ">="] if ordered else [])
    if field.kind in (Kind.TEXT, Kind.PARAM, Kind.STATUS):
        words += ["LIKE", "ILIKE", "CONTAINS", "IN (", "NOT IN ("]
    if field.kind != Kind.FLAG:
        words += ["IS NULL", "IS NOT NULL"]
    return [Option(word) for word in words if word.lower().startswith(typed.lower())]


def _field(text: str) -> Field | None:
    try:
        return parse_field(text)
    except Invalid:
        return None


_TIMES = {
    "-1h": "in the last hour",
    "-1d": "in the last day",
    "-7d": "in the last week",
    "-30d": "in the last 30 days",
}

"""The active conditions of a list as chips, and which of them to drop when nothing is found."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from runs.errors import Invalid
from runs.query.fields import Source
from runs.query.filters import key_condition
from runs.query.nodes import Compare, value_text
from runs.web import show
from runs.web.address import Address

CHIPS = {
    "status": "status",
    "experiment": "experiment",
    "tag": "tag",
    "property": "property",
    "param": "parameter",
    "metric": "metric",
    "target": "target",
    "submitted_by": "submitted by",
    "created_after": "submitted after",
    "created_before": "submitted before",
    "duration_min": "at least",
    "duration_max": "at most",
    "type": "type",
    "archived": "archived",
}
# What shapes the list without leaving runs out of it.
SHAPING = {"group": "grouped by"}
MOST_ADVICE = 6
_FIELDS = {
    "status": ("status", "="),
    "experiment": ("experiment", "="),
    "submitted_by": ("created_by", "="),
    "target": ("target", "="),
    "type": ("type", "="),
    "created_after": ("created", ">="),
    "created_before": ("created", "<="),
    "duration_min": ("duration", ">="),
    "duration_max": ("duration", "<="),
}
# The parameter that says `attribute = value`, and the one that says `key=value` of a source.
SIMPLE = {
    "status": "status",
    "experiment": "experiment",
    "created_by": "submitted_by",
    "target": "target",
    "type": "type",
}
KEYED = {Source.TAG: "tag", Source.PARAM: "param", Source.METRIC: "metric", Source.PROPERTY: "property"}
_SOURCES = {name: source for source, name in KEYED.items()}


@dataclass(frozen=True)
class Chip:
    """One active condition and the address without it."""

    label: str
    value: str
    without: str
    name: str = ""
    # The parameter's own text, where a person reads another word.
    raw: str = ""

    @property
    def edit(self) -> str:
        """What the page that adds a filter is told, to change this one; nothing where it cannot be changed so."""
        if self.name in _FIELDS:
            field, op = _FIELDS[self.name]
            asked = {"by": field, "op_now": op, "value_now": self.raw}
            return urlencode({**asked, "instead": f"{self.name}={self.raw}"})
        source = _SOURCES.get(self.name)
        if source is None:
            return ""
        try:
            node = key_condition(source, self.raw)
        except Invalid:
            return ""
        if not isinstance(node, Compare):
            return ""
        value = (
            ""
            if node.value is None
            else value_text(node.value)
            if isinstance(node.value, float)
            else node.value
        )
        asked = {"by": str(node.field), "op_now": str(node.op), "value_now": str(value)}
        return urlencode({**asked, "instead": f"{self.name}={self.raw}"})


def chips_of(address: Address) -> Iterator[Chip]:
    """The simple parameters that narrow the list."""
    for name, label in CHIPS.items():
        for value in address.query.getlist(name):
            if value:
                shown = show.word_of(value) if name == "status" else value
                yield Chip(label, shown, address.dropping(name, value), name, value)


def shaping_chips_of(address: Address) -> Iterator[Chip]:
    """The parameters that shape the list and leave no run out."""
    for name, label in SHAPING.items():
        for value in address.query.getlist(name):
            if value:
                yield Chip(label, value, address.having(**{name: None, "in": None}), name)


def advice_of(
    address: Address, chips: Iterable[Chip], which_find: Callable[[list[str]], list[bool]]
) -> list[Chip]:
    """The conditions without which something would be found; `which_find` says it of several addresses at once."""
    tries = list(chips)
    for name, label in (("q", "search"), ("filter", "filter"), ("mine", "only my runs")):
        if address.get(name):
            value = "" if name == "mine" else address.get(name)
            tries.append(Chip(label, value, address.dropping(name), name))
    del tries[MOST_ADVICE:]
    finds = which_find([chip.without for chip in tries])
    return [chip for chip, finds_any in zip(tries, finds, strict=True) if finds_any]

"""The active conditions of a list as chips, and which of them to drop when nothing is found."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Chip:
    """One active condition and the address without it."""

    label: str
    value: str
    without: str
    name: str = ""


def chips_of(address: Address) -> Iterator[Chip]:
    """The simple parameters that narrow the list."""
    for name, label in CHIPS.items():
        for value in address.query.getlist(name):
            if value:
                shown = show.word_of(value) if name == "status" else value
                yield Chip(label, shown, address.dropping(name, value), name)


def shaping_chips_of(address: Address) -> Iterator[Chip]:
    """The parameters that shape the list and leave no run out."""
    for name, label in SHAPING.items():
        for value in address.query.getlist(name):
            if value:
                yield Chip(label, value, address.having(**{name: None, "in": None}), name)


def advice_of(address: Address, chips: Iterable[Chip], finds_any: Callable[[str], bool]) -> Iterator[Chip]:
    """The conditions without which something would be found."""
    tries = list(chips)
    for name, label in (("q", "search"), ("filter", "filter"), ("mine", "only my runs")):
        if address.get(name):
            value = "" if name == "mine" else address.get(name)
            tries.append(Chip(label, value, address.dropping(name), name))
    for chip in tries[:MOST_ADVICE]:
        if finds_any(chip.without):
            yield chip

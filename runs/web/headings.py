"""The heads of a table's columns, and the addresses that sort by them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from runs.query.columns import MOST_SORTS, Column, Sort, sort_text
from runs.query.fields import Source
from runs.web.address import Address


@dataclass(frozen=True)
class Heading:
    """The head of a column: its words, the address that sorts by it, and the order that has it as well."""

    column: Column
    is_number: bool
    sort_url: str = ""
    # As the text of an order: a second address in each head would repeat the filter as often.
    also: str = ""
    direction: str = ""
    # Which key of the order it is, from 1; 0 for none.
    place: int = 0
    is_alone: bool = True

    @property
    def hint(self) -> str:
        """What can be done with the head, and what its cells do not say themselves."""
        words = "Sort; with Shift, sort by this as well." if self.sort_url else ""
        field = self.column.field
        if field is not None and field.source == Source.METRIC and field.part == "last":
            words += " A line has the least and the greatest value of each of its steps."
        return words + " Shift and an arrow key change the width."


@dataclass(frozen=True)
class SortKey:
    """One key of the order, and the addresses that turn it or take it away."""

    label: str
    direction: str
    turned_url: str
    without_url: str


def heading_of(column: Column, address: Address, sort: Sequence[Sort], numeric: Collection[str]) -> Heading:
    """The head of this column in a list of that order."""
    place = next((n for n, key in enumerate(sort, 1) if key.column.key == column.key), 0)
    own = sort[place - 1] if place else None
    is_number = column.is_number or column.key in numeric
    if not column.is_sortable:
        return Heading(column, is_number)
    # Another click turns the order. Numbers and times begin with the largest, which is what people look for.
    down = not own.is_descending if own else _begins_down(column)
    return Heading(
        column,
        is_number,
        address.having(sort=sort_text([Sort(column, down)])),
        sort_text(_with(sort, column, own)),
        _word(own) if own else "",
        place,
        len(sort) == 1,
    )


def keys_of(address: Address, sort: Sequence[Sort]) -> list[SortKey]:
    """The keys of the order, each with what one can do to it."""
    keys = []
    for own in sort:
        turned = [Sort(k.column, not k.is_descending) if k is own else k for k in sort]
        others = [key for key in sort if key is not own]
        keys.append(
            SortKey(
                own.column.label,
                _word(own),
                address.having(sort=sort_text(turned)),
                address.having(sort=sort_text(others)),
            )
        )
    return keys


def _with(sort: Sequence[Sort], column: Column, own: Sort | None) -> list[Sort]:
    """The order with this key added at its end, then turned, then taken away again: what Shift and a click do."""
    begins = _begins_down(column)
    if own is None:
        return [*sort[: MOST_SORTS - 1], Sort(column, begins)]
    if own.is_descending == begins:
        return [Sort(k.column, not k.is_descending) if k is own else k for k in sort]
    return [key for key in sort if key is not own]


def _begins_down(column: Column) -> bool:
    return column.is_number or (column.field is not None and column.field.kind.name in ("TIME", "NUMBER"))


def _word(sort: Sort) -> str:
    return "descending" if sort.is_descending else "ascending"

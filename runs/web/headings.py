"""The heads of a table's columns, and the addresses that sort by them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from runs.query.columns import Column, Sort, sort_text
from runs.web.address import Address


@dataclass(frozen=True)
class Heading:
    """The head of a column: its words, and the address that sorts by it."""

    column: Column
    is_number: bool
    sort_url: str
    direction: str


def heading_of(column: Column, address: Address, sort: Sequence[Sort], numeric: Collection[str]) -> Heading:
    """The head of this column in a list of that order."""
    first = sort[0]
    is_first = first.column.key == column.key
    direction = ("descending" if first.is_descending else "ascending") if is_first else ""
    # A second click turns the order. Numbers and times begin with the largest, which is what people look for.
    begins_down = column.is_number or (
        column.field is not None and column.field.kind.name in ("TIME", "NUMBER")
    )
    is_descending = not first.is_descending if is_first else begins_down
    url = address.having(sort=sort_text([Sort(column, is_descending)])) if column.is_sortable else ""
    return Heading(column, column.is_number or column.key in numeric, url, direction)

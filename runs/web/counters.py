"""How many runs of a list stand in each status; each counter is a filter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runs.lifecycle import Status
from runs.query.counts import Count
from runs.web.address import Address


@dataclass(frozen=True)
class Counter:
    """How many stand in a status, and the address that shows only those, or all again."""

    status: Status
    count: Count
    url: str
    is_chosen: bool


def counters_of(address: Address, counts: Mapping[Status, Count]) -> Iterator[Counter]:
    """A counter for each status that was found, and for those that are chosen."""
    chosen = address.query.getlist("status")
    for status, count in counts.items():
        if not count.number and status.value not in chosen:
            continue
        yield Counter(status, count, address.toggling("status", status.value), status.value in chosen)


def total_of(address: Address, counts: Mapping[Status, Count]) -> Count:
    """How many runs the list holds: those in the chosen statuses, or in all."""
    chosen = address.query.getlist("status")
    shown = [count for status, count in counts.items() if not chosen or status.value in chosen]
    return Count(sum(count.number for count in shown), any(count.is_more for count in shown))

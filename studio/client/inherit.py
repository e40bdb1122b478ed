"""Journals of processes that are no more: sent by `studio sync` and by the next recorder of the same user."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.client.heart import GONE
from studio.client.notices import warn
from studio.client.operation import Operation
from studio.client.sender import Delivery, Sender, closing, remainder
from studio.client.spool import Spool
from studio.client.spool_place import journals


@dataclass
class Sent:
    """What was sent of one journal, and what the studio would not have."""

    sent: int = 0
    refused: int = 0


def settle(spool: Spool, operation: Operation, delivery: Delivery) -> None:
    """Write down what became of an operation: forget what was sent, set aside what was refused."""
    for piece, refusal in delivery.refused:
        if getattr(refusal, "status_code", 0) == GONE:
            spool.forget_run(operation.run)
            return
        reason = str(refusal)
        if operation.kind == "create":
            spool.set_aside_run(operation.run, reason)
            return
        if piece is operation:
            spool.set_aside(operation, reason)
            return
        spool.append([remainder(operation, piece, reason)])
    spool.done(operation)


def orphaned(url: str) -> Iterator[Spool]:
    """Yield, locked for us, each journal for this studio whose process is no more."""
    for path in journals():
        spool = adopt(path)
        if spool is None:
            continue
        if spool.about("url") == url:
            yield spool
        else:
            spool.close()


def adopt(path: Path) -> Spool | None:
    """Take over one journal; None while its process lives, or when the file is damaged beyond reading."""
    try:
        spool = Spool.adopt(path)
        if spool is not None:
            spool.count()
    except (sqlite3.Error, OSError) as failure:
        warn(f"The journal {path} cannot be read ({failure}): it is left as it is.")
        return None
    return spool


def visit(path: Path) -> Spool | None:
    """Open the journal of a program that goes on offline; None for any other, or when it cannot be read."""
    try:
        return Spool.visit(path)
    except (sqlite3.Error, OSError) as failure:
        warn(f"The journal {path} cannot be read ({failure}): it is left as it is.")
        return None


def send_journal(sender: Sender, spool: Spool) -> Iterator[Sent]:
    """Send a journal, yielding after each operation; then close the runs that its process left open.

    Raises UnreachableException when the studio does not answer; what was sent until then is settled.
    """
    total = Sent()
    while operation := spool.first():
        delivery = sender.deliver(operation)
        settle(spool, operation, delivery)
        total.refused += bool(delivery.refused)
        total.sent += not delivery.refused
        yield total
    for run in [] if spool.is_guest else spool.open_runs():
        sender.deliver(closing(run, spool.about("written_at")))  # a refusal means that it has ended otherwise
        spool.forget_open(run)
        yield total

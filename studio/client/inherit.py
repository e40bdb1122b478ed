"""Journals of processes that are no more: sent by `studio sync` and by the next recorder of the same user."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.client.address import own_run
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
    """Yield, locked for us, each journal for this studio whose process is no more.

    A submitted script has a token for its own run alone: to it the journals of other programs are none of its own.
    """
    own = own_run()
    for path in journals():
        spool = adopt(path)
        if spool is None:
            continue
        if spool.about("url") == url and own in ("", spool.about("run")):
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


def send_left_behind(sender: Sender, url: str, run: str) -> None:
    """Send what the processes of this run, of which none is left, had journaled; the run itself is not closed.

    Raises UnreachableException when the studio does not answer.
    """
    for spool in orphaned(url):
        try:
            for _ in send_journal(sender, spool, keep_open=run):
                pass
        finally:
            spool.close()


def send_journal(sender: Sender, spool: Spool, *, keep_open: str = "") -> Iterator[Sent]:
    """Send a journal, yielding after each operation; then close the runs that its process left open.

    `keep_open`: the id of a run that is not to be closed, because somebody else will.
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
        if run != keep_open:
            # A refusal means that it has ended otherwise.
            sender.deliver(closing(run, spool.about("written_at")))
        spool.forget_open(run)
        yield total

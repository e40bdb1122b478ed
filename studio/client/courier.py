"""Sends the journal in order, waits while the studio is away, and tells those who hold a ticket."""

import time
from collections.abc import Callable, Iterator

from studio.client.address import own_run
from studio.client.errors import UnreachableException
from studio.client.heart import GONE, Heart
from studio.client.http import Client, backoff_s
from studio.client.inherit import Sent, orphaned, send_journal, settle
from studio.client.journal import Journal
from studio.client.notices import warn
from studio.client.operation import Operation
from studio.client.sender import Delivery, Sender
from studio.client.spool import Spool
from studio.client.ticket import Ticket

LONGEST_AWAY_S = 30.0
# One failure may be a connection that the server had just closed; a server that answers "later" gets one try more.
FAILURES_OF_ABSENCE = 2
FAILURES_OF_A_BUSY_ONE = 3
PATIENCE_S = 5.0
LONGEST_ASKED_S = 300.0
INHERIT_EVERY_S = 60.0
INHERIT_BUDGET_S = 0.3


class Courier:
    """Works in the recorder's thread.

    `between` is called between two operations, so that nothing piles up.
    """

    def __init__(self, client: Client, journal: Journal, heart: Heart, between: Callable[[], None]) -> None:
        self._client = client
        self._journal = journal
        self._heart = heart
        self._between = between
        self._sender = Sender(client, self._step)
        # By spool, place in it, and run.
        self._tickets: dict[tuple[Spool, int, str], Ticket] = {}
        self._barriers: list[tuple[int, Ticket]] = []
        self._failures = 0
        self._retry_at = 0.0
        self._asked_until = 0.0
        self._patience = FAILURES_OF_ABSENCE
        self._told: set[tuple[str, str]] = set()
        self._legacy: Iterator[Sent] | None = None
        self._inherit_at = 0.0
        self.uncreated: set[str] = set()
        self.refused_runs: dict[str, str] = {}

    @property
    def is_away(self) -> bool:
        """Whether the studio is known not to answer, so that nobody should wait for it."""
        return self._client.offline or self._failures >= self._patience

    @property
    def is_pausing(self) -> bool:
        """Whether the last attempt failed, and the next one has its time."""
        return self._failures > 0

    @property
    def deleted_runs(self) -> set[str]:
        """The runs that somebody deleted in the studio while this program logged to them."""
        return self._heart.deleted

    @property
    def is_busy(self) -> bool:
        """Whether a journal that another process left behind is being sent."""
        return self._legacy is not None

    def expect(self, spool: Spool, operation: Operation, ticket: Ticket | None) -> None:
        """Note what has just been journaled. The journal's lock is held."""
        if operation.kind == "create" and not operation.refused:
            self.uncreated.add(operation.run)
        if ticket is not None and operation.refused:
            ticket.kept()  # of a run that the studio will not have: nobody is to wait for it
        elif ticket is not None:
            self._tickets[spool, operation.seq, operation.run] = ticket

    def expect_all(self, ticket: Ticket, mark: int) -> None:
        """Settle this ticket when everything up to this place of the journal has been sent."""
        self._barriers.append((mark, ticket))

    def try_now(self) -> None:
        """Somebody waits for the next attempt: make it at once, unless the studio asked for a pause."""
        self._retry_at = self._asked_until

    def pause_s(self, longest_s: float) -> float:
        """Return how long the thread may sleep."""
        return min(longest_s, max(self._retry_at - time.monotonic(), 0.01)) if self._failures else longest_s

    def work(self) -> None:
        """Send what waits, beat, and look after journals that others left behind."""
        if self._client.offline or time.monotonic() < self._retry_at:
            if self.is_away:
                self._keep_tickets()
            return
        try:
            self._send_all()
            self._step()
            self._inherit()
        except UnreachableException as failure:
            self._went_away(failure)
            return
        with self._journal.lock:
            found = self._journal.next()
            self._settle_barriers(found[1].seq if found else None)

    def _send_all(self) -> None:
        while found := self._journal.next():
            spool, operation = found
            self._settle_barriers(operation.seq)
            delivery = self._sender.deliver(operation)
            self._answered()
            self._settle(spool, operation, delivery)
            self._step()

    def _step(self) -> None:
        self._between()
        if self._heart.beat_due(self.uncreated):
            self._answered()

    def _settle(self, spool: Spool, operation: Operation, delivery: Delivery) -> None:
        ticket = self._tickets.pop((spool, operation.seq, operation.run), None)
        if operation.kind == "create":
            self.uncreated.discard(operation.run)
        if delivery.answer.get("cancel_requested"):
            self._heart.hurry(operation.run)
        if not delivery.refused:
            spool.done(operation)
            if ticket:
                ticket.sent(delivery.answer)
            return
        refusal = delivery.refused[0][1]
        if getattr(refusal, "status_code", 0) == GONE:
            self.note_deleted(operation.run, str(refusal))
            spool.forget_run(operation.run)
            self._let_go(operation.run, ticket)
            return
        if operation.kind == "create":
            self.refused_runs[operation.run] = str(refusal)
        settle(spool, operation, delivery)
        if ticket and not ticket.given_up:
            ticket.refused(refusal)
            # Whoever waits is told now, so nothing needs to be kept for later.
            spool.done(operation)
        else:
            self._tell(operation, str(refusal))

    def note_deleted(self, run: str, reason: str) -> None:
        """The studio said that somebody deleted the run."""
        self._heart.note_deleted(run, reason)

    def _let_go(self, run: str, ticket: Ticket | None) -> None:
        """Nobody waits any more for what was to be sent of a deleted run."""
        if ticket:
            ticket.kept()
        for place in [key for key in self._tickets if key[2] == run]:
            self._tickets.pop(place).kept()

    def _tell(self, operation: Operation, reason: str) -> None:
        """One warning for each run and kind of thing, however many batches follow."""
        if (operation.run, operation.kind) in self._told:
            return
        self._told.add((operation.run, operation.kind))
        what = (
            "The run itself"
            if operation.kind == "create"
            else f"Some {operation.kind} of run {operation.run}"
        )
        warn(f"{what} was refused and is set aside on this machine: {reason}")

    def _answered(self) -> None:
        if self.is_away:
            warn(f"The studio at {self._client.url} answers again: sending {self._journal.count()} batches.")
        self._failures, self._retry_at, self._asked_until = 0, 0.0, 0.0

    def _went_away(self, failure: UnreachableException) -> None:
        was_away = self.is_away
        asked_s = min(failure.retry_after_s or 0.0, LONGEST_ASKED_S)
        self._failures += 1
        self._patience = FAILURES_OF_A_BUSY_ONE if failure.status_code >= 429 else FAILURES_OF_ABSENCE
        if asked_s > PATIENCE_S:
            self._failures = max(self._failures, self._patience)
        planned_s = min(backoff_s(self._failures) * (2 if self.is_away else 0.5), LONGEST_AWAY_S)
        self._asked_until = time.monotonic() + asked_s
        self._retry_at = time.monotonic() + max(planned_s, asked_s)
        if self.is_away:
            if not was_away:
                warn(f"{failure} The run goes on; what it logs is kept on this machine and sent later.")
            self._keep_tickets()

    def _keep_tickets(self) -> None:
        """Let everybody go on who waits: it is on disk, and more cannot be said now."""
        with self._journal.lock:
            waiting = [*self._tickets.values(), *(ticket for _mark, ticket in self._barriers)]
            self._tickets, self._barriers = {}, []
        for ticket in waiting:
            ticket.kept()

    def _settle_barriers(self, next_seq: int | None) -> None:
        for mark, ticket in list(self._barriers):
            if next_seq is None or next_seq > mark:
                self._barriers.remove((mark, ticket))
                ticket.sent({})

    def _inherit(self) -> None:
        """Give a moment of each turn to journals of processes that are no more."""
        if self._legacy is None and time.monotonic() >= self._inherit_at:
            self._inherit_at = time.monotonic() + INHERIT_EVERY_S
            self._legacy = self._legacies()
        until = time.monotonic() + INHERIT_BUDGET_S
        while self._legacy is not None and time.monotonic() < until:
            if next(self._legacy, None) is None:
                self._legacy = None

    def _legacies(self) -> Iterator[Sent]:
        for spool in orphaned(self._client.url):
            try:
                yield from send_journal(self._sender, spool, keep_open=own_run())
            finally:
                spool.close()

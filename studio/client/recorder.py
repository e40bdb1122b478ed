"""The recorder: one background thread for each process and studio.

It takes what a training logs, journals it to disk, then sends it in order; a studio that is away costs the
training nothing but disk.
"""

import sys
import threading
import time
from collections.abc import Callable
from itertools import repeat
from queue import SimpleQueue
from typing import Any

from studio.client.batch import Pending, Point, sort_out
from studio.client.console import LOG_NAME, Capture
from studio.client.courier import Courier
from studio.client.heart import Heart, Live
from studio.client.http import Client
from studio.client.journal import Journal
from studio.client.monitor import Monitor
from studio.client.notices import warn
from studio.client.operation import Operation, forget_copy, log_piece
from studio.client.ticket import Ticket
from studio.client.tree import LogFolder

TICK_S = 0.5
SHORTEST_PAUSE_S = 0.02
# Beyond this, whoever logs also journals: about 2 MB of queue, and a few milliseconds of their time now and
# then.
SPILL_ITEMS = 8_000
SPILL_PATIENCE_S = 0.04


class Recorder:
    """What this process logs to one studio. `put` takes a point and returns at once."""

    def __init__(self, client: Client, on_start: Callable[[], None] = lambda: None) -> None:
        self.client = client
        self._on_start = on_start
        self.journal = Journal(client.url, offline=client.offline)
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Everything but the queue and the journal: for a new process, forked or not."""
        self._heart = Heart(self.client.twin())
        self.courier = Courier(self.client, self.journal, self._heart, self._journal_if_due)
        self._monitor = Monitor()
        self._captures: list[Capture] = []
        self._watched: list[LogFolder] = []
        self._taken: list[Any] = []
        self._is_writing = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._journaled_at = 0.0
        self._last_seq = 0
        self._told: set[str] = set()
        self.put: Callable[[Point], None] = self._put_first

    def _put_first(self, point: Point) -> None:
        """The first point of this process (or after a rest) starts the thread."""
        self._queue.put(point)
        self._ensure_thread()

    def _put(self, point: Point) -> None:
        self._queue.put(point)
        if self._queue.qsize() > SPILL_ITEMS:
            self._spill()

    def _spill(self) -> None:
        """Bound the memory: journal from the calling thread, unless another one has been at it for long."""
        if self.journal.lock.acquire(timeout=SPILL_PATIENCE_S):
            try:
                self._write_down()
            finally:
                self.journal.lock.release()

    def submit(self, operation: Operation) -> Ticket:
        """Queue an operation behind everything logged so far; the ticket tells what becomes of it."""
        ticket = Ticket()
        self._queue.put((operation, ticket))
        self._rouse()
        return ticket

    def flush(self, timeout_s: float) -> bool:
        """Send everything logged so far.

        False when some of it is still here: too slow, or the studio is away.
        """
        ticket = Ticket()
        self._queue.put(ticket)
        self.courier.try_now()
        self._rouse()
        return ticket.wait(timeout_s) is not None

    def settle(self, timeout_s: float) -> None:
        """Before reading: what this program has logged should be there.

        A studio that is away is not waited for.
        """
        if not self._is_drained() or self.journal.next():
            self.flush(timeout_s)

    def _rouse(self) -> None:
        self._ensure_thread()
        self._wake.set()

    def follow(self, live: Live) -> None:
        """Beat for this run until it ends."""
        self._heart.add(live)
        self._ensure_thread()

    def unfollow(self, live: Live) -> None:
        """Its end is on its way."""
        self._heart.remove(live)

    def capture(self, run: str) -> Capture:
        """Begin to keep the console of this process for a run."""
        capture = self.listen(run)
        capture.start()
        return capture

    def listen(self, run: str, name: str = LOG_NAME) -> Capture:
        """Begin to keep what is fed to the capture as the console of a run, or as another log of it."""
        capture = Capture(run, self._spill, name)
        self._captures.append(capture)
        return capture

    def release(self, capture: Capture) -> None:
        """The console of the run is complete."""
        capture.stop()
        with self.journal.lock:
            self._write_down()
            if capture in self._captures:
                self._captures.remove(capture)

    def watch(self, folder: LogFolder) -> None:
        """Send what the files of this folder grow by."""
        self._watched.append(folder)

    def unwatch(self, folder: LogFolder) -> None:
        """Keep the rest of it; it grows no more."""
        with self.journal.lock:
            if folder in self._watched:
                self._watched.remove(folder)
                while pieces := folder.take(now=True):
                    self._keep([(piece, None) for piece in pieces])

    def whereabouts(self) -> str:
        """Return where what is logged lies, for people, where no studio is known."""
        return f"journaled in {self.journal.disk.path or 'memory'}"

    def defers(self, run: str, kind: str) -> bool:
        """Whether a call for this run has to go through the journal to keep its order."""
        return (
            self.courier.is_away
            or run in self.courier.deleted_runs
            or run in self.courier.uncreated
            or self.journal.holds(run, kind)
        )

    def _ensure_thread(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="run-studio recorder", daemon=True)
                self._thread.start()
                self._on_start()
            self.put = self._put

    def _work(self) -> None:
        while not self._may_rest():
            self._wake.wait(self._pause_s())
            self._wake.clear()
            try:
                self._sample()
                self._journal_now()
                self.courier.work()
            except Exception as failure:  # a mistake of ours must end neither the recording nor the training
                self.tell(f"The recorder met {type(failure).__name__}: {failure}. It goes on.")
                time.sleep(TICK_S)

    def _pause_s(self) -> float:
        """How long to sleep: not past the next beat, unless the studio does not answer anyhow."""
        if self.courier.is_pausing:
            return self.courier.pause_s(TICK_S)
        return min(TICK_S, max(self._heart.due_in_s(), SHORTEST_PAUSE_S))

    def _sample(self) -> None:
        self._monitor.sample_due(self._heart.runs(), self._queue.put)

    def tell(self, problem: str) -> None:
        if problem not in self._told and not sys.is_finalizing():
            self._told.add(problem)
            warn(problem)

    def _may_rest(self) -> bool:
        """End the thread when there is nothing to do; the next point starts another."""
        if not self._heart.is_idle() or not self._is_drained() or self._has_mail():
            return False
        with self._starting:
            self.put = self._put_first
            if not self._is_drained():
                self.put = self._put
                return False
            self._thread = None
            return True

    def _has_mail(self) -> bool:
        """Whether there is something to send; nothing ever is where nothing may be sent."""
        return not self.client.offline and (self.journal.next() is not None or self.courier.is_busy)

    def _is_drained(self) -> bool:
        taken = self._queue.empty() and not self._taken
        return taken and all(capture.is_empty() for capture in self._captures)

    def _journal_if_due(self) -> None:
        self._sample()
        if self._queue.qsize() > SPILL_ITEMS // 2 or time.monotonic() - self._journaled_at > TICK_S:
            self._journal_now()

    def _journal_now(self) -> None:
        with self.journal.lock:
            self._write_down()

    def _write_down(self) -> None:
        """Bring everything that is queued to disk. The journal's lock is held.

        May be entered again (a signal handler that logs) or left half way (Ctrl-C): what was taken off the
        queue is in `_taken` until it is on disk.
        """
        if self._is_writing:
            return
        self._is_writing = True
        try:
            self._journaled_at = time.monotonic()
            self._taken.extend(map(self._queue.get, repeat(False, self._queue.qsize())))  # in one go, in C
            # The console after the queue, so that what was printed before a run's end is not left out.
            grown = [piece for folder in self._watched for piece in folder.take()]
            self._taken[:0] = [(piece, None) for piece in [*self._console_pieces(), *grown]]
            if self._taken:
                pending, barriers = sort_out(self._taken)
                self._keep(pending)
                self._taken = []
                for ticket in barriers:
                    self.courier.expect_all(ticket, self._last_seq)
        finally:
            self._is_writing = False

    def _console_pieces(self) -> list[Operation]:
        return [
            log_piece(capture.run, capture.name, offset, body, marks)
            for capture in self._captures
            for offset, body, marks in capture.take()
        ]

    def _keep(self, pending: list[Pending]) -> None:
        pending = self._without_deleted(pending)
        if not pending:
            return
        for operation, _ticket in pending:
            operation.refused = self.courier.refused_runs.get(operation.run)
        spool = self.journal.append([operation for operation, _ticket in pending])
        self._last_seq = max(self._last_seq, pending[-1][0].seq)
        for operation, ticket in pending:
            self.courier.expect(spool, operation, ticket)

    def _without_deleted(self, pending: list[Pending]) -> list[Pending]:
        """Nothing is kept of a run that was deleted in the studio; whoever waits goes on."""
        deleted = self.courier.deleted_runs
        for operation, ticket in pending if deleted else ():
            if operation.run in deleted:
                forget_copy(operation)
                if ticket:
                    ticket.kept()
        return [entry for entry in pending if entry[0].run not in deleted]

    def close(self, timeout_s: float) -> int:
        """At the end of the process: send what time allows, return how many operations stay on disk."""
        if not self._is_drained() or self.journal.next():
            self.flush(timeout_s)
            self._journal_now()
        left = self.journal.count()
        if left == 0:
            self.journal.close()
        return left

    def before_fork(self) -> None:
        """Let nothing be half done in the child's copy of our memory."""
        self.journal.lock.acquire()
        self.journal.pause()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self.journal.lock.release()

    def after_fork_in_child(self) -> None:
        """The parent keeps its points, journal, runs and console; this process begins with nothing."""
        while not self._queue.empty():
            self._queue.get_nowait()
        for capture in self._captures:
            capture.stop()
        self.journal.abandon()
        refused = self.courier.refused_runs
        self._begin_anew()
        self.courier.refused_runs = refused

"""The runs that this process is executing: their heartbeats, and what happens when somebody cancels one."""

import _thread
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from studio.client.errors import ServiceException, StudioException, UnreachableException
from studio.client.http import Client, Request, segment, with_json
from studio.client.notices import warn

BEAT_S = 2.0
BEAT_TIMEOUT_S = 5.0
# A process with hundreds of child runs beats for each of them less often, never so seldom that they count as
# silent.
LONGEST_BEAT_S = 25.0
RUNS_AT_FULL_RATE = 4
ENDED = ("Completed", "Failed", "Canceled")
GONE = 410


@dataclass
class Live:
    """A run that this process began and has not ended."""

    id: str
    name: str
    url: str
    interrupt: bool = True
    is_monitored: bool = True
    # The process whose processor and memory are sampled, where it is not this one.
    watched_pid: int | None = None
    pid: int = field(default_factory=os.getpid)
    cancelled_by: str | None = None
    ended: bool = False
    ended_elsewhere: bool = False
    # Since when the studio does not take the token of the run any more.
    refused_since: float | None = None
    beat_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_ours(self) -> bool:
        """False in a forked child: only the process that began a run may end it."""
        return self.pid == os.getpid()

    def end(self) -> bool:
        """Mark it as ended, once; from here on no cancel interrupts it. False when it was ended before."""
        with self.lock:
            first, self.ended = not self.ended, True
        return first


class Heart:
    """Beats for live runs from the recorder's thread, over a connection of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._live: dict[str, Live] = {}
        self.deleted: set[str] = set()

    def add(self, live: Live) -> None:
        """Begin to beat for this run."""
        self._live[live.id] = live

    def remove(self, live: Live) -> None:
        """Stop beating for this run."""
        self._live.pop(live.id, None)

    def note_deleted(self, run: str, reason: str) -> None:
        """Somebody deleted the run in the studio: nothing more of it is sent or kept, and the training goes on."""
        self._live.pop(run, None)
        if run not in self.deleted:
            self.deleted.add(run)
            warn(f"{reason} Nothing more is sent or kept of it; the program goes on.")

    def runs(self) -> list[Live]:
        """Return the live runs, oldest first."""
        return list(self._live.values())

    def is_idle(self) -> bool:
        """Whether no run is live."""
        return not self._live

    def hurry(self, run: str) -> None:
        """Beat at once: an answer said that this run is to be cancelled, and the next beat says by whom."""
        live = self._live.get(run)
        if live is not None and live.cancelled_by is None:
            live.beat_at = 0.0

    def due_in_s(self) -> float:
        """Return how long until a beat is due: whoever cancels a run waits for it. Endless without live runs."""
        soonest = min((live.beat_at for live in list(self._live.values())), default=float("inf"))
        return max(soonest - time.monotonic(), 0.0)

    def beat_due(self, uncreated: set[str]) -> int:
        """Beat for every run that the server has and whose time has come; return how many beats were heard.

        Raises UnreachableException when the server does not answer.
        """
        due = [live for live in list(self._live.values()) if live.id not in uncreated]
        due = [live for live in due if time.monotonic() >= live.beat_at]
        for live in due:
            self._beat(live)
        return len(due)

    def _beat(self, live: Live) -> None:
        request = with_json(
            Request("POST", f"runs/{segment(live.id)}/heartbeat/", timeout_s=BEAT_TIMEOUT_S), {}
        )
        live.beat_at = time.monotonic() + BEAT_S
        try:
            answer: dict[str, Any] = self._client.json(request, attempts=1)
        except UnreachableException:
            raise
        except ServiceException as refusal:
            live.beat_at = time.monotonic() + LONGEST_BEAT_S
            if refusal.status_code == GONE:
                self.note_deleted(live.id, str(refusal))
            return
        except StudioException:  # no longer ours: the sender will say so with its batches
            live.refused_since = live.refused_since or time.monotonic()
            live.beat_at = time.monotonic() + LONGEST_BEAT_S
            return
        live.refused_since = None
        crowd = max(1.0, len(self._live) / RUNS_AT_FULL_RATE)
        live.beat_at = time.monotonic() + min(float(answer.get("next_s") or BEAT_S) * crowd, LONGEST_BEAT_S)
        if answer.get("cancel_requested") or answer.get("status") == "Canceled":
            cancel(live, answer.get("cancel_requested_by") or "somebody")
        elif answer.get("status") in ENDED:
            live.ended_elsewhere = True
            self.remove(live)


def cancel(live: Live, by: str) -> None:
    """Tell the person, and interrupt the main thread, once. A run that has just ended is left alone."""
    with live.lock:
        if live.ended or live.cancelled_by is not None:
            return
        live.cancelled_by = by
        warn(f"{live.name} is being canceled by {by}.")
        if live.interrupt:
            interrupt_main_thread()


def interrupt_main_thread() -> None:
    """Raise KeyboardInterrupt in the main thread, out of a sleep or a wait as well."""
    main = threading.main_thread().ident
    if main is None:
        return
    if not callable(signal.getsignal(signal.SIGINT)):
        # A shell's background jobs ignore SIGINT, and then Python's own interrupt does nothing either.
        _raise_in(main)
    elif hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _raise_in(thread: int) -> None:
    """Raise KeyboardInterrupt in the thread at its next step.

    While that thread starts another one, Python 3.11 takes the new one for it: it would die before its first line, and
    whoever started it would wait for ever. So the moment is waited for in which no thread is just starting; between
    the last look and the call nothing else runs.
    """
    import ctypes  # rarely needed, slow to import

    starting: dict[object, object] = getattr(threading, "_limbo", {})
    interrupt, number = ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong(thread)
    error = ctypes.py_object(KeyboardInterrupt)
    latest = time.monotonic() + 1.0  # a thread that could not start may be listed for ever
    while starting and time.monotonic() < latest:
        time.sleep(0.001)
    interrupt(number, error)

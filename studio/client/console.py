"""What the script prints: passed through untouched, and kept for the run's `user_logs/std_log.txt`."""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from studio.client.marks import Part, pieces_of

LOG_NAME = "user_logs/std_log.txt"
SPILL_CHARACTERS = 1 << 20


class Tee:
    """Stands in for sys.stdout or sys.stderr. Everything but writing is the original stream's."""

    def __init__(self, stream: Any, feed: Callable[[str], None]) -> None:
        self._stream = stream
        self._feed: Callable[[str], None] | None = feed

    def write(self, text: str) -> Any:
        """Write to the original first, so what the person sees never depends on us."""
        written = self._stream.write(text)
        if self._feed is not None and isinstance(text, str):
            self._feed(text)
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of the lines."""
        for line in lines:
            self.write(line)

    def let_go(self) -> None:
        """Only pass through from now on, for whoever still holds this object."""
        self._feed = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)


class Capture:
    """The console of one run, or a stream of it, from `start` to `stop`. `spill` is called when much has piled up."""

    def __init__(self, run: str, spill: Callable[[], None], name: str = LOG_NAME) -> None:
        self.run = run
        self.name = name
        self._spill = spill
        self._parts: deque[tuple[str | bytes, str, float]] = deque()
        self._size = 0
        self._offset = 0
        self._tees: dict[str, Tee] = {}
        self._taking = threading.Lock()

    def start(self) -> None:
        """Begin to listen."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None:  # a program without a console
                continue
            self._tees[name] = Tee(stream, partial(self.feed, stream="e") if name == "stderr" else self.feed)
            setattr(sys, name, self._tees[name])
            redirect_logging(stream, self._tees[name])

    def stop(self) -> None:
        """Put the original streams back where ours still stand; elsewhere ours only pass through."""
        for name, tee in self._tees.items():
            tee.let_go()
            if getattr(sys, name) is tee:
                setattr(sys, name, tee._stream)
            redirect_logging(tee, tee._stream)
        self._tees = {}

    def feed(self, text: str | bytes, stream: str = "o") -> None:
        """Keep what was printed, and when. `stream`: o for stdout, e for stderr. Never raises."""
        self._parts.append((text, stream, time.time()))
        self._size += len(text)
        if self._size > SPILL_CHARACTERS:
            self._spill()

    def take(self) -> list[tuple[int, bytes, str]]:
        """Return what came since the last call, as (offset in bytes, bytes, their marks), each small enough to send."""
        with self._taking:
            taken = [self._parts.popleft() for _ in range(len(self._parts))]
            self._size = 0
            parts = [Part(_bytes(text), stream, int(at * 1000)) for text, stream, at in taken]
            pieces = [(self._offset + at, body, marks) for at, body, marks in pieces_of(parts)]
            self._offset += sum(len(part.body) for part in parts)
        return pieces

    def is_empty(self) -> bool:
        """Whether nothing waits to be taken."""
        return not self._parts


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")


def redirect_logging(old: Any, new: Any) -> None:
    """Handlers made by `logging.basicConfig` hold the stream itself; move them along.

    Does not import logging.
    """
    logging = sys.modules.get("logging")
    if logging is None:
        return
    for handler in logging.getLogger().handlers:
        if getattr(handler, "stream", None) is old and hasattr(handler, "setStream"):
            handler.setStream(new)

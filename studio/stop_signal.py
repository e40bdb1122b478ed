"""Waits for a time, or until this process is asked to stop. Standard library only."""

import os
import select
import signal
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignal:
    """Hears Ctrl-C, TERM and HUP without breaking into what the main thread does; SIGCHLD ends a wait early."""

    def __init__(self) -> None:
        self.is_set = False
        # An Event set from a handler can deadlock with a wait on it; a byte in a pipe cannot.
        self._ear, mouth = os.pipe()
        for end in (self._ear, mouth):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_set = True

    def wait(self, timeout_s: float | None) -> bool:
        """Sleep for that long (None: until a signal), but no longer than to the next signal; whether to stop."""
        if not self.is_set:
            ready, _, _ = select.select([self._ear], [], [], timeout_s)
            if ready:
                os.read(self._ear, 4096)
        return self.is_set

"""A script as its supervisor holds it: started by a guard, with pipes for what it prints."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.client.descendants import adopt_orphans, below, send
from studio.client.errors import ExperimentExecutionException
from studio.client.script_output import read_output

TAIL_BYTES, SHOWN_BYTES = 24_000, 4_000
TRACEBACK = b"Traceback (most recent call last)"
# What a script printed last is read to its end; processes that cannot be ended hold the pipes open.
LAST_WORDS_S = 10.0
GUARD_KILLED = "The guard of the script was killed, and the script was stopped."

Feed = Callable[[bytes, str], None]


class Script:
    """A script that runs, with all that it starts. What it prints goes to `feed`, with o for stdout or e for stderr."""

    def __init__(
        self, words: list[str], folder: Path, environment: dict[str, str], *, feed: Feed, grace_s: float
    ) -> None:
        """Raises ExperimentExecutionException with the reason when it cannot be started."""
        adopt_orphans()  # should the guard be killed, what is left comes to us
        self._feed = feed
        # Of studio_12_SECRET: what goes before it may be shown, and must not hold a word back that ends alike.
        self._secret = environment.get("STUDIO_TOKEN", "").split("_", 2)[-1].encode()
        self._tail = self._tail_of_errors = b""
        self._keeping = threading.Lock()
        self._news = threading.Condition()
        self._told: dict[str, Any] = {}
        self._readers: list[threading.Thread] = []
        self._start(words, folder, environment, grace_s)

    def _start(self, words: list[str], folder: Path, environment: dict[str, str], grace_s: float) -> None:
        out, err = os.pipe(), os.pipe()
        order: dict[str, Any] = {"words": words, "folder": str(folder), "environment": environment}
        order |= {"grace_s": grace_s, "outputs": [out[1], err[1]]}
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "studio.client.guard"],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(out[1], err[1]),
        )
        os.close(out[1])
        os.close(err[1])
        for source, stream in ((out[0], "o"), (err[0], "e")):
            self._begin(self._read, source, stream)
        self._begin(self._listen)
        self._tell(order)
        told = self._wait_for("started", "failed", "gone")
        if "started" not in told:
            reason = told.get("failed") or GUARD_KILLED
            raise ExperimentExecutionException(f"{words[0]} could not be started: {reason}.")
        self.pid = int(told["started"])

    def _begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._readers.append(thread)
        thread.start()

    def _read(self, source: int, stream: str) -> None:
        def keep(piece: bytes) -> None:
            with self._keeping:
                self._tail = (self._tail + piece)[-TAIL_BYTES:]
                if stream == "e":
                    self._tail_of_errors = (self._tail_of_errors + piece)[-TAIL_BYTES:]
                self._feed(piece, stream)

        with os.fdopen(source, "rb", buffering=0) as output:
            read_output(output, self._secret, keep)

    def _listen(self) -> None:
        """What the guard tells, to its end."""
        for line in self._guard.stdout or ():
            with self._news:
                self._told |= json.loads(line)
                self._news.notify_all()
        with self._news:
            self._told["gone"] = True
            self._news.notify_all()

    def _wait_for(self, *names: str, timeout_s: float | None = None) -> dict[str, Any]:
        with self._news:
            self._news.wait_for(lambda: any(name in self._told for name in names), timeout_s)
            return dict(self._told)

    def _tell(self, order: dict[str, Any]) -> None:
        orders = self._guard.stdin
        with suppress(OSError):  # the guard is gone, which its pipe will tell
            if orders is not None:
                orders.write(json.dumps(order).encode() + b"\n")
                orders.flush()

    def wait(self, timeout_s: float) -> bool:
        """Whether the script itself has ended, within this time."""
        told = self._wait_for("exited", "gone", timeout_s=timeout_s)
        return "exited" in told or "gone" in told

    @property
    def exit_code(self) -> int | None:
        """The code that it ended with, negative for a signal; None when nobody saw it end."""
        code = self._told.get("exited")
        return None if code is None else int(code)

    def stop(self, grace_s: float) -> None:
        """SIGTERM to everything that the script is, SIGKILL to what is left after the grace."""
        self._tell({"stop": grace_s})

    def finish(self) -> list[int]:
        """Wait for everything to be gone and read its last words; return processes that could not be ended."""
        told = self._wait_for("cleared", "gone")
        if "cleared" not in told:  # the guard was killed: what it held is ours now
            send([*below(os.getpid()), -self.pid], signal.SIGKILL)
        self._tell({"bye": True})
        for reader in self._readers[:2]:
            reader.join(LAST_WORDS_S)
        return [int(pid) for pid in told.get("cleared") or ()]

    def last_lines(self) -> str:
        """The end of what it printed, as it came."""
        return self._tail[-SHOWN_BYTES:].decode("utf-8", "replace")

    def traceback(self) -> str:
        """The last traceback that it printed on stderr; empty where there is none."""
        begin = self._tail_of_errors.rfind(TRACEBACK)
        return "" if begin < 0 else self._tail_of_errors[begin:].decode("utf-8", "replace")

"""The processes under `studio up`: started, watched, restarted and ended together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from studio.parent_death import tied_to_me

# The folder that holds the packages: a checkout, or site-packages.
PACKAGES = Path(__file__).resolve().parent.parent
KEPT_LINES = 20
STOP_TIMEOUT_S = 8
LONGEST_PAUSE_S = 30
# After so long without a crash the next one counts as the first again.
CALM_AFTER_S = 60


class Child:
    """One process of `studio up`; its output goes to ours, and its last lines are kept."""

    def __init__(self, name: str, module: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.command = [sys.executable, "-m", module, *arguments]
        self.environment = environment
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.process: subprocess.Popen[str] | None = None
        self.reader: threading.Thread | None = None
        self.started_at = 0.0
        self.crashes = 0

    def start(self, *, answer: bool = False) -> None:
        """Start it from the main thread: it dies with the thread that made it. `answer`: keep its stdout for us."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=PACKAGES,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if answer else subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=tied_to_me(),
        )
        self.reader = threading.Thread(target=self._forward, args=(self.process, answer), daemon=True)
        self.reader.start()

    def _forward(self, process: subprocess.Popen[str], answer: bool) -> None:
        stream = process.stderr if answer else process.stdout
        assert stream is not None  # noqa: S101
        for line in stream:
            self.last_lines.append(line.rstrip())
            try:
                sys.stderr.write(line)
                sys.stderr.flush()
            except OSError:  # our terminal is gone; the process goes on
                pass

    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self.process.poll() if self.process else None

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        """Its last lines, indented."""
        if self.reader:
            self.reader.join(1)
        return "\n".join(f"  {line}" for line in self.last_lines)

    def pause_s(self) -> float:
        """How long to wait before it is started again, by how often it crashed of late."""
        if time.monotonic() - self.started_at > CALM_AFTER_S:
            self.crashes = 0
        self.crashes += 1
        return float(min(2 ** (self.crashes - 1), LONGEST_PAUSE_S))


def stop_all(children: list[Child]) -> None:
    """Ask all to end, and kill those that have not within some seconds."""
    running = [child.process for child in children if child.process and child.is_running()]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def signal_name(code: int) -> str:
    """An exit code of Popen in words: `code 3`, `signal KILL`."""
    return f"signal {signal.Signals(-code).name.removeprefix('SIG')}" if code < 0 else f"code {code}"


def low_priority() -> None:
    """Let everything else on this machine go first."""
    os.nice(10)

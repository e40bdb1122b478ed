"""Stands between a supervisor and its script, and outlives both: nothing that the script has started stays behind.

`python -m studio.client.guard` is started by a supervisor and by nobody else. It reads its orders as lines of JSON:
first what to start, then `{"stop": SECONDS}` or `{"bye": true}`. It answers in lines of JSON: `{"started": PID}` or
`{"failed": TEXT}`, `{"exited": CODE}` (negative for a signal), at last `{"cleared": [PIDS THAT COULD NOT BE ENDED]}`.
When its orders end without a word its supervisor was killed: it stops everything and says so to the studio.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

from studio.client.descendants import adopt_orphans, below, send
from studio.parent_death import tied_to_me

LOOK_S = 0.05
# A script has ended: what it left behind may go by itself, is then told to, and then made to.
LEAVE_S, TOLD_S = 0.2, 2.0
# After SIGKILL only a process that hangs in the kernel is still there.
KILL_S = 20.0
SUPERVISOR_GONE = "The supervisor of the script was killed"


class Guard:
    """One script and everything that comes of it."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.grace_s = float(order["grace_s"])
        self.exited: int | None = None
        self.pid = self._start(order)

    def _start(self, order: dict[str, Any]) -> int:
        out, err = order["outputs"]
        # Kept: a Popen that is forgotten reaps its process, and the exit code would be lost with it.
        self._process = subprocess.Popen(
            order["words"],
            cwd=order["folder"],
            env=order["environment"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=tied_to_me(),  # should even the guard be killed, the script itself goes with it
        )
        os.close(out)
        os.close(err)
        return self._process.pid

    def reap(self) -> None:
        """Let those go that have ended, the script and adopted orphans."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self.exited = os.waitstatus_to_exitcode(status)

    def left(self) -> list[int]:
        """Who is still there, the script included."""
        self.reap()
        return below(os.getpid(), known=[self.pid])

    def wait_until_gone(self, wait_s: float) -> bool:
        """Whether all of them went within this time."""
        until = time.monotonic() + wait_s
        while self.left():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_S / 2)
        return True

    def stop(self, grace_s: float) -> list[int]:
        """SIGTERM to all of them, SIGKILL to who is left after the grace; return who withstood even that."""
        send(self.left(), signal.SIGTERM)
        if not self.wait_until_gone(grace_s):
            until = time.monotonic() + KILL_S
            while (left := self.left()) and time.monotonic() < until:
                send(left, signal.SIGKILL)  # again and again: they may fork meanwhile
                time.sleep(LOOK_S / 5)
        return self.left()

    def clear(self) -> list[int]:
        """After the script has ended: end what it left behind; return who withstood."""
        return [] if self.wait_until_gone(LEAVE_S) else self.stop(min(TOLD_S, self.grace_s))


class Orders:
    """The lines that the supervisor writes, as they come."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._child_ended, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._read = b""
        self.has_ended = False

    def next(self) -> dict[str, Any] | None:
        """Return the next order; None when a process has ended meanwhile, or when no order comes any more."""
        if b"\n" not in self._read and not self.has_ended:
            ready, _, _ = select.select([self._source, self._child_ended], [], [])
            if self._child_ended in ready:
                os.read(self._child_ended, 1 << 16)
            if self._source not in ready:
                return None
            piece = os.read(self._source, 1 << 16)
            self._read += piece
            self.has_ended = not piece
        line, found, rest = self._read.partition(b"\n")
        if not found:
            return None
        self._read = rest
        order: dict[str, Any] = json.loads(line)
        return order


def main() -> int:
    """Do what the supervisor says, until it says goodbye or is gone."""
    adopt_orphans()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Whoever signals a whole job means the script and its supervisor. (Ignoring them would be inherited.)
        signal.signal(number, lambda *_: None)
    orders = Orders(sys.stdin.fileno())
    first = _wait_for(orders)
    if first is None:
        return 0
    try:
        guard = Guard(first)
    except OSError as problem:
        _tell({"failed": f"{problem.strerror or problem}"})
        return 0
    _tell({"started": guard.pid})
    said_goodbye = _watch(guard, orders)
    if not said_goodbye:
        _report(guard)
    return 0


def _wait_for(orders: Orders) -> dict[str, Any] | None:
    while not orders.has_ended:
        if order := orders.next():
            return order
    return None


def _watch(guard: Guard, orders: Orders) -> bool:
    """Guard the script to its end. False when the supervisor went away before it said goodbye."""
    is_cleared = False
    while True:
        order = orders.next() or {}
        guard.reap()
        if "bye" in order:
            return True
        if orders.has_ended:
            guard.stop(guard.grace_s)
            return False
        if is_cleared:
            continue
        if "stop" in order:
            left = guard.stop(float(order["stop"]))
        elif guard.exited is not None:
            _tell({"exited": guard.exited})
            left = guard.clear()
        else:
            continue
        _tell({"exited": guard.exited, "cleared": left})
        is_cleared = True


def _tell(what: dict[str, Any]) -> None:
    try:
        os.write(sys.stdout.fileno(), json.dumps(what).encode() + b"\n")
    except OSError:  # the supervisor is gone, which its orders will tell
        pass


def _report(guard: Guard) -> None:
    """The supervisor cannot say it any more: how the run ended, and what it had not sent yet."""
    from studio.client.farewell import say_farewell  # slow to import, and hardly ever needed

    if guard.exited is not None and guard.exited >= 0:
        say_farewell(f"{SUPERVISOR_GONE} after the script had ended with exit code {guard.exited}.")
    else:
        say_farewell(f"{SUPERVISOR_GONE}, so the script was stopped.")


if __name__ == "__main__":
    sys.exit(main())

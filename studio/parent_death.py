"""Ties a process to its parent: it gets a signal when the parent dies, even by kill -9. Standard library."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
# Found before any fork: between fork and exec nothing may be loaded.
prctl = getattr(ctypes.CDLL(None), "prctl", None)


def die_with_parent(by: signal.Signals = signal.SIGKILL, parent: int | None = None) -> None:
    """Have the kernel send this process the signal when its parent ends; at once if it has ended already.

    The kernel counts the thread that made this process as its parent: start children from the main thread.
    """
    if prctl is None:
        return
    prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), by)


def tied_to_me(by: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """For Popen's `preexec_fn`: ties the new process to the one that calls this."""
    me = os.getpid()
    return lambda: die_with_parent(by, me)

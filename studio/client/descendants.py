"""All processes that come of one process, whatever they did to get away: groups, sessions, double forks.

A process that adopts orphans (Linux) stays the ancestor of everything below it, so that going up from child to parent
tells who belongs to it. Nothing here loads more than the interpreter has.
"""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from studio.parent_death import prctl

PR_SET_CHILD_SUBREAPER = 36
# A run of its own that a script has submitted: its supervisor and what is below it do not end with the script.
SUPERVISOR = "STUDIO_SUPERVISOR_OF"


def adopt_orphans() -> None:
    """From now on processes below this one whose parent ends become its own children, not those of init."""
    if prctl is not None:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def below(ancestor: int, *, known: Iterable[int] = ()) -> list[int]:
    """Return the living processes below this one, without those of other supervisors.

    `known`: process groups that count as well, where there is no /proc to look into.
    """
    try:
        parents = _parents()
    except OSError:
        return [-group for group in known if _is_there(group)]
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found, waiting = [], list(children.get(ancestor, ()))
    while waiting:
        pid = waiting.pop()
        if not _is_supervisor(pid):
            found.append(pid)
            waiting += children.get(pid, ())
    return found


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send the signal to these processes; a negative number is a group. Those that are gone are no error."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            if pid < 0:
                os.killpg(-pid, number)
            else:
                os.kill(pid, number)


def _parents() -> dict[int, int]:
    """The parent of each living process; zombies are none."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal() and (parent := _parent(place)) is not None:
            found[int(place.name)] = parent
    return found


def _parent(place: Path) -> int | None:
    try:
        # The name stands in brackets and may hold anything, also brackets.
        state, parent = (place / "stat").read_bytes().rpartition(b")")[2].split()[:2]
    except (OSError, ValueError):
        return None
    return None if state in (b"Z", b"X") else int(parent)


def _is_supervisor(pid: int) -> bool:
    try:
        found = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return found.startswith(f"{SUPERVISOR}=".encode()) or f"\0{SUPERVISOR}=".encode() in found


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True

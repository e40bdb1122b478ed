"""The life of a run: its statuses and the allowed moves between them. Pure, no database.

The words are the cloud's (RunStatus of azureml-core). Three end a run for good: Completed, Failed, Canceled.
"""

from enum import StrEnum

from runs.errors import Conflict


class Status(StrEnum):
    """Where a run stands."""

    NOT_STARTED = "NotStarted"
    QUEUED = "Queued"
    PREPARING = "Preparing"
    PROVISIONING = "Provisioning"
    STARTING = "Starting"
    RUNNING = "Running"
    PAUSED = "Paused"
    FINALIZING = "Finalizing"
    CANCEL_REQUESTED = "CancelRequested"
    NOT_RESPONDING = "NotResponding"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELED})
ACTIVE = frozenset(Status) - ENDED
# Somebody is expected to send heartbeats in these.
WATCHED = frozenset(
    {Status.PREPARING, Status.STARTING, Status.RUNNING, Status.FINALIZING, Status.CANCEL_REQUESTED}
)
WAITING = frozenset({Status.NOT_STARTED, Status.QUEUED, Status.PREPARING, Status.PROVISIONING})

_FORWARD = [
    Status.NOT_STARTED,
    Status.QUEUED,
    Status.PROVISIONING,
    Status.PREPARING,
    Status.STARTING,
    Status.RUNNING,
    Status.FINALIZING,
]


def _allowed() -> dict[Status, frozenset[Status]]:
    moves: dict[Status, set[Status]] = {}
    for place, status in enumerate(_FORWARD):
        moves[status] = {*_FORWARD[place + 1 :], Status.CANCEL_REQUESTED, Status.NOT_RESPONDING, *ENDED}
    # An engine reports preparing and provisioning in either order.
    moves[Status.PREPARING].add(Status.PROVISIONING)
    moves[Status.RUNNING].add(Status.PAUSED)
    moves[Status.PAUSED] = {Status.RUNNING, Status.CANCEL_REQUESTED, Status.NOT_RESPONDING, *ENDED}
    # A script may finish before it hears of the cancel: the end that comes first counts.
    moves[Status.CANCEL_REQUESTED] = {Status.NOT_RESPONDING, *ENDED}
    # A run that was silent comes back by its next heartbeat, or is ended by hand.
    moves[Status.NOT_RESPONDING] = {Status.RUNNING, Status.FINALIZING, Status.CANCEL_REQUESTED, *ENDED}
    for ended in ENDED:
        moves[ended] = set()
    return {status: frozenset(targets) for status, targets in moves.items()}


ALLOWED = _allowed()
# What an ended run may become again, when whoever ran it goes on with it.
REOPENED = {status: frozenset({Status.RUNNING}) if status in ENDED else frozenset() for status in Status}


def is_ended(status: str) -> bool:
    """Whether the run is over for good."""
    return status in ENDED


def can_move(old: str, new: str, *, reopen: bool = False) -> bool:
    """Whether a run may go from `old` to `new`; `reopen` asks for one that has ended and is to go on."""
    return Status(new) in (REOPENED if reopen else ALLOWED)[Status(old)]


def check_move(old: str, new: str, *, name: str, reopen: bool = False) -> None:
    """Raise Conflict with a sentence when the run called `name` may not go from `old` to `new`."""
    if can_move(old, new, reopen=reopen):
        return
    if reopen:
        raise Conflict(f"{name} is {old}; only a run that has ended can go on again.", status=str(old))
    if is_ended(old):
        raise Conflict(f"{name} has already ended as {old}; it cannot become {new}.", status=str(old))
    raise Conflict(f"{name} is {old}; it cannot become {new} from there.", status=str(old))

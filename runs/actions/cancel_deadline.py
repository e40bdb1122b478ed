"""When a cancel that nobody confirms is enforced: one rule for who kills jobs and for who closes runs."""

from datetime import timedelta

from runs.definition import LONGEST_GRACE_S, read_definition
from runs.models import Run

# A run that is asked to stop hears it by its heartbeat within seconds; then its supervisor has its grace.
CONFIRM_WITHIN = timedelta(seconds=60)
GRACE_MARGIN = timedelta(seconds=30)
# From the killing on.
CLOSE_AFTER = timedelta(seconds=20)
# The worker looks every few seconds; two minutes after the request each run has ended. `LONGEST_GRACE_S` is as long as
# it is so that the last job is killed before.
LAST = timedelta(seconds=LONGEST_GRACE_S) + GRACE_MARGIN + CLOSE_AFTER


def kill_after(run: Run) -> timedelta:
    """How long after its cancel the job of a run that has not confirmed is killed."""
    grace_s = read_definition(run.definition).cancel_grace_seconds or 0.0
    # An earlier version took longer graces.
    return max(CONFIRM_WITHIN, timedelta(seconds=min(grace_s, LONGEST_GRACE_S)) + GRACE_MARGIN)


def close_after(run: Run) -> timedelta:
    """How long after its cancel a run is closed whose job is killed and has not been seen to end; at most `LAST`."""
    return kill_after(run) + CLOSE_AFTER

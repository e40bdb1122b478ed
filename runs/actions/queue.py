"""The queue of a compute target: a run that becomes Queued for one is left here for the worker."""

from datetime import datetime

from runs.models import Dispatch, Run


def wait_for_target(run: Run, now: datetime) -> None:
    """Have the worker hand the run over, inside the transaction that made it Queued. Twice is once."""
    if run.compute_target_id is not None:
        made = Dispatch(run=run, target_id=run.compute_target_id, next_at=now, created_at=now)
        Dispatch.objects.bulk_create([made], ignore_conflicts=True)

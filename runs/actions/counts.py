"""Keeps the number of runs by status of each experiment, so that no page counts them."""

from django.db.models import F

from runs.lifecycle import Status
from runs.models import Run, RunCount


def added(run: Run, n: int = 1) -> None:
    """`n` runs more (or with a negative number fewer) in the run's experiment and status."""
    _add(run.experiment_id, run.status, n)


def moved(run: Run, before: str, after: str | Status) -> None:
    """A run went from one status to another, inside the transaction of that change."""
    _add(run.experiment_id, before, -1)
    _add(run.experiment_id, str(after), 1)


def _add(experiment_id: int, status: str, n: int) -> None:
    rows = RunCount.objects.filter(experiment_id=experiment_id, status=status)
    if not rows.update(runs=F("runs") + n):
        RunCount.objects.bulk_create(
            [RunCount(experiment_id=experiment_id, status=status, runs=0)], ignore_conflicts=True
        )
        rows.update(runs=F("runs") + n)

"""Keeps the number of runs by status of each experiment, so that no page counts them."""

from collections import defaultdict
from collections.abc import Mapping

from django.db.models import F
from django.db.models.functions import Greatest

from runs.lifecycle import Status
from runs.models import Run, RunCount


def added(run: Run) -> None:
    """One run more in its experiment and status."""
    changed({(run.experiment_id, run.status): 1})


def moved(run: Run, before: str, after: str | Status) -> None:
    """A run went from one status to another, inside the transaction of that change."""
    changed({(run.experiment_id, before): 1}, -1)
    changed({(run.experiment_id, str(after)): 1})


def changed(runs: Mapping[tuple[int, str], int], sign: int = 1) -> None:
    """So many runs more (or with the sign -1 fewer) by experiment and status."""
    alike: dict[tuple[str, int], list[int]] = defaultdict(list)
    for (experiment, status), number in runs.items():
        alike[status, number * sign].append(experiment)
    for (status, more), experiments in alike.items():
        rows = RunCount.objects.filter(experiment__in=experiments, status=status)
        if rows.update(runs=F("runs") + more) == len(experiments):
            continue
        _add(sorted(set(experiments) - set(rows.values_list("experiment_id", flat=True))), status, more)


def _add(experiments: list[int], status: str, more: int) -> None:
    """The first of a status in these experiments; where another was quicker, its row gets them."""
    new = [RunCount(experiment_id=experiment, status=status, runs=0) for experiment in experiments]
    RunCount.objects.bulk_create(new, ignore_conflicts=True)
    RunCount.objects.filter(experiment__in=experiments, status=status).update(runs=F("runs") + more)


def of_children(moved: Mapping[int, int], more: int) -> None:
    """Parents by number have so many children more, or fewer. What moves along with its parent stays in its count."""
    alike: dict[int, list[int]] = defaultdict(list)
    for parent, children in moved.items():
        alike[children].append(parent)
    for children, parents in alike.items():
        count = F("child_count") + children if more > 0 else Greatest(F("child_count"), children) - children
        Run.objects.filter(pk__in=parents).update(child_count=count)

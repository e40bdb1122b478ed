"""The trash of experiments: one goes there with its runs in use, and comes back with those that went along.

However many runs it has, they move by one statement: no row of theirs is read, and no history of theirs is written.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.utils import timezone

from runs.actions import counts, jobs
from runs.actions.trash import KEPT_FOR
from runs.actions.workspace_events import record
from runs.errors import Conflict
from runs.lifecycle import ACTIVE
from runs.models import Artifact, Experiment, Run, RunCount, User
from runs.transaction import write


def trash_experiment(experiment: Experiment, *, by: User, active: bool = False) -> Experiment:
    """Move the experiment to the trash with all its runs that are in use. Twice is not an error.

    Raises Conflict while one of its runs goes on. With `active` runs that only log go along, whatever they do;
    those that an engine executes never do.
    """
    with write():
        row = _held(experiment)
        if row.deleted_at is None:
            _check_ended(row, active=active)
            row.deleted_at = row.changed_at = timezone.now()
            row.save(update_fields=["deleted_at", "changed_at"])
            runs = Run.objects.filter(experiment=row, deleted_at=None).update(deleted_at=row.deleted_at)
            RunCount.objects.filter(experiment=row).update(runs=0)
            counts.of_children(_children_of_others(_moved(row, row.deleted_at)), -1)
            record(row.workspace, "experiment trashed", by=by, experiment=row.name, runs=runs)
    experiment.deleted_at, experiment.changed_at = row.deleted_at, row.changed_at
    return experiment


def untrash_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Take the experiment out of the trash with the runs that went there together with it. Twice is not an error.

    What was thrown away before stays in the trash.
    """
    with write():
        row = _held(experiment)
        if row.deleted_at is not None:
            _moved(row, row.deleted_at).update(deleted_at=None)
            # None was in use before, and none ends while these are held.
            back = _moved(row, None)
            by_status = dict(back.values_list("status").annotate(Count("pk")).order_by())
            counts.changed({(row.pk, status): runs for status, runs in by_status.items()})
            counts.of_children(_children_of_others(back), 1)
            row.deleted_at, row.changed_at = None, timezone.now()
            row.save(update_fields=["deleted_at", "changed_at"])
            runs = sum(by_status.values())
            record(row.workspace, "experiment restored", by=by, experiment=row.name, runs=runs)
    experiment.deleted_at, experiment.changed_at = row.deleted_at, row.changed_at
    return experiment


def delete_old_experiments(now: datetime | None = None) -> int:
    """Delete for good the experiments that have lain in the trash for 30 days and hold no run any more: how many."""
    now = now or timezone.now()
    empty = ~Exists(Run.objects.filter(experiment=OuterRef("pk")))
    old = Experiment.objects.filter(empty, deleted_at__lt=now - KEPT_FOR)
    gone = 0
    for number in old.values_list("pk", flat=True):
        with write():
            # Held, and asked again: one that was restored meanwhile stays.
            held = (
                Experiment.objects.select_for_update()
                .filter(pk=number, deleted_at__lt=now - KEPT_FOR)
                .first()
            )
            if held is not None and not Run.objects.filter(experiment=held).exists():
                # Of models that were logged without a run.
                keys = Artifact.objects.filter(model__experiment=held).values_list("key", flat=True)
                jobs.enqueue_deletion(keys)
                held.delete()
                gone += 1
    return gone


def _held(experiment: Experiment) -> Experiment:
    """The row as it is now, held: until the end of the change no run is made in it."""
    row = Experiment.objects.select_for_update().get(pk=experiment.pk)
    row.workspace = experiment.workspace
    return row


def _check_ended(experiment: Experiment, *, active: bool) -> None:
    going_on = Run.objects.filter(experiment=experiment, deleted_at=None, status__in=ACTIVE)
    if active:
        going_on = going_on.exclude(definition={})
    run = going_on.order_by("number").first()
    if run is not None:
        raise Conflict(
            f"The experiment {experiment.name!r} cannot go to the trash while its run {run.number},"
            f" {run.display_name}, is {run.status}; cancel it first."
        )


def _moved(experiment: Experiment, at: datetime | None) -> QuerySet[Run]:
    """Its runs that went to the trash together with it, at that moment; None: those in use."""
    return Run.objects.filter(experiment=experiment, deleted_at=at)


def _children_of_others(moved: QuerySet[Run]) -> Mapping[int, int]:
    """How many move by parent, of parents in other experiments: what moves along with its parent stays counted."""
    others = moved.filter(parent__isnull=False).exclude(parent__experiment=F("experiment"))
    return dict(others.values_list("parent_id").annotate(Count("pk")).order_by())

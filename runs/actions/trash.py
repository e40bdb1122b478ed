"""The trash: a run goes there with the runs below it, comes back whole, and is deleted for good after 30 days."""

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from runs.actions import counts, events, jobs
from runs.errors import Conflict
from runs.models import Artifact, Run, User
from runs.transaction import write

KEPT_FOR = timedelta(days=30)
DELETED_TOGETHER = 20
FILES_A_JOB = 1000


def trash_run(run: Run, *, by: User) -> Run:
    """Move the run and all runs below it to the trash. Twice is not an error.

    Raises Conflict while one of them has not ended: a training must not write into the trash.
    """
    with write():
        row = _lock(run)
        if row.deleted_at is None:
            _trash(row, by=by)
        run.deleted_at = row.deleted_at
    return run


def _trash(run: Run, *, by: User) -> None:
    together = [run, *_below(run, deleted_at=None)]
    going_on = next((each for each in together if not each.is_ended), None)
    if going_on is not None:
        whose = "it" if going_on is run else f"its child {going_on.display_name}"
        raise Conflict(
            f"{run.display_name} cannot go to the trash while {whose} is {going_on.status}; cancel it first."
        )
    now = timezone.now()
    _put(together, now)
    for each in together:
        counts.added(each, -1)
    if run.parent_id:
        fewer = Greatest(F("child_count"), 1) - 1
        Run.objects.filter(pk=run.parent_id).update(child_count=fewer)
    events.record(run, "trashed", by=by, at=now)


def restore_run(run: Run, *, by: User) -> Run:
    """Take the run out of the trash, with what went there together with it. Twice is not an error.

    Raises Conflict while its parent lies in the trash.
    """
    with write():
        row = _lock(run)
        if row.deleted_at is not None:
            _restore(row, by=by)
        run.deleted_at = None
    return run


def _restore(run: Run, *, by: User) -> None:
    parent = Run.objects.filter(pk=run.parent_id).first() if run.parent_id else None
    if parent is not None and parent.deleted_at is not None:
        raise Conflict(
            f"The parent of {run.display_name}, {parent.display_name}, is in the trash; restore that one."
        )
    together = [run, *_below(run, deleted_at=run.deleted_at)]
    _put(together, None)
    for each in together:
        counts.added(each)
    if parent is not None:
        Run.objects.filter(pk=parent.pk).update(child_count=F("child_count") + 1)
    events.record(run, "restored", by=by, at=timezone.now())


def _put(together: list[Run], at: datetime | None) -> None:
    Run.objects.filter(pk__in=[each.pk for each in together]).update(deleted_at=at)
    together[0].deleted_at = at


def days_left(thrown_away: datetime | None, now: datetime | None = None) -> int:
    """For how many whole days a run that was thrown away then can still be restored."""
    now = now or timezone.now()
    return max(0, ((thrown_away or now) + KEPT_FOR - now).days)


def _below(run: Run, *, deleted_at: datetime | None) -> list[Run]:
    """The runs below it, at any depth, that are in use or went to the trash at that moment."""
    if not Run.objects.filter(parent=run).exists():
        return []
    tree = Run.objects.filter(root_id=run.top_id).order_by("id")
    below, found = {run.pk}, []
    # A child is always made after its parent, so one pass in the order of ids meets every generation.
    for row in tree.only("id", "parent_id", "experiment_id", "status", "display_name", "deleted_at"):
        if row.parent_id in below:
            below.add(row.pk)
            if row.deleted_at == deleted_at:
                found.append(row)
    return found


def _lock(run: Run) -> Run:
    return Run.objects.select_for_update().get(pk=run.pk)


def empty_trash(now: datetime | None = None) -> int:
    """Delete for good what has lain in the trash for 30 days, with its files. Returns how many runs.

    The bytes go by a job that is queued in the same transaction: a row never points at bytes that are not there, and
    a worker that is killed in between leaves none behind.
    """
    now = now or timezone.now()
    gone = 0
    old = Run.objects.filter(deleted_at__lt=now - KEPT_FOR).order_by("-pk")
    while numbers := list(old.values_list("pk", flat=True)[:DELETED_TOGETHER]):
        with write():
            gone += _delete(numbers)
    return gone


def _delete(numbers: list[int]) -> int:
    # Held, so that no late line is added while they go; one that was restored meanwhile stays.
    held = Run.objects.select_for_update().filter(pk__in=numbers, deleted_at__isnull=False)
    numbers = list(held.values_list("pk", flat=True))
    # Children before parents: a parent takes its children with it, whose files must be known by then.
    keys = list(Artifact.objects.filter(run__in=numbers).values_list("key", flat=True))
    for start in range(0, len(keys), FILES_A_JOB):
        jobs.enqueue("delete files", {"keys": keys[start : start + FILES_A_JOB]})
    Run.objects.filter(pk__in=numbers).delete()
    return len(numbers)

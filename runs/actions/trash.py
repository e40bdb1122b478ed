"""The trash: a run goes there with the runs below it, comes back whole, and is deleted for good after 30 days."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from runs.actions import counts, events, jobs
from runs.actions.inputs import delete_unread
from runs.actions.outcome import Outcome
from runs.actions.parents import adopt_children, release_children
from runs.errors import Conflict
from runs.models import Artifact, Dataset, Experiment, Run, User
from runs.transaction import write

KEPT_FOR = timedelta(days=30)
DELETED_TOGETHER = 20
WRITTEN_TOGETHER = 1000
_SEEN = ("id", "parent_id", "root_id", "experiment_id", "status", "display_name", "deleted_at")


def trash_run(run: Run, *, by: User, active: bool = False) -> Run:
    """Move the run and all runs below it to the trash. Twice is not an error.

    Raises Conflict while one of them has not ended: a training must not write into the trash. With `active` those
    that only log go there all the same; what an engine executes never does.
    """
    return _of_one(partial(trash_runs, active=active), run, by=by)


def trash_run_alone(run: Run, *, by: User) -> Run:
    """Move the run to the trash, active or not, but none of its children: they become runs of their own."""
    with write():
        if run.deleted_at is None:
            release_children(run, by=by)
        return trash_run(run, by=by, active=True)


def restore_run(run: Run, *, by: User) -> Run:
    """Take the run out of the trash, with what went there together with it. Twice is not an error.

    Children that it released come under it again.

    Raises Conflict while its parent or its experiment lies in the trash.
    """
    return _of_one(restore_runs, run, by=by)


def _of_one(change: Callable[..., Outcome], run: Run, *, by: User) -> Run:
    with write():
        # The row as it is now, held: of two racing calls one sees the other's result.
        row = Run.objects.select_for_update().get(pk=run.pk)
        change([row], by=by).check()
    run.deleted_at = row.deleted_at
    return run


def trash_runs(runs: Sequence[Run], *, by: User, active: bool = False) -> Outcome:
    """Move these rows, which are held, to the trash, each with all runs below it; or leave it where it is."""
    with write():
        move = Move(runs, timezone.now())
        for run in move.asked:
            if run.deleted_at is not None:
                continue
            tree = move.tree(run)
            going_on = next((e for e in tree if not e.is_ended and (not active or e.definition)), None)
            if going_on is None:
                move.take(run)
            else:
                move.outcome.refused[run.pk] = _still(run, going_on)
        _write(move, -1, by=by)
    return move.outcome


def _still(run: Run, going_on: Run) -> Conflict:
    whose = "it" if going_on is run else f"its child {going_on.display_name}"
    return Conflict(
        f"{run.display_name} cannot go to the trash while {whose} is {going_on.status}; cancel it first."
    )


def restore_runs(runs: Sequence[Run], *, by: User) -> Outcome:
    """Take these rows, which are held, out of the trash, with what went there together with each."""
    with write():
        move = Move(runs, None)
        move.read_holders()
        for run in move.asked:
            if run.deleted_at is None:
                continue
            kept = move.kept_by(run)
            if kept:
                move.outcome.refused[run.pk] = Conflict(
                    f"{run.display_name} cannot come back while {kept} is in the trash; restore that one."
                )
            else:
                move.take(run)
        _write(move, 1, by=by)
        adopt_children(move.heads, by=by)
    return move.outcome


class Move:
    """A move of runs into the trash or out of it: each row is here once, so that what one does the others see."""

    def __init__(self, runs: Sequence[Run], to: datetime | None) -> None:
        self.to = to
        self.outcome = Outcome()
        self.rows = {run.pk: run for run in runs}
        # Those that were moved for their own sake, and all that moved.
        self.heads: list[Run] = []
        # Those that stay in the trash although their parent comes back.
        self.left: list[Run] = []
        self.moved: list[Run] = []
        # Names of experiments in the trash by number: no run comes back into one.
        self.closed: dict[int, str] = {}
        self._numbers = frozenset(self.rows)
        self._below: dict[int, list[Run]] = defaultdict(list)
        self._read_trees()
        # Ancestors first, so that who was asked for moves along with whom it lies below.
        self.asked = sorted(runs, key=lambda run: (self._depth(run), run.pk))

    def _read_trees(self) -> None:
        children = Run.objects.filter(parent__in=self._numbers).order_by()
        parents = children.values_list("parent_id", flat=True).distinct()
        tops = {self.rows[number].top_id for number in parents if number}
        if tops:
            for row in Run.objects.filter(root__in=tops).order_by("id").only(*_SEEN):
                self._below[row.parent_id or 0].append(self.rows.setdefault(row.pk, row))

    def _depth(self, run: Run) -> int:
        """How many runs are above it. Where none of those asked for has children, one step is as good as all."""
        depth, above = 0, self.rows.get(run.parent_id or 0)
        while above is not None:
            depth, above = depth + 1, self.rows.get(above.parent_id or 0)
        return depth

    def read_holders(self) -> None:
        """The rows right above them, too, and which of their experiments lie in the trash; those are held."""
        missing = {run.parent_id for run in self.asked if run.parent_id} - self.rows.keys()
        inside = {row.experiment_id for row in self.rows.values()}
        if missing:
            self.rows |= {row.pk: row for row in Run.objects.filter(pk__in=missing).only(*_SEEN)}
        experiments = Experiment.objects.select_for_update(no_key=True).filter(pk__in=inside).order_by("pk")
        places = experiments.values_list("pk", "name", "deleted_at")
        self.closed = {number: name for number, name, deleted_at in places if deleted_at is not None}

    def kept_by(self, run: Run) -> str:
        """What the run cannot come back without, as it lies in the trash itself; empty where nothing does."""
        if run.experiment_id in self.closed:
            return f"its experiment {self.closed[run.experiment_id]}"
        parent = self.rows.get(run.parent_id or 0)
        if parent is None or parent.deleted_at is None:
            return ""
        return f"its parent {parent.display_name}"

    def tree(self, run: Run) -> list[Run]:
        """The run, and those below it at any depth that are where it is: in use, or in the trash since that moment."""
        found, waiting = [run], list(self._below[run.pk])
        while waiting:
            row = waiting.pop()
            if row.experiment_id in self.closed:  # of another experiment than the run's
                if row.deleted_at == run.deleted_at:
                    self.left.append(row)
                continue
            waiting += self._below[row.pk]
            if row.deleted_at == run.deleted_at:
                found.append(row)
        return found

    def take(self, run: Run) -> None:
        """Move the run with its tree; who was asked for and moves along is done with it."""
        together = self.tree(run)
        self.heads.append(run)
        self.moved += together
        for each in together:
            each.deleted_at = self.to
            if each.pk in self._numbers:
                self.outcome.changed[each.pk] = None


def _write(move: Move, more: int, *, by: User) -> None:
    """Write down where they are now; `more` is 1 where they are back in use, -1 where they left it."""
    if not move.moved:
        return
    numbers = [run.pk for run in move.moved]
    for start in range(0, len(numbers), WRITTEN_TOGETHER):
        rows = Run.objects.filter(pk__in=numbers[start : start + WRITTEN_TOGETHER])
        rows.update(deleted_at=move.to)
    counts.changed(Counter((run.experiment_id, run.status) for run in move.moved), more)
    counts.of_children(Counter(run.parent_id for run in move.heads if run.parent_id), more)
    counts.of_children(Counter(run.parent_id for run in move.left if run.parent_id), -1)
    kind = "trashed" if more < 0 else "restored"
    events.record_many(move.heads, kind, by=by, at=timezone.now())


def days_left(thrown_away: datetime | None, now: datetime | None = None) -> int:
    """For how many whole days a run that was thrown away then can still be restored."""
    now = now or timezone.now()
    return max(0, ((thrown_away or now) + KEPT_FOR - now).days)


def empty_trash(now: datetime | None = None) -> int:
    """Delete for good what has lain in the trash for 30 days, with its files. Returns how many runs.

    The bytes go by a job that is queued in the same transaction: a row never points at bytes that are not there, and
    a worker that is killed in between leaves none behind.
    """
    now = now or timezone.now()
    gone = 0
    old = Run.objects.filter(deleted_at__lt=now - KEPT_FOR).order_by("-pk").values_list("pk", flat=True)
    # Children before parents: a parent takes its children with it, whose files must be known by then.
    while numbers := list(old[:DELETED_TOGETHER]):
        with write():
            gone += _delete(numbers)
        old = old.filter(pk__lt=numbers[-1])
    return gone


def _delete(numbers: list[int]) -> int:
    # Held, so that no late line is added while they go; one that was restored meanwhile stays.
    held = Run.objects.select_for_update().filter(pk__in=numbers, deleted_at__isnull=False)
    numbers = _without_kept(set(held.values_list("pk", flat=True)))
    jobs.enqueue_deletion(Artifact.objects.filter(run__in=numbers).values_list("key", flat=True))
    datasets = list(Dataset.objects.filter(uses__run__in=numbers).distinct().values_list("pk", flat=True))
    Run.objects.filter(pk__in=numbers).delete()
    delete_unread(datasets)
    return len(numbers)


def _without_kept(numbers: set[int]) -> list[int]:
    """Those without runs below them that stay: an experiment leaves the children in others where they are."""
    while kept := set(
        Run.objects.filter(parent__in=numbers).exclude(pk__in=numbers).values_list("parent_id", flat=True)
    ):
        numbers = numbers - kept
    return list(numbers)

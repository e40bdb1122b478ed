"""A run comes under another run after it was made, as programs do that name the parent later; or is left by it."""

from collections.abc import Sequence

from django.utils import timezone

from runs.access import gone
from runs.actions import counts, events, organise
from runs.models import Kind, Name, Run, Tag, User
from runs.models.tree import numbers_below
from runs.transaction import write

KIND = "child joined"
# The tag in which MLflow's clients say whose child a run is.
PARENT_TAG = "mlflow.parentRunId"
_ASKED_TOGETHER = 1000


def set_parent(run: Run, parent: Run | None, *, by: User) -> bool:
    """Put the run with all below it under this parent, or under none; False where it cannot be.

    No run comes to lie below itself. A parent of another workspace and one in the trash are refused so, too.
    """
    with write():
        row, above = _held(run, parent)
        if row.parent_id == (parent.pk if parent else None):
            return True
        if row.deleted_at is not None or (parent is not None and not _may_hold(above, row)):
            return False
        if row.parent_id is not None:
            counts.of_children({row.parent_id: 1}, -1)
        top = above.top_id if above is not None else None
        Run.objects.filter(pk=row.pk).update(parent=above, root=top)
        below = numbers_below(Run.objects.filter(pk=row.pk))
        Run.objects.filter(pk__in=below).update(root=top or row.pk)
        if above is not None:
            counts.of_children({above.pk: 1}, 1)
            events.record(above, KIND, by=by, at=timezone.now(), child=row.public_id)
    run.parent, run.root_id = above, top
    return True


def _held(run: Run, parent: Run | None) -> tuple[Run, Run | None]:
    """Both as they are now, held with the tops of their trees: two moves that together make a ring take turns."""
    asked = {run.pk, *([parent.pk] if parent else [])}
    wanted = set(asked)
    while True:
        held = {row.pk: row for row in Run.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
        if run.pk not in held:
            raise gone(run)
        tops = {held[number].top_id for number in asked if number in held}
        if tops <= wanted:
            return held[run.pk], held.get(parent.pk) if parent else None
        wanted |= tops


def _may_hold(parent: Run | None, run: Run) -> bool:
    if parent is None or parent.workspace_id != run.workspace_id or parent.deleted_at is not None:
        return False
    if parent.pk == run.pk:
        return False
    inside = Run.objects.filter(pk=parent.pk, pk__in=numbers_below(Run.objects.filter(pk=run.pk)))
    return parent.top_id != run.top_id or not inside.exists()


def release_children(run: Run, *, by: User) -> None:
    """Let its children be runs of their own before it is thrown away, as MLflow has it: they may go on.

    Each keeps the run's id in the tag of MLflow's clients, by which `adopt_children` finds it again.
    """
    with write():
        for child in Run.objects.filter(parent=run.pk, deleted_at=None).order_by("pk"):
            organise.set_tags(child, {PARENT_TAG: run.public_id}, by=by)
            set_parent(child, None, by=by)


def adopt_children(parents: Sequence[Run], *, by: User) -> None:
    """Put the runs that they released under these again, which came back."""
    by_id = {run.public_id: run for run in parents}
    for start in range(0, len(parents), _ASKED_TOGETHER):
        some = parents[start : start + _ASKED_TOGETHER]
        released = Tag.objects.filter(
            name__in=Name.objects.filter(
                workspace__in={run.workspace_id for run in some}, kind=Kind.TAG, text=PARENT_TAG
            ),
            value__in=[run.public_id for run in some],
            run__parent=None,
            run__deleted_at=None,
        )
        for tag in released.select_related("run").order_by("run_id"):
            set_parent(tag.run, by_id[tag.value or ""], by=by)

"""A run comes under another run after it was made, as programs do that name the parent later."""

from django.utils import timezone

from runs.actions import events
from runs.actions.moves import lock
from runs.actions.trash import count_children
from runs.models import Run, User
from runs.models.tree import numbers_below
from runs.transaction import write

KIND = "child joined"


def set_parent(run: Run, parent: Run | None, *, by: User) -> bool:
    """Put the run with all below it under this parent, or under none; False where it cannot be.

    A parent is always older than its children: whole trees are read in the order in which they were made, and no run
    comes to lie below itself. A younger one, one of another workspace, and one in the trash are refused so.
    """
    with write():
        row = lock(run)
        if row.parent_id == (parent.pk if parent else None):
            return True
        above = Run.objects.select_for_update().filter(pk=parent.pk).first() if parent else None
        if row.deleted_at is not None or (parent is not None and not _may_hold(above, row)):
            return False
        if row.parent_id is not None:
            count_children({row.parent_id: 1}, -1)
        top = above.top_id if above is not None else None
        Run.objects.filter(pk=row.pk).update(parent=above, root=top)
        below = numbers_below(Run.objects.filter(pk=row.pk))
        Run.objects.filter(pk__in=below).update(root=top or row.pk)
        if above is not None:
            count_children({above.pk: 1}, 1)
            events.record(above, KIND, by=by, at=timezone.now(), child=row.public_id)
    run.parent, run.root_id = above, top
    return True


def _may_hold(parent: Run | None, run: Run) -> bool:
    return (
        parent is not None
        and parent.pk < run.pk
        and parent.workspace_id == run.workspace_id
        and parent.deleted_at is None
    )

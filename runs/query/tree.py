"""The runs below a run."""

from django.db.models import QuerySet

from runs.models import Run
from runs.models.tree import rows_below


def children(run: Run) -> QuerySet[Run]:
    """The direct children, in the order they were made."""
    return Run.objects.filter(parent=run, deleted_at=None).order_by("id")


def below(run: Run) -> QuerySet[Run]:
    """The runs below, at any depth, in the order they were made."""
    if run.parent_id is None:
        return Run.objects.filter(root=run, deleted_at=None).order_by("id")
    return Run.objects.filter(pk__in=[row.pk for row in descendants(run)]).order_by("id")


def descendants(run: Run) -> list[Run]:
    """All runs below, at any depth, each after its parent. One query: the whole tree shares its root."""
    tree = Run.objects.filter(root_id=run.top_id, deleted_at=None)
    return rows_below(tree.only("id", "parent_id", "public_id", "status", "run_type"), run.pk)

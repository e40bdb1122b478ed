"""The runs below a run."""

from django.db.models import QuerySet

from runs.models import Run


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
    below, found = {run.pk}, []
    tree = Run.objects.filter(root_id=run.top_id, deleted_at=None).order_by("id")
    # A child is made after its parent, so one pass in the order of ids meets every generation.
    for row in tree.only("id", "parent_id", "public_id", "status", "run_type"):
        if row.parent_id in below:
            below.add(row.pk)
            found.append(row)
    return found

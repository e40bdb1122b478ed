"""The children of runs that are opened in place in a list."""

from collections.abc import Iterable, Mapping

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from runs.models import Run, Workspace
from runs.query.expressions import Numbers


def opened_children(workspace: Workspace, opened: Mapping[str, int]) -> Numbers:
    """The numbers of the first children of the open runs, to be read together with the page.

    `opened` says of which runs (by public id) and how many of each are shown; there is one more where there are
    more. They follow the columns of the list, not its filter.
    """
    rows = Run.objects.filter(
        parent__public_id__in=list(opened), parent__workspace=workspace, deleted_at=None
    ).annotate(place=Window(RowNumber(), partition_by=F("parent_id"), order_by=F("id").asc()))
    return rows.filter(place__lte=max(opened.values()) + 1).order_by().values("pk")


def by_parent(runs: Iterable[Run], opened: Mapping[str, int]) -> dict[int, list[int]]:
    """The numbers of the children in the order they were made, by the number of their parent, where it is open."""
    found: dict[int, list[int]] = {}
    for run in sorted(runs, key=lambda each: each.pk):
        if run.parent is not None and run.parent.public_id in opened:
            together = found.setdefault(run.parent.pk, [])
            if len(together) <= opened[run.parent.public_id]:
                together.append(run.pk)
    return found

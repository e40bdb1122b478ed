"""The children of runs that are opened in place in a list, those of all open runs in one query."""

from collections.abc import Mapping

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from runs.models import Run, Workspace


def opened_children(workspace: Workspace, opened: Mapping[str, int]) -> dict[int, list[int]]:
    """The numbers of the children, in the order they were made, by the number of their parent.

    `opened` says of which runs (by public id) and how many of each are shown; one more is returned where there are
    more. They follow the columns of the list, not its filter.
    """
    if not opened:
        return {}
    rows = Run.objects.filter(
        parent__public_id__in=list(opened), parent__workspace=workspace, deleted_at=None
    ).annotate(place=Window(RowNumber(), partition_by=F("parent_id"), order_by=F("id").asc()))
    found: dict[int, list[int]] = {}
    shown = rows.filter(place__lte=max(opened.values()) + 1).order_by("parent_id", "id")
    for number, parent, name in shown.values_list("pk", "parent_id", "parent__public_id"):
        together = found.setdefault(parent, [])
        if len(together) <= opened[name]:
            together.append(number)
    return found

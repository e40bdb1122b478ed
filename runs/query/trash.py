"""What lies in the trash."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from runs.errors import Invalid
from runs.models import Run, Workspace
from runs.query.cursors import read_cursor, write_cursor

A_PAGE = 100
_ORDER, _SALT = "-deleted_at", "runs.trash"


@dataclass(frozen=True)
class TrashPage:
    """Some runs, the latest thrown away first. `next_cursor` is None on the last page."""

    runs: list[Run]
    next_cursor: str | None


def trashed_runs(workspace: Workspace, *, cursor: str = "") -> TrashPage:
    """The runs that were thrown away by themselves; what went along with its parent comes back with it."""
    rows = Run.objects.filter(workspace=workspace, deleted_at__isnull=False)
    rows = rows.exclude(parent__isnull=False, parent__deleted_at=F("deleted_at"))
    if cursor:
        at, number = read_cursor(cursor, _ORDER, salt=_SALT)[1]
        if not isinstance(at, datetime):
            raise Invalid("This is not the mark of a page. Begin at the first page.", field="cursor")
        rows = rows.filter(Q(deleted_at__lt=at) | Q(deleted_at=at, pk__lt=number))
    found = list(rows.select_related("experiment", "parent").order_by("-deleted_at", "-pk")[: A_PAGE + 1])
    runs = found[:A_PAGE]
    last = runs[-1] if len(found) > A_PAGE else None
    return TrashPage(runs, write_cursor(_ORDER, 0, [last.deleted_at, last.pk], salt=_SALT) if last else None)

"""What lies in the trash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from runs.errors import Invalid
from runs.models import Experiment, LoggedModel, Run, Workspace
from runs.query.cursors import read_cursor, write_cursor

A_PAGE = 100
_ORDER, _SALT, _EXPERIMENTS_SALT, _MODELS_SALT = (
    "-deleted_at",
    "runs.trash",
    "experiments.trash",
    "models.trash",
)


@dataclass(frozen=True)
class TrashPage:
    """Some runs, the latest thrown away first. `next_cursor` is None on the last page."""

    runs: list[Run]
    next_cursor: str | None


@dataclass(frozen=True)
class TrashedExperiments:
    """Some experiments, the latest thrown away first; each has `runs_along`. `next_cursor` is None on the last page."""

    experiments: list[Any]
    next_cursor: str | None


@dataclass(frozen=True)
class TrashedModels:
    """Some models, the latest deleted first, with their experiments. `next_cursor` is None on the last page."""

    models: list[LoggedModel]
    next_cursor: str | None


def trashed_runs(workspace: Workspace, *, cursor: str = "") -> TrashPage:
    """The runs that were thrown away by themselves: neither with their parent nor with their experiment."""
    rows = Run.objects.filter(workspace=workspace, deleted_at__isnull=False)
    rows = rows.exclude(parent__isnull=False, parent__deleted_at=F("deleted_at"))
    rows = rows.exclude(experiment__deleted_at=F("deleted_at"))
    return TrashPage(*_page(rows.select_related("experiment", "parent"), cursor, _SALT))


def trashed_experiments(workspace: Workspace, *, cursor: str = "") -> TrashedExperiments:
    """The experiments that were thrown away, with how many runs went along with each."""
    along = Run.objects.filter(experiment=OuterRef("pk"), deleted_at=OuterRef("deleted_at")).order_by()
    number = Subquery(along.values("experiment").annotate(n=Count("pk")).values("n"))
    rows = Experiment.objects.filter(workspace=workspace, deleted_at__isnull=False)
    rows = rows.annotate(runs_along=Coalesce(number, 0)).defer("description", "description_html")
    return TrashedExperiments(*_page(rows, cursor, _EXPERIMENTS_SALT))


def trashed_models(workspace: Workspace, *, cursor: str = "") -> TrashedModels:
    """The models that were deleted, without those whose run or experiment is in the trash as well."""
    rows = LoggedModel.objects.filter(workspace=workspace, deleted_at__isnull=False)
    rows = rows.filter(LoggedModel.with_run(), experiment__deleted_at=None)
    rows = rows.select_related("experiment").defer("tags", "params", "experiment__description_html")
    return TrashedModels(*_page(rows, cursor, _MODELS_SALT))


def _page(rows: QuerySet[Any], cursor: str, salt: str) -> tuple[list[Any], str | None]:
    if cursor:
        at, number = read_cursor(cursor, _ORDER, salt=salt)[1]
        if not isinstance(at, datetime):
            raise Invalid("This is not the mark of a page. Begin at the first page.", field="cursor")
        rows = rows.filter(Q(deleted_at__lt=at) | Q(deleted_at=at, pk__lt=number))
    found = list(rows.order_by("-deleted_at", "-pk")[: A_PAGE + 1])
    page = found[:A_PAGE]
    last = page[-1] if len(found) > A_PAGE else None
    return page, write_cursor(_ORDER, 0, [last.deleted_at, last.pk], salt=salt) if last else None

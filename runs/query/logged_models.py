"""How well logged models do, many at once; those of an experiment; of one model its metrics and its runs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet, Value

from runs.errors import Invalid
from runs.models import Experiment, LoggedModel, ModelMetric, Run, RunModel
from runs.query.cursors import read_cursor, write_cursor

READ_TOGETHER = 5000
A_PAGE = 50
# So many models of an experiment are counted: its page asks for their number each time.
MOST_COUNTED = 1000
_ORDER, _SALT = "-created_at", "models.of_experiment"
# What a list tells of a model, and of a run: neither has all of what may be large.
_LISTED = (
    "public_id",
    "name",
    "model_type",
    "status",
    "created_at",
    "experiment",
    "run",
    "created_by__username",
)
_MEASURED = ("model", "name", "run", "value", "step", "time", "dataset_name", "dataset_digest")
_RUN = ("run__public_id", "run__display_name", "run__number", "run__deleted_at")


class Measured(NamedTuple):
    """The last value of a metric of a model, on a dataset where one is named, as a run measured it. None is NaN."""

    key: str
    value: float | None
    step: int
    time: int
    dataset_name: str
    dataset_digest: str
    run: str


def measured(numbers: Sequence[int]) -> dict[int, list[Measured]]:
    """The metrics of each of these models, in the order of their names."""
    found: dict[int, list[Measured]] = defaultdict(list)
    columns = ("name__text", "value", "step", "time", "dataset_name", "dataset_digest", "run__public_id")
    for start in range(0, len(numbers), READ_TOGETHER):
        rows = ModelMetric.objects.filter(model__in=numbers[start : start + READ_TOGETHER])
        rows = rows.order_by("name__text", "dataset_name", "pk")
        for number, *facts in rows.values_list("model_id", *columns):
            found[number].append(Measured(*facts))
    return dict(found)


@dataclass(frozen=True)
class ModelList:
    """Some models, the newest first. `next_cursor` is None on the last page."""

    models: list[LoggedModel]
    next_cursor: str | None


class RunOfModel(NamedTuple):
    """A run that made the model, at `step` where it said so the last, or one that read it."""

    run: Run
    is_read: bool
    step: int | None = None


def models_in_use(experiment: Experiment) -> QuerySet[LoggedModel]:
    """The models of the experiment, without those in the trash and those of runs in the trash."""
    rows = LoggedModel.objects.filter(experiment=experiment, deleted_at=None)
    return rows.filter(LoggedModel.with_run())


def model_count(experiment: Experiment) -> QuerySet[Any, Any]:
    """One row with their number `n`, at most one more than MOST_COUNTED."""
    counted = models_in_use(experiment).order_by().values("pk")[: MOST_COUNTED + 1]
    rows = LoggedModel.objects.filter(pk__in=counted).order_by()
    return rows.annotate(one=Value(1)).values("one").annotate(n=Count("pk"))


def list_models(experiment: Experiment, *, cursor: str = "") -> ModelList:
    """A page of the models of the experiment, with their runs and who logged them."""
    rows = models_in_use(experiment).select_related("run", "created_by").only(*_LISTED, *_RUN)
    if cursor:
        at, name = read_cursor(cursor, _ORDER, salt=_SALT)[1]
        if not isinstance(at, datetime):
            raise Invalid("This is not the mark of a page. Begin at the first page.", field="cursor")
        # The first condition is what the index model_by_age finds.
        rows = rows.filter(created_at__lte=at).filter(Q(created_at__lt=at) | Q(public_id__gt=name))
    found = list(rows.order_by("-created_at", "public_id")[: A_PAGE + 1])
    page = found[:A_PAGE]
    last = page[-1] if len(found) > A_PAGE else None
    mark = write_cursor(_ORDER, 0, [last.created_at, last.public_id], salt=_SALT) if last else None
    return ModelList(page, mark)


def metrics_of(model: LoggedModel, *, most: int) -> QuerySet[ModelMetric]:
    """The first metrics of the model by name, then by dataset, each with the run that measured it, in use or not."""
    rows = ModelMetric.objects.filter(model=model).select_related("name", "run").only(*_MEASURED, *_RUN)
    return rows.order_by("name__text", "dataset_name", "dataset_digest", "pk")[:most]


def runs_of(model: LoggedModel, *, most: int) -> tuple[list[RunOfModel], bool]:
    """The newest runs that made or read the model, and whether there are more; those in the trash are none.

    A run that did both is here twice. The one that made it is always here.
    """
    uses = RunModel.objects.filter(model=model, run__deleted_at=None).values("run", "direction")
    found: list[Any] = list(uses.annotate(last=Max("step")).order_by("-run_id", "-direction")[: most + 1])
    has_more = len(found) > most
    found = found[:most]
    made = [use["run"] for use in found if use["direction"] == RunModel.OUTPUT]
    if model.maker is not None and model.maker.pk not in made:
        found.append({"run": model.maker.pk, "direction": RunModel.OUTPUT, "last": None})
    runs = Run.objects.defer("description", "description_html").in_bulk([use["run"] for use in found])
    shown = [
        RunOfModel(runs[use["run"]], False, use["last"])
        if use["direction"] == RunModel.OUTPUT
        else RunOfModel(runs[use["run"]], True)
        for use in found
        if use["run"] in runs
    ]
    return shown, has_more

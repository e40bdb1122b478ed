"""What runs read and made, datasets and models: of many runs at once, and of one for its page."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Left

from runs.models import Dataset, LoggedModel, Run, RunInput, RunModel
from runs.prepared import PreparedRows
from runs.query.expressions import is_one_of

MOST_SUMMARIES = 1000
# So many datasets and models of one run are told of at once.
MOST_OF_A_RUN = 1000

# Rows of runs by their numbers: what they read, and which models they read or made.
READ = PreparedRows(
    lambda runs: (
        RunInput.objects.filter(is_one_of(runs, "run_id"))
        .order_by("pk")
        .values_list("run_id", "dataset_id", "tags")
    ),
    list,
)
USED = PreparedRows(
    lambda runs: (
        RunModel.objects.filter(is_one_of(runs, "run_id"), model__deleted_at=None)
        .order_by("pk")
        .values_list("run_id", "model__public_id", "direction", "step")
    ),
    list,
)


class ReadData(NamedTuple):
    """A dataset that a run read, and the tags of its reading it."""

    dataset: Dataset
    tags: dict[str, str]


class UsedModel(NamedTuple):
    """A model that a run read or made, at a step."""

    id: str
    step: int


class Uses(NamedTuple):
    """All that a run read and made, in the order in which it said so."""

    data: list[ReadData]
    inputs: list[UsedModel]
    outputs: list[UsedModel]


class Summary(NamedTuple):
    """A dataset that runs of an experiment read for something."""

    experiment: int
    name: str
    digest: str
    context: str


def uses_from(read: Sequence[Sequence[Any]], used: Sequence[Sequence[Any]]) -> dict[int, Uses]:
    """What runs read and made, from the rows of READ and of USED. One query, where any was read."""
    found: dict[int, Uses] = defaultdict(lambda: Uses([], [], []))
    datasets = Dataset.objects.in_bulk({number for _, number, _ in read}) if read else {}
    for run, number, tags in read:
        if number in datasets:
            found[run].data.append(ReadData(datasets[number], tags))
    for run, model, direction, step in used:
        kept = found[run].outputs if direction == RunModel.OUTPUT else found[run].inputs
        kept.append(UsedModel(model, step))
    return dict(found)


def data_of(run: Run) -> QuerySet[RunInput]:
    """What the run read, with the datasets, in the order in which it said so."""
    return RunInput.objects.filter(run=run).select_related("dataset").order_by("pk")


def brief_data_of(run: Run, *, schema_length: int) -> QuerySet[Any]:
    """The same; of what may be large only the beginning of the schema, `schema`."""
    rows = data_of(run).defer("dataset__profile", "dataset__source", "dataset__schema")
    return rows.annotate(schema=Left("dataset__schema", schema_length))


def models_of(run: Run) -> QuerySet[LoggedModel]:
    """The models that the run made or read, in the order in which they came into being.

    Each knows `made_at_step`, the last step at which the run made it, or None where it did not say.
    """
    rows = LoggedModel.objects.filter(Q(run=run) | Q(pk__in=RunModel.objects.filter(run=run).values("model")))
    made = Q(uses__run=run, uses__direction=RunModel.OUTPUT)
    return (
        rows.filter(deleted_at=None)
        .select_related("run")
        .annotate(made_at_step=Max("uses__step", filter=made))
        .order_by("pk")
    )


def summaries(experiments: Collection[int]) -> list[Summary]:
    """The datasets that runs of these experiments, given by their keys, read, and what for; the first thousand."""
    rows = RunInput.objects.filter(dataset__experiment__in=experiments, run__deleted_at=None)
    columns = ("dataset__experiment__number", "dataset__name", "dataset__digest", "context")
    return [
        Summary(*row) for row in rows.values_list(*columns).distinct().order_by(*columns)[:MOST_SUMMARIES]
    ]

"""What runs read and make: datasets and models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from runs.actions import events
from runs.actions.presence import hold
from runs.errors import Invalid
from runs.limits import MIB, clean_integer, clean_text
from runs.models import Dataset, LoggedModel, Run, RunInput, RunModel, User
from runs.models.dataset import CONTEXT_LENGTH, DATASET_NAME_LENGTH, DIGEST_LENGTH
from runs.transaction import write

TYPE_LENGTH, SOURCE_LENGTH, SCHEMA_LENGTH, PROFILE_LENGTH = 256, 65_535, MIB - 1, 16 * MIB - 1
TAG_KEY_LENGTH, TAG_VALUE_LENGTH = 255, 500
TAGS_PER_INPUT = 100
# The tag that says what the data is read for.
CONTEXT = "mlflow.data.context"
Key = tuple[str, str]


@dataclass(frozen=True)
class DataInput:
    """Data that a run reads: named by its name and digest; the rest is told of it."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str = ""
    profile: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def log_inputs(
    run: Run, data: Sequence[DataInput] = (), models: Sequence[LoggedModel] = (), *, by: User
) -> None:
    """The run reads these datasets and models. Again is no error: what was told first of a dataset stays.

    Raises Invalid for a text that is too long, Gone for a run that was deleted.
    """
    wanted: dict[Key, DataInput] = {}
    for each in map(_checked, data):
        wanted.setdefault((each.name, each.digest), each)
    with write():
        hold(run)
        datasets = _datasets(run, wanted)
        known = set(RunInput.objects.filter(run=run).values_list("dataset_id", flat=True))
        new = {key: each for key, each in wanted.items() if datasets[key].pk not in known}
        rows = [
            RunInput(
                run=run,
                dataset=datasets[key],
                context=each.tags.get(CONTEXT, "")[:CONTEXT_LENGTH],
                tags=dict(each.tags),
            )
            for key, each in new.items()
        ]
        RunInput.objects.bulk_create(rows)
        if new:
            told = dict(new.keys())
            events.record(run, "data inputs added", by=by, at=timezone.now(), after=told)
        _use(run, RunModel.INPUT, [(model, 0) for model in models])


def log_outputs(run: Run, models: Sequence[tuple[LoggedModel, int]]) -> None:
    """The run made these models, each at a step. Again is no error."""
    with write():
        hold(run)
        _use(run, RunModel.OUTPUT, models)


def _use(run: Run, direction: str, models: Sequence[tuple[LoggedModel, int]]) -> None:
    rows = [
        RunModel(run=run, model=model, direction=direction, step=clean_integer(step, "step"))
        for model, step in models
    ]
    RunModel.objects.bulk_create(rows, ignore_conflicts=True)


def _datasets(run: Run, wanted: Mapping[Key, DataInput]) -> dict[Key, Dataset]:
    """The rows, made where they are new, and held: none is deleted before the run reads it."""
    found: dict[Key, Dataset] = {}
    # Once more where one was deleted in between, with the last run that had read it.
    while missing := [each for key, each in wanted.items() if key not in found]:
        rows = [
            Dataset(
                experiment_id=run.experiment_id,
                name=each.name,
                digest=each.digest,
                source_type=each.source_type,
                source=each.source,
                schema=each.schema,
                profile=each.profile,
            )
            for each in missing
        ]
        Dataset.objects.bulk_create(rows, ignore_conflicts=True)
        names = {each.name for each in missing}
        held = Dataset.objects.select_for_update().filter(experiment=run.experiment_id, name__in=names)
        for row in held.only("name", "digest").order_by("pk"):
            found[row.name, row.digest] = row
    return found


def delete_unread(datasets: Sequence[int]) -> None:
    """Delete those of these datasets that no run reads any more, inside the transaction that deletes runs."""
    held = Dataset.objects.select_for_update().filter(pk__in=datasets).order_by("pk")
    # Held first, and asked then: a run that has begun to read one meanwhile is seen.
    numbers = list(held.values_list("pk", flat=True))
    read = RunInput.objects.filter(dataset__in=numbers).values_list("dataset_id", flat=True)
    Dataset.objects.filter(pk__in=set(numbers) - set(read)).delete()


def _checked(data: DataInput) -> DataInput:
    if len(data.tags) > TAGS_PER_INPUT:
        raise Invalid(f"A dataset takes at most {TAGS_PER_INPUT} tags; this one has {len(data.tags):,}.")
    tags = {
        clean_text(key, "The key of a tag", length=TAG_KEY_LENGTH): clean_text(
            value, f"The value of tag {key[:80]!r}", length=TAG_VALUE_LENGTH, empty=True
        )
        for key, value in data.tags.items()
    }
    return DataInput(
        clean_text(data.name, "The name of a dataset", length=DATASET_NAME_LENGTH),
        clean_text(data.digest, "The digest of a dataset", length=DIGEST_LENGTH),
        clean_text(data.source_type, "The type of a source", length=TYPE_LENGTH, empty=True),
        clean_text(data.source, "The source of a dataset", length=SOURCE_LENGTH, empty=True),
        clean_text(data.schema, "The schema of a dataset", length=SCHEMA_LENGTH, empty=True),
        clean_text(data.profile, "The profile of a dataset", length=PROFILE_LENGTH, empty=True),
        tags,
    )

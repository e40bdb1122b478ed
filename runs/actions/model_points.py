"""How well logged models do, as runs measure it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runs.actions.names import intern
from runs.actions.presence import hold
from runs.limits import clean_key, clean_text
from runs.models import Kind, LoggedModel, ModelMetric, Run
from runs.models.dataset import DATASET_NAME_LENGTH, DIGEST_LENGTH
from runs.transaction import write

Place = tuple[int, str, str, str]


@dataclass(frozen=True)
class ModelPoint:
    """A point of a metric that was measured for a model, mostly on a dataset."""

    model: LoggedModel
    key: str
    value: float
    step: int
    time: int
    dataset_name: str = ""
    dataset_digest: str = ""

    @property
    def place(self) -> Place:
        """What it is a value of."""
        return self.model.pk, self.key, self.dataset_name, self.dataset_digest


def log_model_points(run: Run, points: Sequence[ModelPoint]) -> None:
    """Note how well models do, as this run measured it: of each metric on each dataset the last point stays.

    The last is that of the greatest step, time and value, as of a run. Again changes nothing.
    """
    newest: dict[Place, ModelPoint] = {}
    for point in map(_checked, points):
        if point.place not in newest or _order(point) > _order(newest[point.place]):
            newest[point.place] = point
    with write():
        hold(run)
        names = intern(run, Kind.METRIC, {point.key for point in newest.values()})
        present = {
            (row.model_id, row.name.text, row.dataset_name, row.dataset_digest): row
            for row in ModelMetric.objects.select_related("name").filter(
                run=run, model__in={place[0] for place in newest}
            )
        }
        rows = [
            ModelMetric(
                run=run,
                model=point.model,
                name=names[point.key],
                value=None if math.isnan(point.value) else point.value,
                step=point.step,
                time=point.time,
                dataset_name=point.dataset_name,
                dataset_digest=point.dataset_digest,
            )
            for place, point in newest.items()
            if place not in present or _order(point) > _order(present[place])
        ]
        ModelMetric.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["model", "name", "run", "dataset_name", "dataset_digest"],
            update_fields=["value", "step", "time"],
        )


def _order(point: ModelPoint | ModelMetric) -> tuple[int, int, float]:
    value = point.value
    return point.step, point.time, float("-inf") if value is None or math.isnan(value) else value


def _checked(point: ModelPoint) -> ModelPoint:
    name = clean_text(point.dataset_name, "The dataset's name", length=DATASET_NAME_LENGTH, empty=True)
    digest = clean_text(point.dataset_digest, "The dataset's digest", length=DIGEST_LENGTH, empty=True)
    key = clean_key(point.key, "metric")
    return ModelPoint(point.model, key, point.value, point.step, point.time, name, digest)

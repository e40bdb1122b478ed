"""How well logged models do, many at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from runs.models import ModelMetric

READ_TOGETHER = 5000


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

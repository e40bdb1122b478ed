"""Everything runs were given: tags, properties, parameters and last metrics, in four queries for any number."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from runs.models import Metric, Param, Property, Run, Tag
from runs.query.run_metrics import own_metrics

Number = float | str | None


@dataclass
class RunValues:
    """The values of one run by key, in the order of the keys. A tag may be None; what is no finite number is text."""

    tags: dict[str, str | None] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Number] = field(default_factory=dict)


def values_of(runs: Sequence[Run]) -> dict[int, RunValues]:
    """The values of each run, by the run's number inside."""
    found = {run.pk: RunValues() for run in runs}
    for tag in Tag.objects.filter(run__in=found).select_related("name").order_by("name__text"):
        found[tag.run_id].tags[tag.name.text] = tag.text
    for row in Property.objects.filter(run__in=found).select_related("name").order_by("name__text"):
        found[row.run_id].properties[row.name.text] = row.text or ""
    for param in Param.objects.filter(run__in=found).select_related("name").order_by("name__text"):
        found[param.run_id].params[param.name.text] = param.text or ""
    metrics = own_metrics().filter(run__in=found).order_by("name__text")
    for metric in metrics:
        found[metric.run_id].metrics[metric.name.text] = last_of(metric)
    return found


def last_of(metric: Metric) -> Number:
    """The metric's last value: a number, or its text, or the spelling of NaN or an infinity."""
    return metric.last if metric.last is not None else metric.last_text

"""The columns of a list for which nobody has chosen any."""

from collections.abc import Sequence

from runs.models import Experiment, ExperimentName, Kind
from runs.query.columns import BUILT_IN, DEFAULT, Column
from runs.query.fields import Field, Source

# The metrics that a training logs first are those it is about.
MOST_METRICS = 3


def default_columns(experiment: Experiment | None) -> Sequence[Column]:
    """The usual ones; inside an experiment its first metrics instead of its name and the compute target."""
    if experiment is None:
        return DEFAULT
    keys = ExperimentName.objects.filter(experiment=experiment, name__kind=Kind.METRIC).order_by("pk")
    fields = [Field(Source.METRIC, key) for key in keys.values_list("name__text", flat=True)[:MOST_METRICS]]
    metrics = [Column(str(field), field.key, field) for field in fields]
    usual = [BUILT_IN[key] for key in ("name", "status", "tags", "created", "duration", "created_by")]
    return [*usual[:3], *metrics, *usual[3:]]

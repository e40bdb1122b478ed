"""The columns of a list for which nobody has chosen any."""

from collections.abc import Sequence

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce

from runs.limits import INTEGER_MAX
from runs.models import Experiment, ExperimentName, Kind
from runs.query.columns import BUILT_IN, DEFAULT, Column
from runs.query.fields import Field, Source

# The metrics that a training logs first are those it is about.
MOST_METRICS = 3


def default_columns(experiment: Experiment | None, metrics: Sequence[str] | None = None) -> Sequence[Column]:
    """The usual ones; inside an experiment its first metrics (read, unless given) instead of its name and target."""
    if experiment is None:
        return DEFAULT
    if metrics is None:
        metrics = list(first_metrics(experiment).order_by("pk").values_list("name__text", flat=True))
    fields = [Field(Source.METRIC, key) for key in metrics]
    shown = [Column(str(field), field.key, field) for field in fields]
    usual = [BUILT_IN[key] for key in ("name", "status", "tags", "created", "duration", "created_by")]
    return [*usual[:3], *shown, *usual[3:]]


def first_metrics(experiment: Experiment) -> QuerySet[ExperimentName]:
    """The keys that the experiment's runs logged first.

    By the number of the last of them, which is found once: PostgreSQL without statistics would look for a list of them
    again for each key of the studio, for minutes where there are thousands.
    """
    keys = ExperimentName.objects.filter(experiment=experiment, name__kind=Kind.METRIC)
    last = keys.order_by("pk").values("pk")[MOST_METRICS - 1 : MOST_METRICS]
    return keys.filter(pk__lte=Coalesce(Subquery(last), INTEGER_MAX))

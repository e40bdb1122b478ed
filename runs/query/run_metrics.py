"""The metrics of one run by name: a page of them, those that were chosen, and how each can be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from runs.models import Metric, Run
from runs.models.name import SYSTEM

A_PAGE = 60
# Charts that one address may ask for, beside those of the page.
MOST_CHOSEN = 60
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


class Shown(StrEnum):
    """How a metric is shown."""

    LINE = "line"  # numbers: a curve
    TEXT = "text"  # texts: only as a table
    ROWS = "rows"  # rows and tables: lines over the first column
    DOCUMENT = "document"  # drawn from its JSON
    IMAGE = "image"  # on the tab Images


@dataclass(frozen=True)
class MetricPage:
    """Metrics in the order of their names. `before` and `after` are the names that the neighbouring pages follow."""

    metrics: list[Metric]
    total: int
    found: int
    first: int
    before: str | None
    after: str | None


def own_metrics(run: Run | None = None) -> QuerySet[Metric]:
    """What trainings logged, of one run or of all: not the samples of the machine."""
    rows = Metric.objects.filter(count__gt=0).exclude(name__text__startswith=SYSTEM).select_related("name")
    return rows if run is None else rows.filter(run=run)


def metric_page(run: Run, *, find: str = "", after: str = "", most: int = A_PAGE) -> MetricPage:
    """A page of the metrics whose names hold the text, beginning behind the name `after`. Four queries at most."""
    rows = own_metrics(run)
    total = rows.count()
    # PostgreSQL cannot even be asked for a NUL, and no name has one.
    wanted = rows.filter(name__text__icontains=find) if find and "\x00" not in find else rows
    found = total if wanted is rows else wanted.count()
    ordered = wanted.order_by("name__text")
    place = 0
    if after and "\x00" not in after:
        place = wanted.filter(name__text__lte=after).count()
        ordered = ordered.filter(name__text__gt=after)
    listed = list(ordered[: most + 1])
    return MetricPage(
        listed[:most],
        total,
        found,
        place + 1,
        _before(wanted, place, most) if place else None,
        listed[most - 1].name.text if len(listed) > most else None,
    )


def _before(wanted: QuerySet[Metric], place: int, most: int) -> str:
    """The name that the page before follows; none for the first page."""
    start = place - most
    if start <= 0:
        return ""
    return str(wanted.order_by("name__text").values_list("name__text", flat=True)[start - 1])


def chosen_metrics(run: Run, names: Sequence[str]) -> list[Metric]:
    """The run's metrics of these names, samples of the machine too, in the order of the names; others are left out."""
    wanted = list(dict.fromkeys(name for name in names if "\x00" not in name))[:MOST_CHOSEN]
    rows = Metric.objects.filter(run=run, count__gt=0, name__text__in=wanted).select_related("name")
    found = {metric.name.text: metric for metric in rows} if wanted else {}
    return [found[name] for name in wanted if name in found]


def shown_as(metric: Metric) -> Shown:
    """How the metric is shown. Numbers among which there is a text are drawn, the texts told as gaps."""
    match Metric.FAMILIES[metric.kind]:
        case "rows":
            return Shown.ROWS
        case "images":
            return Shown.IMAGE
        case "documents":
            return Shown.DOCUMENT
    is_text = metric.finite_count == 0 and metric.last_text not in (None, *_NOT_FINITE)
    return Shown.TEXT if is_text else Shown.LINE

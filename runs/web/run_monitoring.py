"""The tab Monitoring of a run: what its machine was doing, and when nothing was heard of it."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.query.metric_request import read_settings
from runs.query.monitoring import Group, sample_groups, silences_of
from runs.web.address import Address
from runs.web.metric_parts import Part, Place
from runs.web.run import facts_of, run_of

AXES = {"time": "Time", "relative": "Relative time"}


@require_safe
def monitoring(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """Samples over time as charts; without any, how to get some."""
    run = run_of(request, workspace, run_id)
    address = Address.of(request)
    asked = request.GET.copy()
    asked["x"] = asked.get("x") or "time"
    place = Place(run, address, read_settings(asked))
    groups = sample_groups(run)
    facts = facts_of(request, run, "monitoring") | {
        "parts": [_part(place, group) for group in groups],
        "axes": [(word, address.having(x=name), name == place.settings.x) for name, word in AXES.items()],
        "silences": silences_of(run),
        "sample_count": max((metric.count for group in groups for metric in group.metrics), default=0),
    }
    return render(request, "run/monitoring.html", facts)


def _part(place: Place, group: Group) -> Part:
    names = [metric.name.text for metric in group.metrics]
    page = reverse("run_metrics", args=[place.run.workspace.name, place.run.public_id])
    table = f"{page}?{urlencode([*(('m', name) for name in names), ('as', 'table')])}"
    return Part(
        f"s {group.title}",
        group.title,
        "plot",
        sum(metric.count for metric in group.metrics),
        place.data_url(names),
        place.data_url(names, **{"as": "csv"}),
        table_url=table,
        is_bare=len(names) == 1,
    )

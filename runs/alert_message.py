"""A message of an alert as it leaves the studio: its facts with words and addresses around them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings

from runs.figures import duration, shortened
from runs.models import Delivery


def words_of(delivery: Delivery) -> dict[str, Any]:
    """The subject, the address of the message in the studio, and its runs with addresses, durations and changes."""
    facts = delivery.facts
    workspace = str(facts.get("workspace", ""))
    runs = [_run(run, workspace) for run in facts.get("runs", [])]
    return {
        "subject": delivery.subject,
        "workspace": workspace,
        "alert": facts.get("alert", ""),
        "url": f"{settings.PUBLIC_URL}/w/{quote(workspace, safe='')}/alerts/messages/{delivery.pk}/",
        "delivery": delivery.pk,
        "is_test": bool(facts.get("is_test")),
        "counts": facts.get("counts", {}),
        "total": facts.get("total", 0),
        "all_ended": facts.get("all_ended", False),
        "left_out": max(0, int(facts.get("total", 0)) - len(runs)),
        "runs": runs,
    }


def _run(run: Mapping[str, Any], workspace: str) -> dict[str, Any]:
    place = f"{settings.PUBLIC_URL}/w/{quote(workspace, safe='')}/runs/"
    parent = run.get("parent")
    return {
        **run,
        "url": f"{place}{quote(run['id'], safe='')}/",
        "duration": duration(run.get("seconds")),
        "parent": {**parent, "url": f"{place}{quote(parent['id'], safe='')}/"} if parent else None,
        "metrics": [_metric(metric) for metric in run.get("metrics", [])],
    }


def _metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    change = metric.get("change")
    sign = "+" if change is not None and change > 0 else ""
    return {
        **metric,
        "text": shortened(metric["value"]),
        "change_text": "" if change is None else f"{sign}{shortened(change)}",
    }

"""All experiments of a workspace."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from runs.access import get_member, has_right
from runs.errors import Invalid
from runs.lifecycle import Status
from runs.query.experiments import (
    DEFAULT_SORT,
    ExperimentRow,
    count_experiments,
    list_experiments,
)
from runs.query.stars import starred
from runs.web import show
from runs.web.address import Address
from runs.web.frame import caller_of
from runs.web.run_list import IDLE_S, LIVE_S

HEADINGS = (("name", "Experiment"), ("runs", "Runs"), ("last_run", "Last run"), ("created", "Created"))
ORDER = [
    *(Status.RUNNING, Status.COMPLETED, Status.FAILED, Status.CANCELED),
    *(status for status in Status if status not in {"Running", "Completed", "Failed", "Canceled"}),
]


@dataclass(frozen=True)
class Share:
    """How many runs of an experiment stand in a status, and their place on its bar, in hundredths."""

    status: Status
    count: int
    start: float
    width: float

    @property
    def shape(self) -> str:
        """The class and shape of the status."""
        return show.shape_of(self.status)

    @property
    def word(self) -> str:
        """The status in words."""
        return show.word_of(self.status)


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    row: ExperimentRow
    shares: list[Share]
    tags: SafeString
    is_starred: bool


@require_safe
def experiments(request: HttpRequest, workspace: str) -> HttpResponse:
    """The list of experiments."""
    caller = caller_of(request)
    member = get_member(caller, workspace)
    found, address = member.workspace, Address.of(request)
    is_archived = address.get("archived") == "true"
    facts: dict[str, Any] = {
        "workspace": found,
        "address": address,
        "search": address.get("q"),
        "may_write": has_right(member.role, "write"),
        "is_archived": is_archived,
        "archived_url": address.having(archived=None if is_archived else "true"),
        "clear_url": address.having(q=None),
    }
    try:
        page = list_experiments(
            found,
            search=address.get("q"),
            archived=is_archived,
            sort=address.get("sort"),
            cursor=address.get("cursor"),
        )
    except Invalid as refusal:
        return render(request, "experiments/experiments.html", facts | {"refusal": refusal}, status=400)
    stars = starred(caller.user, "experiment", [row.experiment.pk for row in page.rows])
    lines = [
        Line(row, shares_of(row.counts), show.tags(row.tags, 3), row.experiment.pk in stars)
        for row in page.rows
    ]
    active = any(show.is_active(share.status) for line in lines for share in line.shares)
    facts |= {
        "lines": lines,
        "next_url": address.having(cursor=page.next_cursor) if page.next_cursor else None,
        "headings": [_heading(name, label, address) for name, label in HEADINGS],
        "first_url": address.having(),
        "live_s": LIVE_S if active else IDLE_S,
        "count": count_experiments(found),
    }
    return render(request, "experiments/experiments.html", facts)


def shares_of(counts: dict[str, int]) -> list[Share]:
    """The parts of the bar, one beside the other."""
    total, start, shares = sum(counts.values()), 0.0, []
    for status in ORDER:
        if count := counts.get(status.value, 0):
            width = 100 * count / total
            shares.append(Share(status, count, round(start, 2), round(width, 2)))
            start += width
    return shares


def _heading(name: str, label: str, address: Address) -> dict[str, str]:
    order = address.get("sort") or DEFAULT_SORT
    is_first, is_descending = order.removeprefix("-") == name, order.startswith("-")
    turned = (not is_descending) if is_first else name != "name"
    return {
        "name": name,
        "label": label,
        "url": address.having(sort=f"{'-' if turned else ''}{name}"),
        "direction": ("descending" if is_descending else "ascending") if is_first else "",
    }

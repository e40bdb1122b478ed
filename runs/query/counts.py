"""How many runs there are: all of a list, in each status, and whether any at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count as CountOf

from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import Run
from runs.query.candidates import capped_counts, compiled
from runs.query.expressions import is_one_of
from runs.query.planner import Plan, looked_at
from runs.query.probe import sampled
from runs.query.time_limit import limited_time

COUNT_CAP = 10_000
STATUS_CAP = 1000
COUNTERS_S = 0.25
# To say which condition to drop: so long, and so many of the newest runs where no rare term leads to some.
ADVICE_S = 0.25
LOOKED_AT = 5000


@dataclass(frozen=True)
class Count:
    """A number of runs; with `is_more` there are more than that. Reads as "12" or "10,000+"."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_more else ''}"


def count_runs(plan: Plan, *, cap: int = COUNT_CAP) -> Count | None:
    """How many runs there are, counted up to the cap; None when that takes over a second."""
    try:
        with limited_time(1.0):
            (number,) = capped_counts([plan.unordered()], cap)
    except Invalid:
        return None
    return Count(min(number, cap), number > cap)


def status_counts(plan: Plan, *, cap: int | None = None) -> dict[Status, Count] | None:
    """How many of the runs stand in each status that occurs; None when that takes too long.

    Few runs are counted exactly. Of many, the newest in each status are looked at, up to the cap: 10,000 of them
    where nothing is tested, else 1,000; of the archive, whose index knows no statuses, the newest 5,000 in all. What
    may lie behind them is told by "+", never guessed.
    """
    try:
        with limited_time(COUNTERS_S):
            if plan.is_few:
                return _counted_together(plan)
            if plan.is_archive and plan.driver is None:
                return _counted_among(plan, LOOKED_AT)
            return _counted_each(plan, cap or (STATUS_CAP if plan.terms else COUNT_CAP))
    except Invalid:
        return None


def which_find(plans: Sequence[Plan]) -> list[bool]:
    """Which of the plans find any run at all: one query. Without a rare term only the newest runs are looked at."""
    selects: list[str] = []
    params: list[Any] = []
    for plan in plans:
        runs = plan.runs()
        if plan.driver is None and plan.terms:
            newest = plan.walked().order_by("-created_at", "-id").values("pk")[:LOOKED_AT]
            runs = Run.objects.filter(plan.terms, is_one_of(newest))
        sql, values = compiled(runs.order_by().values("pk")[:1]) or ("SELECT 1 WHERE 1 = 0", ())
        selects.append(f"EXISTS(SELECT 1 FROM ({sql}) AS found)")  # noqa: S608 (compiled by Django)
        params += values
    if not selects:
        return []
    try:
        with limited_time(ADVICE_S), connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(selects)}", params)
            return [bool(found) for found in cursor.fetchone()]
    except Invalid:
        return [False] * len(plans)


def _counted_together(plan: Plan) -> dict[Status, Count]:
    rows = plan.runs().order_by().values_list("status").annotate(n=CountOf("pk"))
    counts = {Status(status): Count(n) for status, n in rows}
    return {status: counts[status] for status in Status if status in counts}


def _counted_among(plan: Plan, most: int) -> dict[Status, Count]:
    """Among the newest so many runs of the list: one walk for all statuses."""
    rows, params = sampled(plan.walked(), plan.terms, most, "status")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT status, COUNT(*), SUM(hit) FROM ({rows}) AS newest GROUP BY status", params)  # noqa: S608
        found = {Status(status): (int(seen), int(hits)) for status, seen, hits in cursor.fetchall()}
    is_more = sum(seen for seen, _ in found.values()) >= most
    return {status: Count(found[status][1], is_more) for status in Status if status in found}


def _counted_each(plan: Plan, cap: int) -> dict[Status, Count]:
    looked = looked_at(plan, "status", [status.value for status in Status], cap + 1)
    counts: dict[Status, Count] = {}
    for status, (seen, hits) in zip(Status, looked, strict=True):
        # None among those that were looked at, but more behind them: "0+", which makes the total a "+" too.
        if hits or seen > cap:
            counts[status] = Count(min(hits, cap), seen > cap)
    return counts

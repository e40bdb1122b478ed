"""Lists of runs: a page in an order, a count, the counters by status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain

from django.db.models import Count as CountOf
from django.db.models import Q, QuerySet

from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import Experiment, Run, User, Workspace
from runs.query.candidates import capped_counts
from runs.query.cells import Cell, cells_of
from runs.query.children import opened_children
from runs.query.columns import DEFAULT, NEWEST_FIRST, Column, Sort, sort_text
from runs.query.conditions import Conditions, look_up, make_context
from runs.query.cursors import read_cursor, write_cursor
from runs.query.planner import Plan, looked_at, make_plan
from runs.query.sorts import Key, legs
from runs.query.time_limit import limited_time

MOST_A_PAGE = 1000
COUNT_CAP = 10_000
STATUS_CAP = 1000
COUNTERS_S = 0.25
_SALT = "runs.list"
# What no list shows, and what may be long.
_HEAVY = ("description_html", "error_message", "error_details", "arguments", "script")
_NEIGHBOURS = (
    "experiment__name",
    "experiment__workspace",
    "parent__public_id",
    "parent__display_name",
    "parent__number",
    "root__public_id",
    "created_by__username",
)


@dataclass(frozen=True)
class RunRow:
    """A run of a page, with the values of the shown columns by column key; a value that is missing has no cell."""

    run: Run
    cells: dict[str, Cell] = field(default_factory=dict)
    tags: dict[str, str | None] = field(default_factory=dict)
    # Of metrics with several points, beside their last value: how many points, and their outline.
    outlines: dict[str, tuple[int, bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunPage:
    """Some runs in their order. `next_cursor` is None on the last page."""

    rows: list[RunRow]
    next_cursor: str | None
    # The children of opened runs, by the number of their parent; where there are more, one more than was asked.
    below: dict[int, list[RunRow]] = field(default_factory=dict)

    @property
    def runs(self) -> list[Run]:
        """The runs alone; workspace, experiment, parent, root and submitter are read already."""
        return [row.run for row in self.rows]

    @property
    def all_rows(self) -> list[RunRow]:
        """The rows, and the children of opened ones."""
        return [*self.rows, *chain.from_iterable(self.below.values())]


@dataclass(frozen=True)
class Count:
    """A number of runs; with `is_more` there are more than that. Reads as "12" or "10,000+"."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_more else ''}"


def plan_runs(
    workspace: Workspace,
    conditions: Conditions,
    *,
    viewer: User | None,
    experiment: Experiment | None = None,
    sort: Sequence[Sort] = NEWEST_FIRST,
    zone: tzinfo = UTC,
) -> Plan:
    """Decide how to find these runs. One plan serves the page, the count and the counters of one request."""
    fields = [key.column.field for key in sort if key.column.field is not None]
    context = make_context(
        workspace, conditions, viewer=viewer, experiment=experiment, fields=fields, zone=zone
    )
    with limited_time():
        return make_plan(context, conditions)


def list_runs(
    workspace: Workspace,
    conditions: Conditions | None = None,
    *,
    viewer: User | None,
    experiment: Experiment | None = None,
    sort: Sequence[Sort] = NEWEST_FIRST,
    columns: Sequence[Column] | None = DEFAULT,
    cursor: str = "",
    limit: int = 50,
    zone: tzinfo = UTC,
) -> RunPage:
    """A page of the runs that fulfil the conditions, never more than the workspace's own.

    With `columns` None every attribute is read and no cells, which is what REST shows. The number of queries does
    not depend on the data. Raises Invalid for a cursor of another order, and when it takes over two seconds.
    """
    with limited_time():
        plan = plan_runs(
            workspace, conditions or Conditions(), viewer=viewer, experiment=experiment, sort=sort, zone=zone
        )
        return page_of(plan, sort=sort, columns=columns, cursor=cursor, limit=limit)


def page_of(
    plan: Plan,
    *,
    sort: Sequence[Sort] = NEWEST_FIRST,
    columns: Sequence[Column] | None = DEFAULT,
    cursor: str = "",
    limit: int = 50,
    opened: Mapping[str, int] | None = None,
) -> RunPage:
    """A page of a plan that was made for this order; see `list_runs`. `opened`: see `opened_children`."""
    if not 1 <= limit <= MOST_A_PAGE:
        raise Invalid(f"A page holds 1 to {MOST_A_PAGE:,} runs, not {limit:,}.", field="limit")
    order = sort_text(sort)
    with limited_time():
        found = _walk(plan, sort, read_cursor(cursor, order, salt=_SALT) if cursor else (0, None), limit + 1)
        numbers = [_number(keys) for _, keys in found[:limit]]
        below = opened_children(plan.context.workspace, opened or {})
        rows = _rows(plan, [*numbers, *chain.from_iterable(below.values())], columns)
    last = found[limit - 1] if len(found) > limit else None
    known = {row.run.pk: row for row in rows}
    return RunPage(
        [known[number] for number in numbers if number in known],
        write_cursor(order, last[0], last[1], salt=_SALT) if last else None,
        {parent: [known[n] for n in together if n in known] for parent, together in below.items()},
    )


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
    where nothing is tested, else 1,000. What may lie behind them is told by "+", never guessed.
    """
    try:
        with limited_time(COUNTERS_S):
            if plan.is_few:
                return _counted_together(plan)
            return _counted_each(plan, cap or (STATUS_CAP if plan.terms else COUNT_CAP))
    except Invalid:
        return None


def run_ids(plan: Plan, *, most: int) -> list[int]:
    """The numbers of all runs of the plan, newest first, for a change of all that match; at most `most`."""
    with limited_time():
        return list(plan.runs().order_by("-created_at", "-id").values_list("pk", flat=True)[:most])


def _counted_together(plan: Plan) -> dict[Status, Count]:
    rows = plan.runs().order_by().values_list("status").annotate(n=CountOf("pk"))
    counts = {Status(status): Count(n) for status, n in rows}
    return {status: counts[status] for status in Status if status in counts}


def _counted_each(plan: Plan, cap: int) -> dict[Status, Count]:
    looked = looked_at(plan, [Q(status=status.value) for status in Status], cap + 1)
    counts: dict[Status, Count] = {}
    for status, (seen, hits) in zip(Status, looked, strict=True):
        # None among those that were looked at, but more behind them: "0+", which makes the total a "+" too.
        if hits or seen > cap:
            counts[status] = Count(min(hits, cap), seen > cap)
    return counts


def _number(keys: Sequence[Key]) -> int:
    """The run's number, which is the last of its keys."""
    number = keys[-1]
    if not isinstance(number, int):
        raise TypeError(f"the last key of a row is its number, not {number!r}")
    return number


def _walk(
    plan: Plan, sort: Sequence[Sort], start: tuple[int, list[Key] | None], limit: int
) -> list[tuple[int, tuple[Key, ...]]]:
    """Up to `limit` rows from `start` on, each as its leg and its keys there."""
    found: list[tuple[int, tuple[Key, ...]]] = []
    first, after = start
    for place, leg in enumerate(legs(plan, sort)):
        if place >= first and len(found) < limit:
            keys = leg.page(after if place == first else None, limit - len(found))
            found += [(place, row) for row in keys]
    return found


def _rows(plan: Plan, numbers: list[int], columns: Sequence[Column] | None) -> list[RunRow]:
    found = {run.pk: run for run in _read(numbers, columns)}
    shown = columns or ()
    look_up(plan.context, [column.field for column in shown if column.field is not None])
    cells, tags, outlines = cells_of(plan.context, list(found), shown)
    rows = []
    for run in (found[number] for number in numbers if number in found):  # else it was deleted a moment ago
        run.workspace = plan.context.workspace
        rows.append(RunRow(run, cells.get(run.pk, {}), tags.get(run.pk, {}), outlines.get(run.pk, {})))
    return rows


def _read(numbers: list[int], columns: Sequence[Column] | None) -> QuerySet[Run]:
    """The runs with what lists show of their neighbours; long texts only where they are shown."""
    unread = {"description_html"} if columns is None else set(_HEAVY)
    if columns is not None and "description" not in {column.key for column in columns}:
        unread.add("description")
    own = [field.name for field in Run._meta.concrete_fields if field.name not in unread]
    runs = Run.objects.filter(pk__in=numbers).select_related("experiment", "parent", "root", "created_by")
    return runs.only(*own, *_NEIGHBOURS)

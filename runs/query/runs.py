"""Lists of runs: a page in an order, a count, the counters by status."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain

from django.db.models import Exists, OuterRef, Q, QuerySet

from runs.errors import Invalid
from runs.models import Experiment, Run, Star, User, Workspace
from runs.query.cells import Cell, cells_of
from runs.query.children import by_parent, opened_children
from runs.query.columns import DEFAULT, NEWEST_FIRST, Column, Sort, sort_text
from runs.query.conditions import Conditions, Context, look_up, make_context
from runs.query.cursors import read_cursor, write_cursor
from runs.query.expressions import Listed
from runs.query.planner import PAGE, Plan, make_plan
from runs.query.sorts import Key, legs
from runs.query.time_limit import limited_time
from runs.query.walks import Found, walk

MOST_A_PAGE = 1000
# Of a list that is read to its end, so many runs are put in order at once, and that may take so long.
MOST_ORDERED, BATCHES_S = 50_000, 10.0
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
    is_starred: bool = False


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


def plan_runs(
    workspace: Workspace,
    conditions: Conditions,
    *,
    viewer: User | None,
    experiment: Experiment | None = None,
    sort: Sequence[Sort] = NEWEST_FIRST,
    columns: Sequence[Column] = (),
    zone: tzinfo = UTC,
    wanted: int = PAGE,
) -> Plan:
    """Decide how to find so many of these runs. One plan serves the page, the count and the counters of a request.

    The keys of the columns, should they be shown, are looked up together with those of the conditions.
    """
    named = [*(key.column for key in sort), *columns]
    fields = [
        field
        for field in (*(column.field for column in named), *(key.told for key in sort))
        if field is not None
    ]
    context = make_context(
        workspace, conditions, viewer=viewer, experiment=experiment, fields=fields, zone=zone
    )
    with limited_time():
        return make_plan(context, conditions, wanted=wanted)


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
            workspace,
            conditions or Conditions(),
            viewer=viewer,
            experiment=experiment,
            sort=sort,
            columns=columns or (),
            zone=zone,
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
        numbers = [row.number for row in found[:limit]]
        known = _rows(plan, numbers, columns, opened or {})
    last = found[limit - 1] if len(found) > limit else None
    cursor_after = write_cursor(order, *last.where(), salt=_SALT) if last else None
    # A run that is not known was deleted a moment ago.
    return _page([known[n] for n in numbers if n in known], cursor_after, known, opened or {})


def batches_of(
    plan: Plan, *, sort: Sequence[Sort], columns: Sequence[Column], size: int = MOST_A_PAGE
) -> Iterator[list[RunRow]]:
    """All rows of the plan in the order, so many at a time; at least one batch, which may be empty.

    The runs of a rare term are put in order once for many batches; a walk goes on where the last batch ended, and runs
    that are made meanwhile may be among them.
    """
    step = size if plan.driver is None else MOST_ORDERED
    start: tuple[int, list[Key] | None] = (0, None)
    while True:
        with limited_time(BATCHES_S):
            found = _walk(plan, sort, start, step + 1)
        numbers = [row.number for row in found[:step]]
        for place in range(0, max(len(numbers), 1), size):
            batch = numbers[place : place + size]
            with limited_time():
                known = _rows(plan, batch, columns, {})
            yield [known[n] for n in batch if n in known]
        if len(found) <= step:
            return
        leg, keys = found[step - 1].where()
        start = leg, list(keys)


def firsts_of(
    plan: Plan,
    parts: Sequence[Sequence[int]],
    *,
    sort: Sequence[Sort],
    columns: Sequence[Column],
    limit: int,
    opened: Mapping[str, int],
) -> list[RunPage]:
    """The first rows of each of these parts of the plan's runs, in the order: as many queries for many as for one."""
    numbers = Listed([number for part in parts for number in part])
    inside = Plan(plan.context, Q(), Q(), Q(), numbers, numbers, is_few=True)
    with limited_time():
        found = _walk(inside, sort, (0, None), sum(len(part) for part in parts))
        order = {row.number: place for place, row in enumerate(found)}
        firsts = [sorted(filter(order.__contains__, part), key=order.__getitem__)[:limit] for part in parts]
        known = _rows(plan, [number for part in firsts for number in part], columns, opened)
    return [_page([known[n] for n in part if n in known], None, known, opened) for part in firsts]


def _page(
    rows: list[RunRow], next_cursor: str | None, known: Mapping[int, RunRow], opened: Mapping[str, int]
) -> RunPage:
    """The rows, with the children of the opened ones among all that was read."""
    below = by_parent((row.run for row in known.values()), opened)
    return RunPage(
        rows, next_cursor, {parent: [known[n] for n in together] for parent, together in below.items()}
    )


def run_ids(plan: Plan, *, most: int) -> list[int]:
    """The numbers of all runs of the plan, newest first, for a change of all that match; at most `most`."""
    with limited_time():
        return list(plan.runs().order_by("-created_at", "-id").values_list("pk", flat=True)[:most])


def _walk(plan: Plan, sort: Sequence[Sort], start: tuple[int, list[Key] | None], limit: int) -> list[Found]:
    """Up to `limit` rows from `start` on."""
    return walk([*legs(plan, sort)], start, limit)


def _rows(
    plan: Plan, numbers: list[int], columns: Sequence[Column] | None, opened: Mapping[str, int]
) -> dict[int, RunRow]:
    """The rows of these runs and of the children of the opened ones, by number."""
    found = list(_read(plan.context, numbers, columns, opened))
    shown = columns or ()
    look_up(plan.context, [column.field for column in shown if column.field is not None])
    cells, tags, outlines = cells_of(plan.context, [run.pk for run in found], shown)
    rows = {}
    for run in found:
        run.workspace = plan.context.workspace
        rows[run.pk] = RunRow(
            run,
            cells.get(run.pk, {}),
            tags.get(run.pk, {}),
            outlines.get(run.pk, {}),
            bool(getattr(run, "is_starred", False)),
        )
    return rows


def _read(
    context: Context, numbers: list[int], columns: Sequence[Column] | None, opened: Mapping[str, int]
) -> QuerySet[Run]:
    """The runs with what lists show of their neighbours; long texts only where they are shown."""
    unread = {"description_html"} if columns is None else set(_HEAVY)
    if columns is not None:
        # Of a description lists show the words, without what makes them bold.
        is_shown = "description" in {column.key for column in columns}
        unread ^= {"description_html"} if is_shown else {"description"}
    own = [field.name for field in Run._meta.concrete_fields if field.name not in unread]
    wanted = Run.objects.filter(pk__in=numbers)
    if opened:
        # As one list of numbers: with an OR of both SQLite reads every run.
        below = opened_children(context.workspace, opened)
        wanted = Run.objects.filter(pk__in=wanted.order_by().values("pk").union(below, all=True))
    runs = wanted.select_related("experiment", "parent", "root", "created_by")
    if columns is not None and context.viewer is not None:
        runs = runs.annotate(is_starred=Exists(Star.objects.filter(user=context.viewer, run=OuterRef("pk"))))
    return runs.only(*own, *_NEIGHBOURS)

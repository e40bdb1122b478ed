"""A list of runs as a page shows it: the whole workspace, one experiment, or the children of a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from runs.access import Caller
from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import Experiment, Run, Workspace
from runs.query.columns import (
    DEFAULT,
    NEWEST_FIRST,
    Column,
    Sort,
    columns_text,
    parse_columns,
    parse_sort,
    sort_text,
)
from runs.query.conditions import Conditions
from runs.query.default_columns import default_columns
from runs.query.filters import RunFilters
from runs.query.planner import Plan
from runs.query.runs import Count, page_of, plan_runs, status_counts
from runs.web import show
from runs.web.address import Address
from runs.web.cells import draw_rows, look_of
from runs.web.frame import caller_of

A_PAGE = 50
# How often a list asks again: while something runs, and while it waits for something new.
LIVE_S, IDLE_S = 4, 20
CHIPS = {
    "status": "status",
    "experiment": "experiment",
    "tag": "tag",
    "property": "property",
    "param": "parameter",
    "metric": "metric",
    "target": "target",
    "submitted_by": "submitted by",
    "created_after": "submitted after",
    "created_before": "submitted before",
    "duration_min": "at least",
    "duration_max": "at most",
    "type": "type",
    "archived": "archived",
}
MOST_ADVICE = 6


@dataclass(frozen=True)
class Scope:
    """Which runs a list is of, before any filter."""

    workspace: Workspace
    experiment: Experiment | None = None
    parent: Run | None = None


@dataclass(frozen=True)
class Chip:
    """One active condition and the address without it."""

    label: str
    value: str
    without: str
    name: str = ""


@dataclass(frozen=True)
class Heading:
    """The head of a column: its words, and the address that sorts by it."""

    column: Column
    is_number: bool
    sort_url: str
    direction: str


@dataclass(frozen=True)
class Counter:
    """How many stand in a status, and the address that shows only those, or all again."""

    status: Status
    count: Count
    url: str
    is_chosen: bool


@dataclass
class RunList:
    """Everything the template of a list needs."""

    address: Address
    scope: Scope
    columns: Sequence[Column] = DEFAULT
    sort: Sequence[Sort] = NEWEST_FIRST
    headings: list[Heading] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)
    rows: SafeString = field(default_factory=SafeString)
    row_count: int = 0
    total: str = ""
    next_url: str | None = None
    refusal: Invalid | None = None
    advice: list[Chip] = field(default_factory=list)
    live_s: int = IDLE_S
    numeric: frozenset[str] = frozenset()

    @property
    def is_first_page(self) -> bool:
        """Whether this is where the list begins."""
        return not self.address.get("cursor")

    @property
    def is_narrowed(self) -> bool:
        """Whether some condition leaves runs out."""
        return bool(self.chips or self.address.get("q") or self.address.get("filter") or self.is_mine)

    @property
    def first_url(self) -> str:
        """The first page."""
        return self.address.having()

    @property
    def next_word(self) -> str:
        """What the next page is, in this order."""
        return "Older" if tuple(self.sort) == NEWEST_FIRST else "Next page"

    @property
    def has_children(self) -> bool:
        """Whether child runs are among them."""
        return self.address.get("include_children") == "true"

    @property
    def children_url(self) -> str:
        """The same with child runs, or without."""
        return self.address.having(include_children=None if self.has_children else "true")

    @property
    def is_mine(self) -> bool:
        """Whether only the viewer's own runs are shown."""
        return self.address.get("mine") == "true"

    @property
    def mine_url(self) -> str:
        """The same with everybody's runs, or only one's own."""
        return self.address.having(mine=None if self.is_mine else "true")

    @property
    def columns_url(self) -> str:
        """Where the columns are chosen."""
        workspace = self.scope.workspace.name
        query = self.address.query.copy()
        query["at"] = self.address.path
        query["columns"] = columns_text(self.columns)
        return f"{reverse('columns', args=[workspace])}?{query.urlencode()}"

    @property
    def caret(self) -> str:
        """The text before the place of a mistake, in blanks: a mark set after it stands under the place."""
        position = self.refusal.position if self.refusal else None
        return "" if position is None else " " * position

    def hidden(self) -> Iterator[tuple[str, str]]:
        """What the search form keeps."""
        return self.address.pairs("q", "filter")


def run_list(request: HttpRequest, scope: Scope) -> RunList:
    """The list for this address. A mistake in it is told in the list, which is then empty."""
    address, caller = Address.of(request), caller_of(request)
    made = RunList(address, scope, chips=list(_chips(address)))
    try:
        made.columns = _columns(scope, address.get("columns"))
        made.sort = parse_sort(address.get("sort"))
        plan = _plan(scope, caller, request.GET, made.sort)
        _fill(made, scope, plan, caller)
    except Invalid as refusal:
        made.refusal = refusal
    made.headings = [_heading(column, made) for column in made.columns]
    return made


def _columns(scope: Scope, text: str) -> Sequence[Column]:
    """Those of the address, or what this list shows when nobody has chosen."""
    inside = scope.experiment or (scope.parent.experiment if scope.parent else None)
    return parse_columns(text) if text else default_columns(inside)


def _plan(scope: Scope, caller: Caller, asked: QueryDict, sort: Sequence[Sort]) -> Plan:
    return plan_runs(
        scope.workspace,
        _conditions(scope, asked),
        viewer=caller.user,
        experiment=scope.experiment,
        sort=sort,
    )


def _conditions(scope: Scope, asked: QueryDict) -> Conditions:
    if scope.parent is not None:
        asked = asked.copy()
        asked["parent"] = scope.parent.public_id
    return RunFilters(asked).conditions()


def _fill(made: RunList, scope: Scope, plan: Plan, caller: Caller) -> None:
    now = timezone.now()
    cursor = made.address.get("cursor")
    page = page_of(plan, sort=made.sort, columns=made.columns, cursor=cursor, limit=A_PAGE)
    look = look_of(scope.workspace.name, made.columns, page.rows, now)
    made.numeric = look.numeric
    made.rows, made.row_count = draw_rows(made.columns, page.rows, look), len(page.rows)
    if page.next_cursor:
        made.next_url = made.address.having(cursor=page.next_cursor)
    _count(made, scope, plan, caller)
    active = any(show.is_active(run.status) for run in page.runs)
    made.live_s = LIVE_S if active or any(show.is_active(c.status) for c in made.counters) else IDLE_S
    if not page.rows and made.is_narrowed:
        made.advice = list(_advice(made, scope, caller))


def _count(made: RunList, scope: Scope, plan: Plan, caller: Caller) -> None:
    """The counters leave the chosen statuses out of account, so that one can change to another."""
    chosen = made.address.query.getlist("status")
    if chosen:
        others = made.address.query.copy()
        del others["status"]
        plan = _plan(scope, caller, others, NEWEST_FIRST)
    counts = status_counts(plan)
    if counts is None:
        return
    for status, count in counts.items():
        url = made.address.toggling("status", status.value)
        made.counters.append(Counter(status, count, url, status.value in chosen))
    shown = [count for status, count in counts.items() if not chosen or status.value in chosen]
    number, is_more = sum(count.number for count in shown), any(count.is_more for count in shown)
    made.total = f"{number:,}{'+' if is_more else ''} {'run' if number == 1 else 'runs'}"


def _chips(address: Address) -> Iterator[Chip]:
    for name, label in CHIPS.items():
        for value in address.query.getlist(name):
            if value:
                shown = show.word_of(value) if name == "status" else value
                yield Chip(label, shown, address.dropping(name, value), name)


def _heading(column: Column, made: RunList) -> Heading:
    first = made.sort[0]
    is_first = first.column.key == column.key
    direction = ("descending" if first.is_descending else "ascending") if is_first else ""
    # A second click turns the order. Numbers and times begin with the largest, which is what people look for.
    begins_down = column.is_number or (
        column.field is not None and column.field.kind.name in ("TIME", "NUMBER")
    )
    is_descending = not first.is_descending if is_first else begins_down
    url = made.address.having(sort=sort_text([Sort(column, is_descending)])) if column.is_sortable else ""
    return Heading(column, column.is_number or column.key in made.numeric, url, direction)


def _advice(made: RunList, scope: Scope, caller: Caller) -> Iterator[Chip]:
    """The conditions without which something would be found."""
    address = made.address
    tries = list(made.chips)
    for name, label in (("q", "search"), ("filter", "filter"), ("mine", "only my runs")):
        if address.get(name):
            value = "" if name == "mine" else address.get(name)
            tries.append(Chip(label, value, address.dropping(name), name))
    for chip in tries[:MOST_ADVICE]:
        if _finds_any(chip.without, scope, caller):
            yield chip


def _finds_any(url: str, scope: Scope, caller: Caller) -> bool:
    try:
        plan = _plan(scope, caller, QueryDict(url.partition("?")[2]), NEWEST_FIRST)
        return bool(page_of(plan, columns=(), limit=1).rows)
    except Invalid:
        return False

"""A list of runs as a page shows it: the whole workspace, one experiment, or the children of a run."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from runs.access import allows
from runs.errors import Invalid
from runs.query.columns import DEFAULT, NEWEST_FIRST, Column, Sort, columns_text, parse_sort
from runs.query.counts import Count, status_counts, which_find
from runs.query.groups import MOST_RUNS, is_number, parse_group
from runs.query.planner import PAGE, Plan, plan_again
from runs.query.runs import RunRow, page_of
from runs.query.selection import is_only_selected, selected_of
from runs.web import show
from runs.web.address import Address
from runs.web.bulk_report import kept_report
from runs.web.chart_panel import Panel, panel_of
from runs.web.chips import Chip, advice_of, chips_of, shaping_chips_of
from runs.web.copy_as import Query, command_of, python_of, query_of
from runs.web.counters import Counter, counters_of, total_of
from runs.web.frame import caller_of
from runs.web.groups import GroupTable, group_table
from runs.web.headings import Heading, heading_of
from runs.web.rows import draw_rows, look_of, marks_of
from runs.web.scope import DEPTH, Scope, columns_of, conditions_of, plan_of
from runs.web.selection import opened_of, pinned_of
from runs.web.spark import room_for

A_PAGE = 50
# How often a list asks again: while something runs, and while it waits for something new.
LIVE_S, IDLE_S = 4, 20
FILES = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}
# What the address says of the look of the page, which a file has not.
NOT_EXPORTED = ("cursor", "selected", "open", "pin", "view", "chart", "group", "in", "only", "version", DEPTH)


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
    count: Count | None = None
    next_url: str | None = None
    refusal: Invalid | None = None
    advice: list[Chip] = field(default_factory=list)
    live_s: int = IDLE_S
    numeric: frozenset[str] = frozenset()
    is_active: bool = False
    groups: GroupTable | None = None
    # The template that shows the rows: the table, or the table in groups.
    body: str = "runs/_table.html"
    may_write: bool = False
    # The ticked runs, and which runs are on this page at all.
    selected: list[str] = field(default_factory=list)
    here: frozenset[str] = frozenset()
    pinned: int = 1
    # What a change of many runs did just now, when no script showed it in place.
    report: dict[str, Any] | None = None

    @property
    def shaping(self) -> list[Chip]:
        """What shapes the list and leaves no run out."""
        return list(shaping_chips_of(self.address))

    @property
    def total(self) -> str:
        """How many runs there are, in words; nothing where counting took too long."""
        if self.count is None:
            return ""
        is_one = self.count.number == 1 and not self.count.is_more
        return f"{self.count} {'run' if is_one else 'runs'}"

    @property
    def panel(self) -> Panel:
        """The charts above the table."""
        return panel_of(self.address, self.scope)

    @property
    def is_first_page(self) -> bool:
        """Whether this is where the list begins."""
        return not self.address.get("cursor")

    @property
    def is_narrowed(self) -> bool:
        """Whether some condition leaves runs out."""
        others = any(self.address.get(name) for name in ("q", "filter", "parent"))
        return bool(self.chips) or others or self.is_mine or self.is_only_selected

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
    def is_only_selected(self) -> bool:
        """Whether just the ticked runs are shown."""
        return is_only_selected(self.address.query)

    @property
    def only_url(self) -> str:
        """The same with just the ticked runs, or with all."""
        return self.address.having(only=None if self.is_only_selected else "selected")

    @property
    def none_url(self) -> str:
        """The same with nothing ticked."""
        return self.address.dropping_all("selected", "only")

    @property
    def here_url(self) -> str:
        """This very page, its cursor too."""
        text = self.address.query.urlencode()
        return f"{self.address.path}?{text}" if text else self.address.path

    @property
    def shows_archive(self) -> bool:
        """Whether these runs lie in the archive."""
        return self.address.get("archived") == "true"

    @property
    def archive_url(self) -> str:
        """The same of the archive, or of what is not in it."""
        return self.address.having(archived=None if self.shows_archive else "true")

    @property
    def selected_elsewhere(self) -> list[str]:
        """The ticked runs that are not on this page."""
        return [name for name in self.selected if name not in self.here]

    @property
    def at(self) -> str:
        """This list without its ticks: where a change of many runs comes back to, and what "all" means."""
        return self.address.dropping_all("selected")

    @property
    def columns_url(self) -> str:
        """Where the columns are chosen."""
        return self._dialog_url("columns", columns=columns_text(self.columns))

    @property
    def filter_url(self) -> str:
        """Where a filter is added."""
        return self._dialog_url("filter_add")

    @property
    def complete_url(self) -> str:
        """What may follow in the filter is asked there."""
        return reverse("filter_complete", args=[self.scope.workspace.name])

    @property
    def group_url(self) -> str:
        """Where it is chosen what to group by."""
        return self._dialog_url("group_by")

    def _dialog_url(self, name: str, **changes: str) -> str:
        query = self.address.query.copy()
        for key, value in {"at": self.address.path, **changes}.items():
            query[key] = value
        return f"{reverse(name, args=[self.scope.workspace.name])}?{query.urlencode()}"

    @cached_property
    def query(self) -> Query | None:
        """What is asked, for scripts; None while it cannot be read, or speaks of ticked runs."""
        try:
            asked = query_of(self.scope, self.address.query, tuple(self.sort))
        except Invalid:
            return None
        return None if self.is_only_selected else asked

    @property
    def python(self) -> str:
        """The query as Python."""
        return python_of(self.query) if self.query else ""

    @property
    def command(self) -> str:
        """The query as a command."""
        return command_of(self.query) if self.query else ""

    def export_urls(self) -> Iterator[tuple[str, str]]:
        """Where this list, all its pages, is a file: by the words for its kind."""
        query = self.address.query.copy()
        chosen = self.selected if self.is_only_selected else []
        for name in (*NOT_EXPORTED, *(["experiment"] if self.scope.experiment else [])):
            query.pop(name, None)
        query["columns"] = columns_text(self.columns)
        if self.scope.experiment:
            query["experiment"] = self.scope.experiment.name
        for name, value in self.scope.narrowing.items():
            query[name] = value
        query.setlist("selected", chosen)
        path = reverse("export", args=[self.scope.workspace.name])
        for kind, label in FILES.items():
            query["format"] = kind
            yield label, f"{path}?{query.urlencode()}"

    @property
    def caret(self) -> str:
        """The text before the place of a mistake, in blanks: a mark set after it stands under the place."""
        position = self.refusal.position if self.refusal else None
        return "" if position is None else " " * position

    def narrowed(self) -> Iterator[tuple[str, str]]:
        """What a click on a cell keeps when it adds its condition."""
        return self.address.pairs("open")

    def hidden(self) -> Iterator[tuple[str, str]]:
        """What the search form keeps."""
        return self.address.pairs("q", "filter")


def run_list(request: HttpRequest, scope: Scope) -> RunList:
    """The list for this address. A mistake in it is told in the list, which is then empty."""
    address, caller = Address.of(request), caller_of(request)
    made = RunList(address, scope, chips=list(chips_of(address)), pinned=pinned_of(address.query))
    made.report = kept_report(request, scope.workspace)
    try:
        made.selected = selected_of(address.query)
        made.may_write = allows(caller, scope.workspace, "write")
        made.columns = columns_of(scope, address.get("columns"))
        made.sort = parse_sort(address.get("sort"))
        wanted = MOST_RUNS if address.get("group") else PAGE
        plan = plan_of(scope, caller, request.GET, made.sort, made.columns, wanted=wanted)
        if address.get("group"):
            _group(made, plan)
        else:
            _fill(made, plan)
        _count(made, plan)
        _live(made)
        if not made.row_count and made.is_narrowed:
            made.advice = advice_of(address, made.chips, lambda urls: _which_find(urls, scope, plan))
    except Invalid as refusal:
        made.refusal = refusal
    made.headings = [heading_of(column, address, made.sort, made.numeric) for column in made.columns]
    return made


def _fill(made: RunList, plan: Plan) -> None:
    """The rows of the page."""
    address = made.address
    page = page_of(
        plan,
        sort=made.sort,
        columns=made.columns,
        cursor=address.get("cursor"),
        limit=A_PAGE,
        opened=opened_of(address.query),
    )
    rows = page.all_rows
    look = look_of(
        made.scope.workspace,
        made.columns,
        rows,
        now=timezone.now(),
        may_write=made.may_write,
        room_bytes=room_for(len(made.here_url)),
    )
    marks = marks_of(address, rows, page.below)
    made.numeric = look.numeric
    made.rows, made.row_count = draw_rows(made.columns, page.rows, look, marks), len(page.rows)
    _note(made, rows)
    if page.next_cursor:
        made.next_url = address.having(cursor=page.next_cursor)


def _group(made: RunList, plan: Plan) -> None:
    """The groups instead of the rows."""
    by = parse_group(made.address.get("group"))
    made.groups = group_table(
        plan, by, made.address, made.scope, made.columns, made.sort, may_write=made.may_write
    )
    made.body, made.row_count = "runs/_groups.html", len(made.groups.rows)
    made.numeric = frozenset(column.key for column in made.columns if is_number(column))
    _note(made, made.groups.shown)


def _note(made: RunList, rows: Iterable[RunRow]) -> None:
    """Which runs are on the page, and whether one of them may still change."""
    made.here = frozenset(row.run.public_id for row in rows)
    made.is_active = any(show.is_active(row.run.status) for row in rows)


def _count(made: RunList, plan: Plan) -> None:
    """The counters leave the chosen statuses out of account, so that one can change to another."""
    if made.address.query.getlist("status"):
        others = made.address.query.copy()
        del others["status"]
        plan = plan_again(plan, conditions_of(made.scope, others))
    counts = status_counts(plan)
    if counts is not None:
        made.counters = list(counters_of(made.address, counts))
        made.count = total_of(made.address, counts)


def _live(made: RunList) -> None:
    """How soon something may have changed."""
    active = made.is_active or any(show.is_active(counter.status) for counter in made.counters)
    made.live_s = LIVE_S if active else IDLE_S


def _which_find(urls: list[str], scope: Scope, plan: Plan) -> list[bool]:
    """Which of these addresses, each with a condition less than the list's, find any run."""
    asked = [QueryDict(url.partition("?")[2]) for url in urls]
    return which_find([plan_again(plan, conditions_of(scope, each)) for each in asked])

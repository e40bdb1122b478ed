"""The list in groups: a head for each group with its mean values, and below an open one its runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from runs.errors import Invalid
from runs.query.columns import Column, Sort
from runs.query.fields import Field, Source
from runs.query.filters import key_condition
from runs.query.grammar import parse
from runs.query.groups import Group, Groups, Spread, condition_of, group_runs, open_groups
from runs.query.nodes import all_of, to_text
from runs.query.planner import Plan
from runs.query.runs import RunPage, RunRow
from runs.web import show
from runs.web.address import Address
from runs.web.chips import KEYED, SIMPLE
from runs.web.rows import LEADING, Marks, draw_rows, look_of, marks_of
from runs.web.scope import Scope
from runs.web.selection import opened_of
from runs.web.spark import ROOM_BYTES

MOST_OPEN = 5
A_GROUP = 20


@dataclass(frozen=True)
class GroupRow:
    """A group on the page: its words, its values, and where it leads."""

    label: SafeString
    count: int
    narrow_url: str
    open_url: str
    is_open: bool
    cells: SafeString
    key: str
    rows: SafeString = field(default_factory=SafeString)
    row_count: int = 0

    @property
    def left(self) -> int:
        """How many of its runs are not shown."""
        return self.count - self.row_count


@dataclass(frozen=True)
class GroupTable:
    """All groups of a page, and what to say of them."""

    found: Groups
    rows: list[GroupRow]
    # The runs that are shown in open groups, children included.
    shown: list[RunRow]

    @property
    def note(self) -> str:
        """What is not shown, in words."""
        said = []
        if self.found.is_more:
            said.append(f"over the newest {self.found.run_count:,} runs; there are more")
        if self.found.group_count > len(self.rows):
            said.append(f"{len(self.rows):,} of {self.found.group_count:,} groups")
        return ", ".join(said)

    @property
    def width(self) -> int:
        """How many columns stand before the first one of the list."""
        return LEADING


def group_table(
    plan: Plan,
    by: Field,
    address: Address,
    scope: Scope,
    columns: Sequence[Column],
    sort: Sequence[Sort],
    *,
    may_write: bool,
) -> GroupTable:
    """The groups of these runs; those named by `in` are open, at most five."""
    found = group_runs(plan, by, columns, sort)
    asked = set(address.query.getlist("in")[:MOST_OPEN])
    is_open = [group for group in found.rows if _key(group) in asked]
    opened = opened_of(address.query)
    first = open_groups(plan, is_open, sort=sort, columns=columns, limit=A_GROUP, opened=opened)
    pages = {_key(group): page for group, page in zip(is_open, first, strict=True)}
    shown = [row for page in pages.values() for row in page.all_rows]
    marks = marks_of(address, shown)
    rows = []
    for group in found.rows:
        key = _key(group)
        page = pages.get(key)
        rows.append(
            GroupRow(
                _label(by, group),
                group.count,
                narrowed(address, by, group),
                address.toggling("in", key),
                page is not None,
                mark_safe("".join(_cells(group, columns))),  # noqa: S308, numbers
                key,
                _drawn(page, scope, columns, marks, may_write=may_write) if page else SafeString(),
                len(page.rows) if page else 0,
            )
        )
    return GroupTable(found, rows, shown)


def _drawn(
    page: RunPage, scope: Scope, columns: Sequence[Column], marks: Marks, *, may_write: bool
) -> SafeString:
    """The runs of a group, drawn as the list draws them."""
    look = look_of(
        scope.workspace,
        columns,
        page.all_rows,
        now=timezone.now(),
        may_write=may_write,
        room_bytes=ROOM_BYTES // MOST_OPEN,
    )
    return draw_rows(columns, page.rows, look, replace(marks, below=page.below))


def narrowed(address: Address, by: Field, group: Group) -> str:
    """The list of the group's runs alone: a chip more where a chip can say it, else a longer filter."""
    query = address.query.copy()
    for name in ("group", "in", "cursor"):
        query.pop(name, None)
    simple = _simple(by, group.value)
    if simple is not None:
        query.setlist(
            simple[0], [*(v for v in query.getlist(simple[0]) if by.source != Source.ATTRIBUTE), simple[1]]
        )
    else:
        condition = condition_of(by, group.value, has_field=group.has_field)
        query["filter"] = to_text(all_of([parse(query.get("filter", "")), condition]))
    return Address(address.path, query).having()


def _simple(by: Field, value: str | None) -> tuple[str, str] | None:
    """The parameter that says the same in fewer words, where there is one."""
    if value is None:
        return None
    if by.source == Source.ATTRIBUTE:
        return SIMPLE[by.key], value
    text = f"{by.key}={value}"
    try:
        is_same = key_condition(by.source, text) == condition_of(by, value, has_field=True)
    except Invalid:
        return None
    return (KEYED[by.source], text) if is_same else None


def _key(group: Group) -> str:
    """The group's name in an address."""
    if group.value is not None:
        return f"={group.value}"
    return "bare" if group.has_field else "none"


def _label(by: Field, group: Group) -> SafeString:
    if group.value is None:
        words = (
            f"no value, only the key {by.key}" if group.has_field else f"without {by.key.replace('_', ' ')}"
        )
        return format_html('<span class="dim">{}</span>', words)
    if by.key == "status" and by.source == Source.ATTRIBUTE:
        return show.status(group.value)
    return format_html('<bdi title="{}">{}</bdi>', group.value[:500], show.clipped(group.value, 60))


def _cells(group: Group, columns: Sequence[Column]) -> Iterator[str]:
    """A cell for each column but the first, which the group's name takes."""
    for column in columns[1:]:
        spread = group.spreads.get(column.key)
        yield format_html('<td class="num">{}</td>', _spread(spread, column)) if spread else "<td></td>"


def _spread(spread: Spread, column: Column) -> SafeString:
    """Mean and deviation, short; exact and with n on hover."""
    is_time = column.key == "duration"
    say = show.duration if is_time else show.shortened
    exact = f"mean {show.exactly(spread.mean)} of {spread.n:,} {'run' if spread.n == 1 else 'runs'}"
    if spread.deviation is None:
        return format_html('<span title="{}">{}</span>', exact, say(spread.mean))
    exact += f", standard deviation {show.exactly(spread.deviation)}"
    return format_html(
        '<span title="{}">{} <span class="dim">± {}</span></span>',
        exact,
        say(spread.mean),
        say(spread.deviation),
    )

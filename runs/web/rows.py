"""The rows of a list of runs, with the children of opened runs below them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from runs.limits import number_of
from runs.models import Workspace
from runs.query.columns import Column
from runs.query.fields import Source
from runs.query.runs import RunRow
from runs.query.selection import selected_of
from runs.web.address import Address
from runs.web.cells import Look, render_cell
from runs.web.filled import escaped
from runs.web.selection import CHILDREN, opened_of
from runs.web.spark import ROOM_BYTES, parts_for

# Columns before the first: the checkbox and the star.
LEADING = 2


@dataclass(frozen=True)
class Marks:
    """What is true of single rows: ticked, starred, opened, and the children of the opened ones."""

    address: Address
    selected: frozenset[str] = frozenset()
    starred: frozenset[int] = frozenset()
    opened: Mapping[str, int] = field(default_factory=dict)
    below: Mapping[int, Sequence[RunRow]] = field(default_factory=dict)


def marks_of(
    address: Address,
    rows: Iterable[RunRow],
    below: Mapping[int, Sequence[RunRow]] | None = None,
) -> Marks:
    """What the address says of these rows, and their stars."""
    return Marks(
        address,
        frozenset(selected_of(address.query)),
        frozenset(row.run.pk for row in rows if row.is_starred),
        opened_of(address.query),
        below or {},
    )


def look_of(
    workspace: Workspace,
    columns: Sequence[Column],
    rows: Iterable[RunRow],
    *,
    now: datetime,
    may_write: bool = False,
    room_bytes: int = ROOM_BYTES,
) -> Look:
    """What these rows have in common. A column of text is numeric when every value it shows is a number."""
    rows = list(rows)
    numeric = {column.key for column in columns if column.is_number}
    for column in columns:
        texts = [row.cells[column.key] for row in rows if column.key in row.cells]
        is_text = column.field is not None and column.field.source != Source.METRIC
        if is_text and texts and all(isinstance(t, str) and number_of(t) is not None for t in texts):
            numeric.add(column.key)
    return Look(
        workspace.name,
        now,
        frozenset(numeric),
        reverse("runs", args=[workspace.name]),
        may_write=may_write,
        parts=parts_for(columns, rows, room_bytes),
    )


def draw_rows(columns: Sequence[Column], rows: Sequence[RunRow], look: Look, marks: Marks) -> SafeString:
    """All rows of the table, children of opened runs included. `data-id` lets a refresh find each again."""
    drawn = [part for row in rows for part in _drawn(columns, row, look, marks, 0)]
    return mark_safe("".join(drawn))  # noqa: S308, made of escaped cells


def _drawn(columns: Sequence[Column], row: RunRow, look: Look, marks: Marks, depth: int) -> Iterator[str]:
    run = row.run
    name, is_open = escaped(run.public_id), run.public_id in marks.opened
    toggle = ""
    if run.child_count:
        toggle = escaped(marks.address.toggling_open(run.public_id, is_open=is_open))
    here = replace(look, depth=depth, toggle=toggle, is_open=is_open) if depth or toggle else look
    ticked = " checked" if run.public_id in marks.selected else ""
    is_starred = "true" if run.pk in marks.starred else "false"
    # A run may stand in the list by itself and below its parent as well.
    nested = f' class="nested d{min(depth, 8)}" data-key="{"+" * depth}{name}"' if depth else ""
    label = escaped(f"{run.display_name[:60]}")
    yield f'<tr data-id="{name}"{nested}>'
    yield (
        f'<td class="pick"><input type="checkbox" form="bulk" name="selected" value="{name}"'
        f' aria-label="Select {label}"{ticked}></td>'
        f'<td class="fav"><button form="star-{"off" if is_starred == "true" else "on"}" name="id" value="{name}"'
        f' aria-pressed="{is_starred}" aria-label="Star {label}">'
        '<svg class="i"><use href="#i-star"/></svg></button></td>'
    )
    yield "".join(render_cell(column, row, here) for column in columns)
    yield "</tr>"
    if is_open:
        yield from _children(columns, row, look, marks, depth + 1)


def _children(
    columns: Sequence[Column], parent: RunRow, look: Look, marks: Marks, depth: int
) -> Iterator[str]:
    run = parent.run
    rows = marks.below.get(run.pk, ())
    shown = marks.opened[run.public_id]
    for row in rows[:shown]:
        yield from _drawn(columns, row, look, marks, depth)
    if len(rows) <= shown:
        return
    more = next((count for count in CHILDREN if count > shown), None)
    if more:
        url, words = marks.address.opening(run.public_id, more), "Show more children"
        extra = " data-swap"
    else:
        url, words, extra = f"{look.run_path(run.public_id)}children/", "All children on their own page", ""
    yield (
        f'<tr class="more d{min(depth, 8)}" data-key="more {escaped(run.public_id)}">'
        f'<td colspan="{len(columns) + LEADING}"><a class="link" href="{escaped(url)}"{extra}>{words}</a>'
        f' <span class="dim">{shown:,} of {run.child_count:,}</span></td></tr>'
    )

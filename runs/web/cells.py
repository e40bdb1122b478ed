"""The cells of a list of runs, drawn by functions: a template takes ten times as long for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from runs.limits import number_of
from runs.models import Run
from runs.query.cells import Cell
from runs.query.columns import Column
from runs.query.fields import Source
from runs.query.runs import RunRow
from runs.web import show

MOST_TAGS = 4


@dataclass(frozen=True)
class Look:
    """What the cells of one page have in common."""

    workspace: str
    now: datetime
    # Columns aligned to the right: their numbers stand under each other.
    numeric: frozenset[str] = frozenset()
    # The parts of addresses that every row repeats.
    runs_path: str = field(default="")

    def run_path(self, public_id: str) -> str:
        """The address of a run's page."""
        return f"{self.runs_path}{quote(public_id, safe='')}/"


def look_of(workspace: str, columns: Sequence[Column], rows: Sequence[RunRow], now: datetime) -> Look:
    """What these rows have in common. A column of text is numeric when every value it shows is a number."""
    numeric = {column.key for column in columns if column.is_number}
    for column in columns:
        texts = [row.cells[column.key] for row in rows if column.key in row.cells]
        is_text = column.field is not None and column.field.source != Source.METRIC
        if is_text and texts and all(isinstance(t, str) and number_of(t) is not None for t in texts):
            numeric.add(column.key)
    return Look(workspace, now, frozenset(numeric), reverse("runs", args=[workspace]))


def draw_rows(columns: Sequence[Column], rows: Sequence[RunRow], look: Look) -> SafeString:
    """All rows of the table. `data-key` lets a refresh find each again."""
    drawn = [
        f'<tr data-key="{escape(row.run.public_id)}">'
        + "".join(render_cell(column, row, look) for column in columns)
        + "</tr>"
        for row in rows
    ]
    return mark_safe("".join(drawn))  # noqa: S308, made of escaped cells


def render_cell(column: Column, row: RunRow, look: Look) -> SafeString:
    """One cell with its `td`."""
    draw = _BUILT_IN.get(column.key)
    content = draw(row, look) if draw is not None else _value(row.cells.get(column.key))
    kind = _CLASSES.get(column.key, "num" if column.key in look.numeric else "text")
    return format_html('<td class="{}">{}</td>', kind, content)


def _value(cell: Cell) -> SafeString:
    if isinstance(cell, str):
        short = show.clipped(cell, 80)
        return (
            escape(short) if short == cell else format_html('<span title="{}">{}</span>', cell[:500], short)
        )
    return show.number(cell)


def _name(row: RunRow, look: Look) -> SafeString:
    run = row.run
    path = look.run_path(run.public_id)
    below = mark_safe("")
    if run.child_count:
        word = "child" if run.child_count == 1 else "children"
        below = format_html(' <a class="n" href="{}children/">{} {}</a>', path, run.child_count, word)
    above = mark_safe("")
    if run.parent is not None:
        above = format_html(
            '<svg class="i dim" role="img" aria-label="child of {}"><use href="#i-tree"/></svg> ',
            run.parent.display_name,
        )
    name = show.clipped(run.display_name, 60)
    return format_html(
        '{}<a href="{}">{}</a> <span class="n">{}</span>{}', above, path, name, run.number, below
    )


def _status(row: RunRow, look: Look) -> SafeString:
    pill = show.status(row.run.status)
    reason = show.clipped(row.run.status_reason, 200)
    return format_html('<span title="{}">{}</span>', reason, pill) if reason else pill


def _link(path: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', path, show.clipped(text, 60))


def _experiment(row: RunRow, look: Look) -> SafeString:
    name = row.run.experiment.name
    return _link(reverse("experiment", args=[look.workspace, name]), name)


def _parent(row: RunRow, look: Look) -> SafeString:
    parent = row.run.parent
    return show.NOTHING if parent is None else _link(look.run_path(parent.public_id), parent.display_name)


def _children(row: RunRow, look: Look) -> SafeString:
    run = row.run
    if not run.child_count:
        return show.NOTHING
    return _link(f"{look.run_path(run.public_id)}children/", show.grouped(run.child_count))


def _created_by(row: RunRow, look: Look) -> SafeString:
    person = row.run.created_by
    return show.NOTHING if person is None else escape(person.username)


def _time(name: str) -> Callable[[RunRow, Look], SafeString]:
    return lambda row, look: show.moment(getattr(row.run, name), look.now)


def _text(read: Callable[[Run], str]) -> Callable[[RunRow, Look], SafeString]:
    return lambda row, look: _value(read(row.run)) if read(row.run) else show.NOTHING


_BUILT_IN: dict[str, Callable[[RunRow, Look], SafeString]] = {
    "name": _name,
    "number": lambda row, look: escape(row.run.number),
    "status": _status,
    "tags": lambda row, look: show.tags(row.tags, MOST_TAGS) if row.tags else show.NOTHING,
    "description": _text(lambda run: run.description),
    "created": _time("created_at"),
    "started": _time("started_at"),
    "ended": _time("ended_at"),
    "heartbeat": _time("heartbeat_at"),
    "duration": lambda row, look: show.lasting(row.run.started_at, row.run.ended_at, look.now),
    "created_by": _created_by,
    "target": _text(lambda run: run.target),
    "type": _text(lambda run: run.run_type),
    "experiment": _experiment,
    "id": lambda row, look: format_html('<span class="mono">{}</span>', row.run.public_id),
    "parent": _parent,
    "children": _children,
}
_CLASSES = {"name": "name", "description": "text dim", "number": "num", "status": "", "tags": "", "id": ""}

"""The cells of a list of runs, drawn by functions: a template takes ten times as long for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from runs.models import Run
from runs.query.cells import Cell
from runs.query.columns import Column
from runs.query.runs import RunRow
from runs.web import show
from runs.web.filled import escaped, filled
from runs.web.spark import spark

MOST_TAGS = 4
# Statuses, names and tags come again in row after row: each is drawn once while it is among so many drawn last.
MOST_DRAWN = 1024


@dataclass(frozen=True)
class Look:
    """What the cells of one page have in common."""

    workspace: str
    now: datetime
    # Columns aligned to the right: their numbers stand under each other.
    numeric: frozenset[str] = frozenset()
    # The parts of addresses that every row repeats.
    runs_path: str = ""
    may_write: bool = False
    # In how many parts the lines beside a metric's values are drawn, by column.
    parts: Mapping[str, int] = field(default_factory=dict)
    # Of the row that is drawn now: how deep it lies, and what opens or closes its children.
    depth: int = 0
    toggle: str = ""
    is_open: bool = False

    def run_path(self, public_id: str) -> str:
        """The address of a run's page."""
        return f"{self.runs_path}{quote(public_id, safe='')}/"


def narrowing(content: SafeString, name: str, value: str) -> SafeString:
    """The content as a button that narrows the list to what it says.

    The form around the table holds the rest of the address: a link would repeat it in every cell.
    """
    return filled('<button class="to" name="{}" value="{}">{}</button>', name, value, content)


def render_cell(column: Column, row: RunRow, look: Look) -> SafeString:
    """One cell with its `td`."""
    draw = _BUILT_IN.get(column.key)
    cell = row.cells.get(column.key)
    if draw is None and isinstance(cell, float) | (column.key in row.outlines):
        return _number(cell, row.outlines.get(column.key), look.parts.get(column.key, 0))
    content = draw(row, look) if draw is not None else _value(cell)
    kind = _CLASSES.get(column.key, "num" if column.key in look.numeric else "")
    opening = f'<td class="{kind}">' if kind else "<td>"
    return mark_safe(f"{opening}{escaped(content)}</td>")  # noqa: S308, the kind is a word of ours


def _number(cell: Cell, series: tuple[int, bytes] | None, parts: int) -> SafeString:
    """A number, or the word of one that is not finite; on hover exactly, with how many points the line stands for."""
    short, exact = (
        (show.shortened(cell), show.exactly(cell)) if isinstance(cell, float) else (str(cell), str(cell))
    )
    title, line = exact, ""
    if series and parts:
        title = f"{exact} ({series[0]:,} points)"
        line = spark(series[1], parts)
    said = f' title="{escaped(title)}"' if title != short else ""
    return mark_safe(f'<td class="num"{said}>{line}{escaped(short)}</td>')  # noqa: S308, numbers and escaped words


def _value(cell: Cell) -> SafeString:
    if isinstance(cell, str):
        short = show.clipped(cell, 80)
        return escaped(short) if short == cell else filled('<span title="{}">{}</span>', cell[:500], short)
    return show.number(cell)


def _name(row: RunRow, look: Look) -> SafeString:
    run = row.run
    name = show.clipped(run.display_name, 60)
    place = SafeString()
    if look.toggle:
        words = f"Children of {name}"
        place = mark_safe(  # noqa: S308, the address is escaped already
            f'<a class="tw" href="{look.toggle}" data-swap aria-expanded="{"true" if look.is_open else "false"}"'
            f' aria-label="{escaped(words)}"><svg class="i"><use href="#i-right"/></svg></a>'
        )
    above = mark_safe("")
    if look.depth:
        above = filled('<span class="unseen">level {}: </span>', look.depth + 1)
    elif run.parent is not None:
        above = filled(
            '<svg class="i dim" role="img" aria-label="child of {}"><use href="#i-tree"/></svg> ',
            run.parent.display_name,
        )
    below = mark_safe("")
    path = look.run_path(run.public_id)
    if run.child_count:
        word = "child" if run.child_count == 1 else "children"
        below = filled(' <a class="n" href="{}children/">{} {}</a>', path, run.child_count, word)
    return filled(
        '{}{}<a class="go" href="{}">{}</a> <span class="n">{}</span>{}',
        *(place, above, path, name, run.number, below),
    )


def _status(row: RunRow, look: Look) -> SafeString:
    pill = _status_button(row.run.status)
    reason = show.clipped(row.run.status_reason, 200)
    return filled('<span title="{}">{}</span>', reason, pill) if reason else pill


@lru_cache(MOST_DRAWN)
def _status_button(status: str) -> SafeString:
    return narrowing(show.status(status), "status", status)


@lru_cache(MOST_DRAWN)
def _word_button(name: str, word: str) -> SafeString:
    return narrowing(escaped(show.clipped(word, 60)), name, word)


@lru_cache(MOST_DRAWN)
def _tag_button(key: str, value: str | None) -> SafeString:
    return filled(
        '<button class="to tag" name="tag" value="{}"{}>{}</button>',
        f"{key}={value[:250]}" if value else key,
        *show.tag_parts(key, value),
    )


def _tags(row: RunRow, look: Look) -> SafeString:
    shown = list(row.tags.items())[:MOST_TAGS]
    drawn = [_tag_button(key, value) for key, value in shown]
    if len(row.tags) > MOST_TAGS:
        drawn.append(filled('<span class="dim">+{}</span>', len(row.tags) - MOST_TAGS))
    if look.may_write:
        drawn.append(
            filled(
                '<a class="pen" href="{}tags/" data-edit aria-label="Edit the tags of {}">'
                '<svg class="i"><use href="#i-{}"/></svg></a>',
                look.run_path(row.run.public_id),
                show.clipped(row.run.display_name, 60),
                "pen" if row.tags else "plus",
            )
        )
    return mark_safe("".join(drawn)) if drawn else show.NOTHING  # noqa: S308, each part is escaped


def _link(path: str, text: str) -> SafeString:
    return filled('<a href="{}">{}</a>', path, show.clipped(text, 60))


def _experiment(row: RunRow, look: Look) -> SafeString:
    return _word_button("experiment", row.run.experiment.name)


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
    if person is None:
        return show.NOTHING
    return narrowing(escaped(person.username), "submitted_by", person.username)


def _target(row: RunRow, look: Look) -> SafeString:
    target = row.run.target
    return narrowing(_value(target), "target", target) if target else show.NOTHING


def _time(name: str) -> Callable[[RunRow, Look], SafeString]:
    return lambda row, look: show.moment(getattr(row.run, name), look.now)


def _text(read: Callable[[Run], str]) -> Callable[[RunRow, Look], SafeString]:
    return lambda row, look: _value(read(row.run)) if read(row.run) else show.NOTHING


def _description(row: RunRow, look: Look) -> SafeString:
    text = show.excerpt(row.run.description_html, 120)
    return escaped(text) if text else show.NOTHING


_BUILT_IN: dict[str, Callable[[RunRow, Look], SafeString]] = {
    "name": _name,
    "number": lambda row, look: escaped(row.run.number),
    "status": _status,
    "tags": _tags,
    "description": _description,
    "created": _time("created_at"),
    "started": _time("started_at"),
    "ended": _time("ended_at"),
    "heartbeat": _time("heartbeat_at"),
    "duration": lambda row, look: show.lasting(row.run.started_at, row.run.ended_at, look.now),
    "created_by": _created_by,
    "target": _target,
    "type": _text(lambda run: run.run_type),
    "experiment": _experiment,
    "id": lambda row, look: filled('<span class="mono">{}</span>', row.run.public_id),
    "parent": _parent,
    "children": _children,
}
_CLASSES = {
    "name": "name",
    "description": "text dim",
    "number": "num",
    "status": "",
    "tags": "tagged",
    "id": "whole",
}

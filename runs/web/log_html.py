"""Lines of a log as HTML for the page and as plain values for its script. Every text is escaped here, once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.query.log_lines import Line
from runs.query.log_search import Pattern
from runs.web.ansi import PLAIN
from runs.web.log_text import Part, Shown, marked, shown

# A line without a text has one of no width that is never copied: a link beside nothing would be too small a target.
EMPTY = '<i class="blank">\u200b</i>'


@dataclass(frozen=True)
class Style:
    """How lines are shown. `line_url` ends where a line's number is to follow; `part_url` serves bytes of the file."""

    line_url: str
    part_url: str = ""
    encoding: str = "utf-8"
    pattern: Pattern | None = None
    is_timed: bool = False
    target: int | None = None
    hits: frozenset[int] = frozenset()


def _drawn(lines: Iterable[Line], style: Style) -> Iterator[tuple[Line, Shown, list[Part]]]:
    look = PLAIN
    for line in lines:
        found, look = shown(line, style.encoding, look)
        spans = style.pattern.spans(found.text) if style.pattern else []
        yield line, found, marked(found.parts, spans)


def html_of(lines: Iterable[Line], style: Style) -> SafeString:
    """The lines as items of a list."""
    return mark_safe("".join(_item(*drawn, style) for drawn in _drawn(lines, style)))  # noqa: S308, escaped below


def _item(line: Line, found: Shown, parts: list[Part], style: Style) -> str:
    names = [
        name
        for name, holds in (
            ("err", line.complained),
            ("target", line.number == style.target),
            ("is-found", line.number in style.hits),
        )
        if holds
    ]
    of_class = f' class="{" ".join(names)}"' if names else ""
    title = ' title="stderr"' if line.complained else ""
    link = f'<a href="{escape(style.line_url)}{line.number}#L{line.number}">{line.number}</a>'
    time = _time(line) if style.is_timed else ""
    said = '<b class="unseen">stderr: </b>' if line.complained else ""
    note = _cut(line, found, style) if found.left_out else "" if parts else EMPTY
    return f'<li id="L{line.number}"{of_class}{title}>{link}{time}<span>{said}{parts_html(parts)}{note}</span></li>'


def parts_html(parts: list[Part]) -> str:
    """The parts of a line, escaped."""
    return "".join(
        f'<i class="{escape(classes)}">{escape(text)}</i>' if classes else escape(text)
        for classes, text in parts
    )


def _time(line: Line) -> str:
    moment = moment_of(line)
    if moment is None:
        return "<time></time>"
    return f'<time datetime="{moment.isoformat()}" data-exact>{_clock(moment)}</time>'


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M:%S %Z}"


def moment_of(line: Line) -> datetime | None:
    """When the line was printed, where that is known."""
    try:
        return None if line.at_ms is None else datetime.fromtimestamp(line.at_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _cut(line: Line, found: Shown, style: Style) -> str:
    address = escape(part_url(style, line))
    link = f' <a href="{address}" download>Download this line</a>' if style.part_url else ""
    return f'<em class="cut"> … {escape(found.left_out)}.{link}</em>'


def part_url(style: Style, line: Line) -> str:
    """Where the bytes of this line are downloaded."""
    return f"{style.part_url}&{urlencode({'start': line.start, 'end': line.end})}"


def values_of(lines: Iterable[Line], style: Style) -> list[dict[str, Any]]:
    """The lines for a script, which puts them in as text: `n` number, `p` parts, `e` stderr, `t` time, `cut`."""
    values = []
    for line, found, parts in _drawn(lines, style):
        value: dict[str, Any] = {"n": line.number, "p": parts}
        if line.complained:
            value["e"] = 1
        if style.is_timed and (moment := moment_of(line)):
            value["t"] = [moment.isoformat(), _clock(moment)]
        if found.left_out:
            value |= {"cut": found.left_out, "url": part_url(style, line)}
        values.append(value)
    return values

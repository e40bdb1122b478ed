"""Differences as rows of a table, under one another or side by side. Every text is escaped here."""

from collections.abc import Callable, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from runs.query.differences import Hunk, Line, LineDifference, pairs_of
from runs.web.log_html import parts_html
from runs.web.log_text import marked_odd
from runs.web.show import grouped

LONGEST = 2000
_CLASSES = {"+": "came", "-": "went", " ": ""}
_WORDS = {"+": "added: ", "-": "removed: ", " ": ""}
_EMPTY = mark_safe('<td class="n"></td><td class="none"></td>')


def unified(found: LineDifference) -> SafeString:
    """One column: what went, then what came."""
    return _rows(found, 3, lambda hunk: (_line(line) for line in hunk.lines))


def side_by_side(found: LineDifference) -> SafeString:
    """Two columns: before at the left, after at the right."""
    return _rows(found, 4, lambda hunk: (_pair(left, right) for left, right in pairs_of(hunk)))


def _rows(found: LineDifference, columns: int, of: Callable[[Hunk], Iterator[SafeString]]) -> SafeString:
    def rows() -> Iterator[SafeString]:
        for hunk in found.hunks:
            if hunk.hidden:
                yield _gap(hunk.hidden, columns)
            yield from of(hunk)
        if found.hidden_after and found.hunks:
            yield _gap(found.hidden_after, columns)

    return format_html_join("", "{}", ((row,) for row in rows()))


def _gap(count: int, columns: int) -> SafeString:
    lines = "line" if count == 1 else "lines"
    return format_html(
        '<tr class="gap"><td colspan="{}">{} {} the same</td></tr>', columns, grouped(count), lines
    )


def _line(line: Line) -> SafeString:
    return format_html(
        '<tr class="{}"><td class="n">{}</td><td class="n">{}</td>{}</tr>',
        _CLASSES[line.sign],
        line.before or "",
        line.after or "",
        _code(line, line.sign),
    )


def _pair(left: Line | None, right: Line | None) -> SafeString:
    before = _half(left, left.before if left else None)
    return format_html("<tr>{}{}</tr>", before, _half(right, right.after if right else None))


def _half(line: Line | None, number: int | None) -> SafeString:
    if line is None:
        return _EMPTY
    return format_html(
        '<td class="n {}">{}</td>{}', _CLASSES[line.sign], number or "", _code(line, line.sign)
    )


def _code(line: Line, sign: str) -> SafeString:
    said = format_html('<b class="unseen">{}</b>', _WORDS[sign]) if sign != " " else ""
    cut = len(line.text) > LONGEST
    text = mark_safe(parts_html(list(marked_odd("", line.text[:LONGEST]))))  # noqa: S308, escaped by parts_html
    more = (
        format_html('<em class="cut"> … {} more characters</em>', grouped(len(line.text) - LONGEST))
        if cut
        else ""
    )
    return format_html(
        '<td class="code {}" data-sign="{}">{}{}{}</td>', _CLASSES[sign], sign, said, text, more
    )

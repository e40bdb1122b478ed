"""A text file in the viewer: a window of its lines, what was found in it, the way to the next place."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from runs.errors import Invalid
from runs.models import Artifact, Run
from runs.query.log_lines import TextFile, Window
from runs.query.log_search import CONTEXT_LINES, FIRST_ERROR, Found, Pattern, Search
from runs.query.log_stderr import StderrSearch
from runs.web import show
from runs.web.address import Address
from runs.web.log_html import Style, html_of

# Where in the file one looks, and what is looked for; the rest of an address says how.
PLACES = ("line", "from", "to", "at", "step")
CONTEXTS = (0, 2, 5, 10)
STDERR = "stderr"
ENCODINGS = {"latin-1": "cp1252", "utf-16": "utf-16-le"}


def number_of(query: QueryDict, name: str) -> int | None:
    """A line's number in the address, or None. Raises Invalid for what is no number."""
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise Invalid(f"{name} must be the number of a line, not {text[:40]!r}.", field=name)
    return int(text)


def pattern_of(query: QueryDict) -> Pattern | None:
    """What the address says to look for. Raises Invalid with where it is wrong."""
    text = query.get("grep", "")
    return Pattern(text, case=bool(query.get("case"))) if text else None


def search_of(opened: TextFile, query: QueryDict, pattern: Pattern | None) -> Search | None:
    """The search that the address asks for: for a pattern, among the lines of stderr alone, or both; else None."""
    if query.get(STDERR):
        return StderrSearch(opened, pattern)
    return Search(opened, pattern) if pattern is not None else None


def style_of(run: Run, file: Artifact, opened: TextFile, query: QueryDict, pattern: Pattern | None) -> Style:
    """How the lines are drawn: with links that keep everything the address says but the place."""
    kept = query.copy()
    for name in (*PLACES, "find", "after"):
        kept.pop(name, None)
    kept["file"] = file.path
    part = reverse("run_log_part", args=[run.workspace.name, run.public_id])
    return Style(
        line_url=f"?{kept.urlencode()}&line=",
        part_url=f"{part}?{urlencode({'file': file.path})}",
        encoding=ENCODINGS.get(query.get("text", ""), opened.encoding),
        pattern=pattern,
        is_timed=bool(query.get("times")),
        target=number_of(query, "line"),
    )


def window_of(file: TextFile, query: QueryDict) -> Window:
    """The lines that the address asks for: around `line`, `from` one on, up to one (`to`), or the last ones."""
    line, first, last = (number_of(query, name) for name in ("line", "from", "to"))
    if line is not None:
        return file.around(line)
    if first is not None:
        return file.from_line(first)
    return file.before_line(last + 1) if last is not None else file.end()


def text_facts(run: Run, file: Artifact, address: Address, *, follows: bool) -> dict[str, Any]:
    """What the viewer shows of a text file. A pattern that is wrong is told beside its field."""
    query, opened = address.query, TextFile(file)
    facts: dict[str, Any] = {"kind": "text", "grep": query.get("grep", ""), "case": bool(query.get("case"))}
    facts["contexts"] = CONTEXTS
    try:
        pattern = pattern_of(query)
    except Invalid as refusal:
        pattern, facts["mistake"] = None, refusal.message
    style = style_of(run, file, opened, query, pattern)
    facts |= _tools(address, style, query) | {
        "has_streams": file.is_log,
        "is_stderr": bool(query.get(STDERR)),
    }
    search = search_of(opened, query, pattern)
    if search is not None and not any(query.get(name) for name in ("line", "from", "to")):
        return facts | _results(opened, search, address, style)
    return facts | _lines(run, file, opened, address, style, follows=follows)


def _tools(address: Address, style: Style, query: QueryDict) -> dict[str, Any]:
    gone: dict[str, None] = dict.fromkeys(PLACES)
    looking = Address(address.path, QueryDict(style.line_url[1:].rpartition("&line=")[0]))
    calm: dict[str, str | None] = {"grep": None, "case": None, "context": None, STDERR: None}
    return {
        "grep_pairs": list(looking.pairs("grep", "case", "context")),
        "line_pairs": list(looking.pairs()),
        "top_url": looking.having(**calm, **{"from": "1"}),
        "end_url": looking.having(**calm),
        "clear_url": looking.having(**calm),
        "error_url": looking.having(
            **{**calm, "grep": FIRST_ERROR, "case": "1", "step": "next", "line": "0"}
        ),
        "stderr_url": looking.having(**{STDERR: None if query.get(STDERR) else "1", "context": None}),
        "wrap_url": address.having(wrap=None if query.get("wrap") else "1"),
        "times_url": address.having(times=None if query.get("times") else "1"),
        "latin_url": address.having(text="latin-1"),
        "utf8_url": address.having(text=None),
        "wraps": bool(query.get("wrap")),
        "timed": style.is_timed,
        "coding": query.get("text", ""),
        "first_error": FIRST_ERROR,
        "all_url": looking.having(**gone),
    }


def _lines(
    run: Run, file: Artifact, opened: TextFile, address: Address, style: Style, *, follows: bool
) -> dict[str, Any]:
    window = window_of(opened, address.query)
    asked = style.target
    gone: dict[str, None] = dict.fromkeys(PLACES)
    lines = reverse("run_log_lines", args=[run.workspace.name, run.public_id])
    names = ("grep", "case", "times", "text") if style.pattern else ("times", "text")
    kept = {name: address.query[name] for name in names if address.query.get(name)}
    html = html_of(window.lines, style)
    is_end = window.last >= window.total
    facts = {
        "window": window,
        "lines": html,
        "is_end": is_end,
        "follows": follows and is_end,
        "is_missing": asked if asked and asked > window.total else None,
        "is_odd": "\ufffd" in html and not address.query.get("text"),
        "lines_url": f"{lines}?{urlencode({'file': file.path, **kept})}",
        "line_url": style.line_url,
        "earlier_url": address.having(**{**gone, "to": str(window.first - 1)}) if window.first > 1 else None,
        "later_url": address.having(**{**gone, "from": str(window.last + 1)}) if not is_end else None,
        "version": file.key[:8],
    }
    if (style.pattern is not None or address.query.get(STDERR)) and asked:
        facts["next_url"] = address.having(step="next")
        facts["previous_url"] = address.having(step="previous")
    return facts


def _results(opened: TextFile, search: Search, address: Address, style: Style) -> dict[str, Any]:
    """The lines that were found, with those around them, and how far the search came."""
    start = number_of(address.query, "at") or 1
    context, usual = address.query.get("context", ""), 0 if address.query.get(STDERR) else CONTEXT_LINES
    around = int(context) if context in map(str, CONTEXTS) else usual
    found = search.forward(start)
    style = replace(style, hits=frozenset(found.numbers))
    passages = [html_of(passage.lines, style) for passage in search.passages(found, around)]
    next_line = opened.index.number_at(found.end) if found.end < opened.size else None
    return {
        "kind": "results",
        "context": str(around),
        "passages": passages,
        "hit_count": len(found.numbers),
        "searched": searched(found, opened.size),
        "go_on_url": address.having(at=str(next_line)) if next_line else None,
        "again_url": address.having(at=None) if start > 1 else None,
        "next_line": next_line,
        "line_url": style.line_url,
    }


def searched(found: Found, size: int) -> str:
    """Which part of the file was looked through, in words."""
    length = found.end - found.start
    if length >= size:
        return f"all {show.size(size)}"
    if found.start == 0:
        return f"the first {show.size(length)} of {show.size(size)}"
    if found.end >= size:
        return f"the last {show.size(length)} of {show.size(size)}"
    return f"{show.size(length)} of {show.size(size)}, from {show.size(found.start)} on"


@dataclass(frozen=True)
class Step:
    """Where a step to the next or previous match leads. Without a match: what is said, and how to go on looking."""

    url: str | None = None
    said: str = ""
    on_url: str | None = None


def step_of(opened: TextFile, address: Address) -> Step:
    """The step that the address asks for, from its line on."""
    query = address.query
    search, line = search_of(opened, query, pattern_of(query)), number_of(query, "line") or 0
    if search is None:
        raise Invalid("There is nothing to look for: write a pattern first.", field="grep")
    is_next = query.get("step") != "previous"
    found = search.forward(line + 1, most=1) if is_next else search.backward(max(1, line))
    if found.numbers:
        to = found.numbers[0]
        return Step(url=f"{address.having(step=None, line=str(to))}#L{to}")
    where = f"{'below' if is_next else 'above'} line {line:,}"
    if found.end >= opened.size if is_next else found.start == 0:
        return Step(said=f"No match {where}.")
    place = opened.index.number_at(found.end if is_next else found.start)
    said = f"No match in the {show.size(found.end - found.start)} {where}, as far as line {place:,}."
    return Step(said=said, on_url=address.having(line=str(place - 1 if is_next else place)))

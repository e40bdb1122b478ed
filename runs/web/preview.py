"""Files that are more than lines of text: tables, JSON, Markdown, source. Each preview is bounded and says so.

A preview that fails is no error: the sentence why stands above the file's plain text.
"""

import csv
import io
import json
import re
from typing import Any

from django.utils.safestring import mark_safe

from runs import safe_html, storage
from runs.highlight import highlighted, lexer_of
from runs.limits import DESCRIPTION_BYTES, number_of
from runs.line_index import encoding_of
from runs.models import Artifact
from runs.web import show
from runs.web.log_html import EMPTY, parts_html
from runs.web.log_text import Part, decoded, marked_odd, visible

TABLE_BYTES = 1024 * 1024
TABLE_ROWS = 200
TABLE_COLUMNS = 50
CELL_LENGTH = 200
JSON_BYTES = 512 * 1024
SPLIT_HEAD = 200
SPLIT_BYTES = 4 * 1024 * 1024
JSON_LINES = 5000
SOURCE_BYTES = 256 * 1024
PLAIN_LINES = 20_000
WORDS = {"table": "Table", "json": "JSON", "markdown": "Drawn", "source": "Source"}
_SPLIT = re.compile(r'\s*\{\s*"columns"\s*:\s*\[')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def kind_of(path: str) -> str | None:
    """What a text file of this name can be shown as, beside its plain lines."""
    name = path.rpartition("/")[2].lower()
    ending = name.rpartition(".")[2] if "." in name else ""
    known = {"csv": "table", "tsv": "table", "json": "json", "md": "markdown", "markdown": "markdown"}
    return known.get(ending) or ("source" if lexer_of(name) else None)


def word_of(kind: str | None, file: Artifact) -> str:
    """How the page calls this kind: JSON that begins as a table is one, unless `preview_facts` finds otherwise."""
    return WORDS.get("table" if kind == "json" and _begins_as_table(file) else kind or "", "")


def preview_facts(kind: str, file: Artifact) -> dict[str, Any]:
    """What the viewer shows of the file as this kind; only a `reason` where it cannot be shown so.

    `html` of Markdown is safe and not marked as such: its references are yet to be filled in.
    """
    return {"table": _table, "json": _json, "markdown": _markdown, "source": _source}[kind](file)


def _text(file: Artifact, most: int) -> str:
    content = storage.read(file.key, end=min(file.size, most))
    return decoded(content, encoding_of(content), at_start=True)


def _table(file: Artifact) -> dict[str, Any]:
    text = _text(file, TABLE_BYTES)
    first = text.partition("\n")[0]
    delimiter = "\t" if file.path.lower().endswith(".tsv") else max(",;\t|", key=first.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > TABLE_ROWS + 1:
                break
    except csv.Error as error:
        return {"reason": f"This file could not be read as a table: {error}. It is shown as text."}
    if not rows:
        return {"reason": "This file is empty."}
    is_cut = len(rows) > TABLE_ROWS + 1 or file.size > TABLE_BYTES
    if file.size > TABLE_BYTES and len(rows) <= TABLE_ROWS + 1:
        rows.pop()  # its end may be missing
    head, body = rows[0] if rows else [], rows[1 : TABLE_ROWS + 1]
    counted = f"The first {len(body)} rows" if is_cut else _counted(len(body), "row")
    return _table_facts(head, body, counted)


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _table_facts(head: list[str], body: list[list[str]], counted: str) -> dict[str, Any]:
    """A table of these rows, of which `counted` tells the number; a number of columns that fits on a page."""
    width = max(map(len, [head, *body]))
    across = _counted(width, "column")
    notes = [counted, f"the first {TABLE_COLUMNS} of {across}" if width > TABLE_COLUMNS else across]
    columns = range(min(width, TABLE_COLUMNS))
    return {
        "kind": "table",
        "head": [_cell(head, n, like=body[:1]) for n in columns],
        "rows": [[_cell(row, n, like=[row]) for n in columns] for row in body],
        "note": f"{', '.join(notes)}.",
    }


def _cell(row: list[str], place: int, *, like: list[list[str]]) -> dict[str, Any]:
    """A cell; aligned as a number where that of the row `like` is one."""
    text = row[place] if place < len(row) else ""
    number = like[0][place] if like and place < len(like[0]) else ""
    short = text if len(text) <= CELL_LENGTH else f"{text[:CELL_LENGTH]}…"
    return {"text": visible(short), "is_number": number_of(number[:50]) is not None}


def _json(file: Artifact) -> dict[str, Any]:
    found = _split_table(file) if _begins_as_table(file) else None
    return found or {"preview_word": WORDS["json"], **_laid_out(file)}


def _laid_out(file: Artifact) -> dict[str, Any]:
    if file.size > JSON_BYTES:
        return {"reason": f"Only JSON of up to {show.size(JSON_BYTES)} is laid out. It is shown as text."}
    text = _text(file, JSON_BYTES)
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        where = (
            f" in line {error.lineno:,}: {error.msg}"
            if isinstance(error, json.JSONDecodeError)
            else ": too deep"
        )
        return {"reason": f"This file is no valid JSON{where}. It is shown as text."}
    lines = laid_out(text)
    note = (
        f"The first {JSON_LINES:,} of {len(lines):,} lines."
        if len(lines) > JSON_LINES
        else "Laid out by the studio."
    )
    return _lines_facts(lines[:JSON_LINES], note)


def _begins_as_table(file: Artifact) -> bool:
    """Whether it may be one that MLflow's `log_table` or pandas' `to_json(orient="split")` wrote."""
    return file.size <= SPLIT_BYTES and _SPLIT.match(_text(file, SPLIT_HEAD)) is not None


def _split_table(file: Artifact) -> dict[str, Any] | None:
    """The table of such a file; None where it turns out to be something else."""
    try:
        sent = json.loads(_text(file, SPLIT_BYTES), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    names, data = sent.get("columns"), sent.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not names:
        return None
    if not all(isinstance(row, list) for row in data):
        return None
    body = [[_written(value) for value in row] for row in data[:TABLE_ROWS]]
    counted = _counted(len(data), "row")
    counted = counted if len(data) <= TABLE_ROWS else f"The first {TABLE_ROWS} of {counted}"
    return _table_facts([_written(name) for name in names], body, counted)


def _written(value: Any) -> str:
    """A value of JSON, whose numbers were read as texts, in a cell; null leaves it empty."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def laid_out(text: str) -> list[list[Part]]:
    """Valid JSON with a line for each member; every number and every repeated name as it was written."""
    lines: list[list[Part]] = [[]]
    depth, before = 0, ""

    def go_on(to: int) -> None:
        lines.append([("", "  " * to)] if to else [])

    tokens = _TOKEN.findall(text)
    for sign, after in zip(tokens, [*tokens[1:], ""], strict=True):
        if sign in "]}":
            depth -= 1
            if before not in "[{":
                go_on(depth)
        lines[-1].append((_class_of(sign, after), sign))
        if sign in "[{":
            depth += 1
            if after not in "]}":
                go_on(depth)
        elif sign == ",":
            go_on(depth)
        elif sign == ":":
            lines[-1].append(("", " "))
        before = sign
    return lines


def _class_of(sign: str, after: str) -> str:
    if sign[0] == '"':
        return "hl-nt" if after == ":" else "hl-s2"
    if sign in ("true", "false", "null", "NaN", "Infinity", "-Infinity"):
        return "hl-kc"
    return "hl-mi" if sign[0] in "-0123456789" else ""


def _markdown(file: Artifact) -> dict[str, Any]:
    if file.size > DESCRIPTION_BYTES:
        return {
            "reason": f"Only Markdown of up to {show.size(DESCRIPTION_BYTES)} is drawn. It is shown as text."
        }
    return {"kind": "markdown", "html": safe_html.render(_text(file, DESCRIPTION_BYTES)), "note": ""}


def _source(file: Artifact) -> dict[str, Any]:
    if file.size > SOURCE_BYTES:
        return {"reason": f"Only source of up to {show.size(SOURCE_BYTES)} is coloured. It is shown as text."}
    lines = highlighted(file.path, _text(file, SOURCE_BYTES))
    if lines is None:
        return {"reason": "Its colours could not be worked out in time. It is shown as text."}
    return _lines_facts(lines, "")


def plain_facts(file: Artifact) -> dict[str, Any]:
    """The file's first lines as they are, for those who show no log."""
    content = storage.read(file.key, end=min(file.size, SOURCE_BYTES))
    lines = decoded(content, encoding_of(content), at_start=True).split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    is_cut = file.size > SOURCE_BYTES
    note = (
        f"The first {show.size(SOURCE_BYTES)} of {show.size(file.size)}; the download has it all."
        if is_cut
        else ""
    )
    return _lines_facts([[("", line.removesuffix("\r"))] for line in lines[:PLAIN_LINES]], note)


def _lines_facts(lines: list[list[Part]], note: str) -> dict[str, Any]:
    html = [
        f'<li id="L{n}"><a href="#L{n}">{n}</a><span>'
        + (parts_html([odd for classes, text in line for odd in marked_odd(classes, text)]) or EMPTY)
        + "</span></li>"
        for n, line in enumerate(lines, 1)
    ]
    return {"kind": "source", "lines": mark_safe("".join(html)), "note": note}  # noqa: S308, escaped by parts_html

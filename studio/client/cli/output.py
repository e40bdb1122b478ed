"""How results are printed: as JSON, a table, tab-separated text, YAML or not at all."""

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.client.cli.query import Query
from studio.client.errors import UserErrorException
from studio.client.notices import warn

Row = dict[str, Any]
# What would move the cursor, ring or change the terminal; runs may hold such text.
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
# JSON escapes the first 32 by itself.
JSON_CONTROLS = {code: f"\\u{code:04x}" for code in range(127, 160)}
_KEY = re.compile(r'^(\s*)("(?:[^"\\]|\\.)*")(:)', re.MULTILINE)
_VALUE = re.compile(r'("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)(,?)$', re.MULTILINE)


def show(
    found: Any,
    arguments: argparse.Namespace,
    columns: Sequence[str] = (),
    *,
    said: str | None = None,
    rows: list[Row] | None = None,
) -> int:
    """Print a result, narrowed by the query if there is one, and return 0.

    `columns`: those of a table when no query chooses. `said`: what is printed when nobody asks for a format.
    `rows`: what a table shows in place of `found`.
    """
    _copy(found, arguments.output_metadata_file)
    query: Query | None = arguments.query
    if said is not None and arguments.output is None and query is None:
        print(said.translate(CONTROLS))
        return 0
    if query is not None:
        found, columns, rows = query.of(found), (), None
    _print(found, arguments.output or "json", columns, rows)
    return 0


def _print(found: Any, form: str, columns: Sequence[str], rows: list[Row] | None) -> None:
    if form in ("json", "jsonc"):
        text = json.dumps(found, indent=2, ensure_ascii=False).translate(JSON_CONTROLS)
        print(coloured(text) if form == "jsonc" and has_colours() else text)
    elif form in ("yaml", "yamlc"):
        print(_yaml(found), end="")
    elif form == "tsv":
        for row in as_rows(found, columns) if rows is None else rows:
            print("\t".join(as_text(value) for value in row.values()))
    elif form == "table":
        print_table(as_rows(found, columns) if rows is None else rows)


def _yaml(found: Any) -> str:
    try:
        import yaml
    except ImportError:
        raise UserErrorException("-o yaml needs PyYAML: install it with `pip install PyYAML`.") from None
    return str(yaml.safe_dump(found, sort_keys=False, allow_unicode=True))


def check_copy(path: str | None) -> None:
    """Refuse, before anything is done, a file for the result that is there or cannot be written."""
    if path is None:
        return
    if Path(path).exists():
        raise UserErrorException(f"Specified output file {path} already exists.")
    if not Path(path).absolute().parent.is_dir():
        raise UserErrorException(f"There is no folder {Path(path).absolute().parent} to write {path} in.")


def _copy(found: Any, path: str | None) -> None:
    if path is None:
        return
    try:
        with Path(path).open("x", encoding="utf-8") as copy:
            copy.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    except OSError as problem:
        raise UserErrorException(f"{path} cannot be written: {problem.strerror}.") from None


def has_colours() -> bool:
    """Whether the one who reads is at a terminal and wants colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def coloured(text: str) -> str:
    """Return JSON with its keys and values in colours."""
    text = _VALUE.sub("\x1b[32m\\1\x1b[0m\\2", text)
    return _KEY.sub("\\1\x1b[34m\\2\x1b[0m\\3", text)


def as_rows(found: Any, columns: Sequence[str]) -> list[Row]:
    """Return the result as rows; without columns, those of all keys that hold single values."""
    if found is None:
        return []
    items = found if isinstance(found, list) else [found]
    if columns:
        return [{name: item.get(name) for name in columns} for item in items]
    rows = [item if isinstance(item, dict) else _row_of(item) for item in items]
    keys = dict.fromkeys(
        key for row in rows for key, value in row.items() if not isinstance(value, dict | list)
    )
    return [{key: row.get(key) for key in keys} for row in rows]


def _row_of(item: Any) -> Row:
    """A query may give lists of values, which have no names."""
    values = item if isinstance(item, list) else [item]
    return {f"Column{place}": value for place, value in enumerate(values, 1)}


def as_text(value: Any) -> str:
    """Return one cell, on one line."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False).translate(JSON_CONTROLS)
    return one_line(str(value))


def one_line(text: str) -> str:
    """Return text on one line, with nothing in it that would change a terminal."""
    return " ".join(text.split()).translate(CONTROLS)


def _cell(value: Any) -> str:
    """A table is for people, who want no more digits than they can compare."""
    return f"{value:.6g}" if isinstance(value, float) else as_text(value)


def print_table(rows: list[Row]) -> None:
    """Print columns under their names, cut to the width of the terminal where there is one."""
    if not rows:
        if sys.stdout.isatty():
            warn("Nothing was found.")
        return
    names = list(rows[0])
    table = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(names))]
    table.insert(1, ["-" * width for width in widths])
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()[:room])

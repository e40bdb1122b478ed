"""How results are printed: as JSON, a table, tab-separated text or YAML, narrowed by a JMESPath query."""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from studio.client.errors import UserErrorException
from studio.client.workspace import Workspace

FORMATS = ("json", "table", "tsv", "yaml")
Row = dict[str, Any]


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what every command that prints results takes."""
    parser.add_argument(
        "-w", "--workspace-name", metavar="NAME", help="the workspace, if not the configured one"
    )
    parser.add_argument(
        "--query", metavar="JMESPATH", help="what to print of the result, as a JMESPath expression"
    )
    parser.add_argument("-o", "--output", choices=FORMATS, default="json", help="the format (default: json)")


def workspace_of(arguments: argparse.Namespace) -> Workspace:
    """Return the workspace that the command is about."""
    return Workspace.from_config(workspace=arguments.workspace_name)


def show(found: Any, arguments: argparse.Namespace, columns: Sequence[str] = ()) -> int:
    """Print a result. `columns`: those of a table when no query chooses."""
    if arguments.query:
        found, columns = query(arguments.query, found), ()
    if arguments.output == "json":
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif arguments.output == "yaml":
        import yaml

        print(yaml.safe_dump(found, sort_keys=False, allow_unicode=True), end="")
    elif arguments.output == "tsv":
        for row in as_rows(found, columns):
            print("\t".join(as_text(value) for value in row.values()))
    else:
        print_table(as_rows(found, columns))
    return 0


def query(expression: str, found: Any) -> Any:
    """Return what the expression finds. Raises UserErrorException that says where it is wrong."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(expression, found)
    except JMESPathError as mistake:
        raise UserErrorException(f"The query is not JMESPath: {mistake}") from None


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
        return json.dumps(value, ensure_ascii=False)
    return " ".join(str(value).split())


def print_table(rows: list[Row]) -> None:
    """Print columns under their names, cut to the width of the terminal where there is one."""
    if not rows:
        return
    names = list(rows[0])
    table = [names, *([as_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(names))]
    table.insert(1, ["-" * width for width in widths])
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()[:room])

"""Tables as files: CSV, JSON Lines and Parquet, written piece by piece. Knows no database.

A table is a list of columns and batches of rows; each piece that comes out can be sent at once, so that a million
rows need no more memory than a thousand.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

Row = Sequence[Any]
Batches = Iterable[Sequence[Row]]
Writer = Callable[[Sequence["TableColumn"], Batches], Iterator[bytes]]

# What a spreadsheet may take for the beginning of a formula, full-width forms included; blanks before it are skipped.
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_BREAKS = frozenset("\t\r\n")


class Type(StrEnum):
    """What the values of a column are; a value that is missing is None."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"
    LABELS = "labels"  # a dict of texts, such as all tags of a run


@dataclass(frozen=True)
class TableColumn:
    """A column of a file."""

    name: str
    type: Type = Type.TEXT


def write_csv(columns: Sequence[TableColumn], batches: Batches) -> Iterator[bytes]:
    """CSV as spreadsheets and pandas read it: UTF-8 with its mark, everything quoted, no cell that is a formula.

    A text that begins as a formula does gets a `'` before it (OWASP, CSV injection); real numbers stay as they are.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow([harmless(column.name) for column in columns])
    yield b"\xef\xbb\xbf" + _taken(buffer)
    for batch in batches:
        writer.writerows([_csv_cell(value) for value in row] for row in batch)
        yield _taken(buffer)


def write_json_lines(columns: Sequence[TableColumn], batches: Batches) -> Iterator[bytes]:
    """One JSON object a line. Times are ISO 8601 in UTC; NaN and infinities, which JSON lacks, are their names."""
    names = [column.name for column in columns]
    for batch in batches:
        lines = (orjson.dumps(dict(zip(names, map(_json_value, row), strict=True))) for row in batch)
        yield b"".join(line + b"\n" for line in lines)


def write_parquet(columns: Sequence[TableColumn], batches: Batches) -> Iterator[bytes]:
    """Parquet with typed columns, compressed by zstd: numbers as doubles, times as UTC timestamps, labels as maps."""
    # A tenth of a second to import, for the few who ask for it.
    import pyarrow
    import pyarrow.parquet

    types = {
        Type.TEXT: pyarrow.string(),
        Type.INTEGER: pyarrow.int64(),
        Type.NUMBER: pyarrow.float64(),
        Type.TIME: pyarrow.timestamp("ms", tz="UTC"),
        Type.LABELS: pyarrow.map_(pyarrow.string(), pyarrow.string()),
    }
    schema = pyarrow.schema([(column.name, types[column.type]) for column in columns])
    sink = io.BytesIO()
    with pyarrow.parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in batches:
            if batch:
                writer.write_batch(pyarrow.record_batch(_arrays(columns, batch), schema=schema))
                yield _taken_bytes(sink)
    yield _taken_bytes(sink)


WRITERS: dict[str, Writer] = {
    "csv": write_csv,
    "jsonl": write_json_lines,
    "parquet": write_parquet,
}
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


def harmless(text: str) -> str:
    """The text so that no spreadsheet computes it."""
    begin = text.lstrip().lstrip("'\"")[:1]
    return f"'{text}" if begin in _FORMULA or text[:1] in _BREAKS else text


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value if _is_number(value) else harmless(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, dict):
        return harmless("; ".join(key if text is None else f"{key}={text}" for key, text in value.items()))
    return repr(value) if isinstance(value, float) else str(value)


def _is_number(text: str) -> bool:
    """Whether it is a number and nothing but: `-0.5` is no formula."""
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and text == text.strip() and "_" not in text


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, float) and value - value != 0:  # NaN and infinities
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _arrays(columns: Sequence[TableColumn], batch: Sequence[Row]) -> list[list[Any]]:
    """The columns of a batch; labels as pairs, which is how a map is told."""
    turned = [list(values) for values in zip(*batch, strict=True)]
    for place, column in enumerate(columns):
        if column.type is Type.LABELS:
            turned[place] = [None if value is None else list(value.items()) for value in turned[place]]
    return turned


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _taken_bytes(sink: io.BytesIO) -> bytes:
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written

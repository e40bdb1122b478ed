"""Tables as CSV, JSON Lines and Parquet, read back by other people's libraries."""

import csv
import io
import json
import math
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet
import pytest

from runs.table_file import TableColumn, Type, harmless, write_csv, write_json_lines, write_parquet

COLUMNS = [
    TableColumn("id"),
    TableColumn("metrics.loss", Type.NUMBER),
    TableColumn("number", Type.INTEGER),
    TableColumn("created", Type.TIME),
    TableColumn("tags", Type.LABELS),
]
AT = datetime(2026, 11, 24, 5, 0, 0, 123000, tzinfo=UTC)
ROWS = [
    ["a", 0.1, 1, AT, {"team": "vision", "bare": None}],
    ["b", math.nan, None, None, {}],
    ['c "quoted", ü\n2', -math.inf, 3, AT, {"=x": "1"}],
]
FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "'=1+1"),
    *('=cmd|" /C calc"!A0', "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)", '"=1+1', "-1_000", "+\u0663"),
]
NUMBERS = ["-0.5", "-1e-5", "+3", "1e999", "00123", "0"]


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_reads_back_as_it_was():
    head, first, second, third = rows_of(b"".join(write_csv(COLUMNS, [ROWS[:2], ROWS[2:]])))
    assert head == ["id", "metrics.loss", "number", "created", "tags"]
    assert first == ["a", "0.1", "1", "2026-11-24T05:00:00.123Z", "team=vision; bare"]
    assert second == ["b", "nan", "", "", ""]
    assert third[:3] == ['c "quoted", ü\n2', "-inf", "3"] and third[4] == "'=x=1"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(text):
    (_, (cell,)) = rows_of(b"".join(write_csv([TableColumn("name")], [[[text]]])))
    assert cell == f"'{text}"


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_stay_as_they_are(text):
    (_, (cell,)) = rows_of(b"".join(write_csv([TableColumn("params.lr")], [[[text]]])))
    assert cell == text


def test_the_corpus_of_formulas_is_harmless():
    corpus = Path(__file__).resolve().parents[2] / "shared/corpora/csv_injection.json"
    texts = [case["s"] for case in json.loads(corpus.read_text())] if corpus.exists() else FORMULAS
    for text in texts:
        (_, (cell,)) = rows_of(b"".join(write_csv([TableColumn("name")], [[[text]]])))
        begin = unicodedata.normalize("NFKC", cell.strip())[:1]
        assert begin not in ("=", "+", "-", "@") or cell in NUMBERS


def test_the_name_of_a_column_is_no_formula_either():
    ((cell,),) = rows_of(b"".join(write_csv([TableColumn("=tags.x")], [])))
    assert cell == harmless("=tags.x") == "'=tags.x"


def test_json_lines_keep_the_types():
    lines = b"".join(write_json_lines(COLUMNS, [ROWS])).splitlines()
    first, second, _ = (json.loads(line) for line in lines)
    assert first == {
        "id": "a",
        "metrics.loss": 0.1,
        "number": 1,
        "created": "2026-11-24T05:00:00.123Z",
        "tags": {"team": "vision", "bare": None},
    }
    assert second["metrics.loss"] == "NaN" and second["number"] is None


def test_parquet_has_typed_columns_whatever_the_batches():
    many = [[f"run {n}", n / 7, n, AT, {"n": str(n)}] for n in range(2500)]
    batches = [ROWS, many[:1000], [], many[1000:]]
    pieces = list(write_parquet(COLUMNS, batches))
    table = pyarrow.parquet.read_table(io.BytesIO(b"".join(pieces)))
    assert [str(field.type) for field in table.schema][:4] == [
        "string",
        "double",
        "int64",
        "timestamp[ms, tz=UTC]",
    ]
    read = table.to_pylist()
    assert len(read) == 2503 and read[-1] == {
        "id": "run 2499",
        "metrics.loss": 2499 / 7,
        "number": 2499,
        "created": AT,
        "tags": [("n", "2499")],
    }
    assert math.isnan(read[1]["metrics.loss"]) and read[1]["created"] is None
    assert len(pieces) >= 4  # sent as it is made


def test_a_table_without_rows_is_a_file_all_the_same():
    assert rows_of(b"".join(write_csv(COLUMNS, [[]]))) == [[column.name for column in COLUMNS]]
    assert b"".join(write_json_lines(COLUMNS, [[]])) == b""
    assert pyarrow.parquet.read_table(io.BytesIO(b"".join(write_parquet(COLUMNS, [[]])))).num_rows == 0

"""The sparse index of lines: the same answers as counting, at any size, in UTF-8 and UTF-16."""

import random

import pytest

from runs import line_index, storage
from runs.line_index import BLOCK_BYTES, LineIndex


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_FOLDER = tmp_path


def starts_of(content: bytes, line_break: bytes = b"\n") -> list[int]:
    starts, place = [0], content.find(line_break)
    while place >= 0:
        starts.append(place + len(line_break))
        place = content.find(line_break, place + 1)
    return starts


def made(lengths: list[int]) -> bytes:
    return b"".join(b"x" * length + b"\n" for length in lengths)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"one",
        b"one\n",
        b"\n\n\n",
        made([random.Random(1).randrange(200) for _ in range(5000)]),
        made([BLOCK_BYTES - 1, 0, BLOCK_BYTES * 3, 5]) + b"open",
        b"x" * (3 * BLOCK_BYTES),
    ],
)
def test_each_line_is_found_where_counting_finds_it(content):
    key = storage.write([content]).key
    index = LineIndex(key, len(content))
    starts = starts_of(content)
    assert index.breaks_before(len(content)) == content.count(b"\n")
    for number in {1, 2, 3, len(starts) // 2, len(starts)} - {0}:
        if number <= len(starts):
            assert index.start_of(number) == starts[number - 1]
            assert index.number_at(starts[number - 1]) == number
    assert index.start_of(len(starts) + 5) == len(content)


def test_it_grows_with_the_log_and_equals_one_made_at_once():
    content = made([n % 300 for n in range(3000)])
    key = storage.new_key()
    for start in range(0, len(content), 10_000):
        with storage.locked(key):
            storage.write_at(key, start, content[start : start + 10_000])
        line_index.extend(key, min(len(content), start + 10_000))
    whole = storage.write([content]).key
    line_index.extend(whole, len(content))
    grown = storage.beside(key, "lines").read_bytes()
    assert grown == storage.beside(whole, "lines").read_bytes()
    assert len(grown) == len(content) // BLOCK_BYTES * 8 > 0


def test_half_an_entry_of_a_killed_process_is_written_again():
    content = made([100] * 2000)
    key = storage.write([content]).key
    line_index.extend(key, len(content))
    whole = storage.beside(key, "lines").read_bytes()
    storage.beside(key, "lines").write_bytes(whole[:11])
    line_index.extend(key, len(content))
    assert storage.beside(key, "lines").read_bytes() == whole


def test_what_is_behind_the_acknowledged_size_does_not_count():
    content = made([10] * 10_000)
    key = storage.write([content]).key
    index = LineIndex(key, 70_004)
    assert index.breaks_before(70_004) == 70_004 // 11 and index.start_of(10**6) == 70_004


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_counted_by_units(encoding):
    text = "\ufeff" + "".join(f"line {n} \u0a0a ਊ\n" for n in range(9000))
    content = text.encode(encoding)
    index = LineIndex(storage.write([content]).key, len(content))
    assert index.breaks_before(len(content)) == 9000
    start = index.start_of(8000)
    assert content[start : start + 18].decode(encoding) == "line 7999"


def test_a_disk_that_takes_nothing_stops_no_reader(monkeypatch):
    content = made([50] * 5000)
    key = storage.write([content]).key
    storage.beside(key, "lines").mkdir()  # nothing can be written there
    with pytest.raises(OSError):
        storage.beside(key, "lines").open("ab")
    line_index.extend(key, len(content))


def test_what_lies_beside_a_file_goes_with_it(tmp_path):
    key = storage.write([made([10] * 10_000)]).key
    line_index.extend(key, 110_000)
    assert storage.beside(key, "lines").exists()
    storage.delete(key)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

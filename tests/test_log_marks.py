"""Marks of a log: when its parts were printed, by which stream."""

import pytest

from runs import log_marks, storage
from runs.actions.files import append_log
from runs.errors import Invalid
from runs.log_marks import COMPLAINED, PRINTED, Mark
from runs.models import Artifact
from tests import make


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_FOLDER = tmp_path


@pytest.fixture
def run(workspace):
    return make.run(workspace)


def marks_of(run) -> list[Mark]:
    row = Artifact.objects.get(run=run)
    return log_marks.read(row.key, 0, row.size)


def test_what_each_stream_printed_is_kept(run):
    append_log(run, "a.txt", 0, b"outerrout", marks="o3@1000 e3@1001 o3@5000")
    assert marks_of(run) == [Mark(3, 1000, PRINTED), Mark(6, 1001, COMPLAINED), Mark(9, 5000, PRINTED)]


def test_parts_of_one_stream_within_a_second_share_a_record(run):
    for n in range(100):
        append_log(run, "a.txt", 2 * n, b"xy", marks=f"o2@{1000 + 100 * n}")
    assert [mark.at_ms for mark in marks_of(run)] == list(range(1000, 11_000, 1000))


def test_a_repeated_chunk_is_marked_once(run):
    append_log(run, "a.txt", 0, b"one", marks="e3@1000")
    append_log(run, "a.txt", 0, b"onetwo", marks="e3@1000 o3@9000")
    append_log(run, "a.txt", 0, b"onetwo", marks="e3@1000 o3@9000")
    assert marks_of(run) == [Mark(3, 1000, COMPLAINED), Mark(6, 9000, PRINTED)]


def test_without_marks_it_was_printed_when_it_arrived(run):
    row = append_log(run, "a.txt", 0, b"one")
    [mark] = marks_of(run)
    assert mark.stream == PRINTED and abs(mark.at_ms / 1000 - row.created_at.timestamp()) < 60


def test_what_was_there_before_there_were_marks_has_no_time(run):
    row = append_log(run, "a.txt", 0, b"old")
    storage.beside(row.key, "marks").unlink()
    append_log(run, "a.txt", 3, b"new", marks="e3@1000")
    assert marks_of(run) == [Mark(3, 0, PRINTED), Mark(6, 1000, COMPLAINED)]


def test_marks_of_a_write_that_was_cut_are_forgotten(run):
    row = append_log(run, "a.txt", 0, b"one", marks="o3@1000")
    log_marks.add(row.key, 3, [Mark(10, 2000, COMPLAINED)])  # never acknowledged
    append_log(run, "a.txt", 3, b"two", marks="o3@5000")
    assert marks_of(run) == [Mark(3, 1000, PRINTED), Mark(6, 5000, PRINTED)]


def test_only_the_parts_of_a_window_are_read(run):
    text = " ".join(f"{'oe'[n % 2]}10@{n}" for n in range(500))
    row = append_log(run, "a.txt", 0, b"x" * 5000, marks=text)
    assert [mark.end for mark in log_marks.read(row.key, 2005, 2025)] == [2010, 2020, 2030]


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ("o3", "A mark reads"),
        ("x3@1", "A mark reads"),
        ("o2@1", "cover 2 bytes, the chunk has 3"),
        ("o3@99999999999999999", "A mark reads"),
        ("o1@1 " * 1001, "at most 1,000"),
        ("o³@1", "A mark reads"),
    ],
)
def test_bad_marks_are_refused_and_nothing_is_written(run, marks, words):
    with pytest.raises(Invalid, match=words):
        append_log(run, "a.txt", 0, b"abc", marks=marks)
    assert not Artifact.objects.exists()

"""Windows of lines: each line once, whole, numbered, whatever its length; what is read is bounded."""

import random

import pytest

from runs import storage
from runs.actions.files import append_log, put_file
from runs.query import log_lines
from runs.query.log_lines import KEPT_BYTES, TextFile
from tests import make


@pytest.fixture
def text_file(workspace, settings, tmp_path):
    settings.FILES_FOLDER = tmp_path
    run = make.run(workspace)

    def of(content: bytes) -> TextFile:
        return TextFile(put_file(run, "a.txt", [content], by=make.owner_of(workspace)).artifact)

    return of


def content_of(lengths) -> bytes:
    return b"".join(b"%d " % n + b"x" * length + b"\n" for n, length in enumerate(lengths, 1))


ODD = [
    [5] * 5000,
    [3, 300_000, 4, 70_000, 5],
    [700_000],
    [0] * 10,
    [random.Random(3).choice([1, 50, 90_000, 400_000]) for _ in range(40)],
]


@pytest.mark.parametrize("lengths", ODD)
@pytest.mark.parametrize("ending", [b"", b"open"])
def test_windows_forth_and_back_hold_every_line_once(text_file, lengths, ending):
    content = content_of(lengths) + ending
    file = text_file(content)
    wanted = content.splitlines()
    forth, number = [], 1
    while window := file.from_line(number).lines:
        forth += window
        number = window[-1].number + 1
    back, number = [], file.total + 1
    while window := file.before_line(number).lines:
        back = window + back
        number = window[0].number
    for lines in (forth, back):
        assert [line.number for line in lines] == list(range(1, len(wanted) + 1))
        assert [content[line.start : line.end] for line in lines] == wanted
        assert all(line.head == text[: len(line.head)] for line, text in zip(lines, wanted, strict=True))


def test_a_huge_line_is_folded_to_its_ends(text_file):
    content = b"first\n" + b"a" * 10_000_000 + b"END\nlast\n"
    line = text_file(content).around(2).lines[1]
    assert line.is_folded and line.head == b"a" * KEPT_BYTES and line.tail.endswith(b"aEND")
    assert (line.number, line.end - line.start) == (2, 10_000_003)


@pytest.mark.parametrize("number", [1, 2, 500, 4999, 5000, 99_999, -3])
def test_a_window_around_a_line_holds_it(text_file, number):
    window = text_file(content_of([20] * 5000)).around(number)
    assert window.first <= min(max(number, 1), 5000) <= window.last and len(window.lines) <= 1000


def test_the_end_is_open_until_its_line_is_finished(text_file):
    assert text_file(b"one\ntw").end().is_open
    assert not text_file(b"one\ntwo\n").end().is_open
    empty = text_file(b"").end()
    assert (empty.lines, empty.total, empty.is_open) == ([], 0, False)


def test_utf_16_lines_are_cut_at_their_breaks(text_file):
    content = "\ufeffone\nzwei ü\n".encode("utf-16-le")
    lines = text_file(content).end().lines
    assert [line.head.decode("utf-16-le") for line in lines] == ["\ufeffone", "zwei ü"]


def test_lines_know_when_and_by_which_stream_they_were_printed(workspace, settings, tmp_path):
    settings.FILES_FOLDER = tmp_path
    row = append_log(make.run(workspace), "a.txt", 0, b"out\nerr\nha", marks="o4@1000 e4@9000 o2@20000")
    lines = TextFile(row).end().lines
    assert [(line.at_ms, line.complained) for line in lines] == [(1000, False), (9000, True), (20000, False)]


def test_a_large_file_is_never_read_whole(text_file, monkeypatch):
    file = text_file(content_of([60] * 200_000))
    read, sizes = storage.read, []
    monkeypatch.setattr(log_lines.storage, "read", lambda key, **k: sizes.append(1) or read(key, **k))
    for window in (file.end(), file.from_line(1), file.around(100_000)):
        assert len(window.lines) == 1000 or window.first <= 100_000 <= window.last
    assert len(sizes) < 60 and file.size > 12_000_000

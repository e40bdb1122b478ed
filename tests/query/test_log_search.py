"""Search in logs: right lines, linear time, honest about what was looked through."""

import random
import re
import time

import pytest

from runs.actions.files import append_log, put_file
from runs.errors import Invalid
from runs.query import log_search, log_stderr
from runs.query.log_lines import TextFile
from runs.query.log_search import FIRST_ERROR, Pattern, Search
from runs.query.log_stderr import StderrSearch
from tests import make


@pytest.fixture
def text_file(workspace, settings, tmp_path):
    settings.FILES_FOLDER = tmp_path
    run = make.run(workspace)

    def of(content: bytes) -> TextFile:
        return TextFile(put_file(run, "a.txt", [content], by=make.owner_of(workspace)).artifact)

    return of


WORDS = ["loss", "ERROR", "epoch 12", "val", "Grün", "a\tb", "", "x" * 3000]


@pytest.mark.parametrize(
    "pattern", ["error", "^loss", "12$", "gr.n", "o.*e", r"\bval\b", "x{900}", "^$", "^"]
)
@pytest.mark.parametrize("piece", [100, 5000, 1 << 20])
def test_it_finds_the_lines_that_looking_at_each_finds(text_file, monkeypatch, pattern, piece):
    monkeypatch.setattr(log_search, "PIECE_BYTES", piece)
    monkeypatch.setattr(log_search, "LONGEST_PIECE_BYTES", 1 << 20)
    chance = random.Random(5)
    lines = [" ".join(chance.choices(WORDS, k=chance.randrange(4))) for _ in range(300)]
    search = Search(text_file("\n".join(lines).encode()), Pattern(pattern), limit_s=60)
    wanted = [n for n, line in enumerate(lines, 1) if re.search(pattern, line, re.IGNORECASE)]
    if not lines[-1]:  # behind the last line break there is no line
        wanted = [n for n in wanted if n < len(lines)]
    assert search.forward(1, most=10**6).numbers == wanted
    some = wanted[len(wanted) // 2]
    assert search.backward(some).numbers == [n for n in wanted if n < some][-1:]


def test_case_matters_when_it_is_asked_for(text_file):
    file = text_file(b"error\nERROR\n")
    assert Search(file, Pattern("error", case=True)).forward(1).numbers == [1]
    assert Search(file, Pattern("error")).forward(1).numbers == [1, 2]


def test_no_match_goes_over_a_line_break(text_file):
    assert Search(text_file(b"a\nb\n"), Pattern(r"a\sb|a[^c]b")).forward(1).numbers == []


def test_colours_and_windows_line_ends_do_not_hide_words(text_file):
    file = text_file(b"\x1b[31mERR\x1b[0mOR\r\nfine\r\n")
    assert Search(file, Pattern("^ERROR$")).forward(1).numbers == [1]


def test_utf_16_is_searched_as_text(text_file):
    file = text_file("\ufeffone\nzwei grün\n".encode("utf-16-le"))
    assert Search(file, Pattern("GRÜN")).forward(1).numbers == [2]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("loss (", "missing ) at character 6"),
        ("a)", "unexpected ) at character 2"),
        ("x[z-a]", "invalid character class range at character 3, “z-a”"),
        (r"(\([)]", "missing ) at character 1"),
        ("a**", "bad repetition operator at character 2"),
        ("*a", "no argument for repetition operator at character 1"),
        ("a(?=b)", "invalid perl operator at character 2"),
        (r"\8", "invalid escape sequence at character 1"),
        ("x{2000}", "invalid repetition size at character 2"),
        ("x" * 1001, "at most 1,000 characters"),
        ("((x{100}){100}){100}", "could not be read"),
    ],
)
def test_a_bad_pattern_is_told_with_its_place(pattern, words):
    with pytest.raises(Invalid) as refused:
        Pattern(pattern)
    assert words in refused.value.message


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+b", "(.*)(.*)(.*)(.*)z", "(a?){50}a{50}"])
def test_a_pattern_that_others_hang_on_takes_linear_time(text_file, pattern):
    search = Search(text_file((b"a" * 5000 + b"\n") * 200), Pattern(pattern))
    started = time.monotonic()
    search.forward(1)
    assert time.monotonic() - started < 10


def test_it_stops_at_its_time_and_goes_on_from_there(text_file, monkeypatch):
    monkeypatch.setattr(log_search, "PIECE_BYTES", 10_000)
    file = text_file(b"plain\n" * 20_000 + b"needle\n")
    found = Search(file, Pattern("needle"), limit_s=0).forward(1)
    assert found.numbers == [] and 0 < found.end < file.size
    rest = Search(file, Pattern("needle")).forward(file.index.number_at(found.end))
    assert rest.numbers == [20_001] and rest.end == file.size


def test_a_page_of_hits_goes_on_behind_its_last(text_file):
    file = text_file(b"hit\nmiss\n" * 500)
    found = Search(file, Pattern("hit")).forward(1)
    assert len(found.numbers) == 100 and found.end == file.index.start_of(200)


def test_passages_join_what_would_overlap(text_file):
    file = text_file(
        b"".join(
            b"%s\n" % word
            for word in [b"a", b"hit", b"b", b"c", b"hit", b"d", b"e", b"f", b"g", b"h", b"hit"]
        )
    )
    search = Search(file, Pattern("hit"))
    passages = search.passages(search.forward(1), 2)
    assert [[line.number for line in p.lines] for p in passages] == [[1, 2, 3, 4, 5, 6, 7], [9, 10, 11]]


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Traceback (most recent call last):", True),
        ("2026-01-01 ERROR no", True),
        ("ValueError: x", True),
        ("RuntimeError: CUDA error: out of memory", True),
        ("FATAL", True),
        ("error rate 0.2", False),
        ("0 errors", False),
        ("mean_error: 0.1", False),
    ],
)
def test_what_the_first_error_is(line, is_one):
    assert bool(Pattern(FIRST_ERROR, case=True).find(line.encode())) == is_one


def test_spans_count_characters():
    assert Pattern("ü+|o").spans("grün foo") == [(2, 3), (6, 7), (7, 8)]
    assert Pattern("x*").spans("axxb") == [(1, 3)]


# Lines of stderr alone


@pytest.fixture
def log_of(workspace, settings, tmp_path):
    """A log of these parts, each with its stream: o or e."""
    settings.FILES_FOLDER = tmp_path
    run = make.run(workspace)

    def of(*parts: tuple[str, bytes]) -> TextFile:
        marks = " ".join(f"{stream}{len(text)}@{5000 * n}" for n, (stream, text) in enumerate(parts))
        return TextFile(append_log(run, "a.txt", 0, b"".join(text for _, text in parts), marks=marks))

    return of


@pytest.mark.parametrize("pattern", [None, "b", "^x", "nowhere"])
@pytest.mark.parametrize("piece", [7, 1 << 20])
def test_the_lines_of_stderr_are_those_that_are_marked_so(log_of, monkeypatch, pattern, piece):
    monkeypatch.setattr(log_stderr, "PIECE_BYTES", piece)
    chance = random.Random(7)
    words = [b"abc\n", b"b", b"\n", b"xyz\nb\n", b"x" * 20 + b"\n", b"q\r"]
    file = log_of(*[(chance.choice("oooe"), chance.choice(words)) for _ in range(200)], ("o", b"end\n"))
    found = Pattern(pattern or "")
    wanted = [
        line.number for line in file.from_line(1).lines if line.complained and found.find(line.head + b"\n")
    ]
    search = StderrSearch(file, pattern and found, limit_s=60)
    assert search.forward(1, most=1000).numbers == wanted and bool(wanted) == (pattern != "nowhere")
    middle = file.total // 2
    assert search.forward(middle, most=1000).numbers == [n for n in wanted if n >= middle]
    assert search.backward(middle).numbers == [n for n in wanted if n < middle][-1:]


def test_pages_of_stderr_follow_each_other(log_of):
    file = log_of(*[("oe"[n % 2], b"%d\n" % n) for n in range(500)])
    first = StderrSearch(file, None).forward(1)
    assert first.numbers == list(range(2, 201, 2))
    rest = StderrSearch(file, None).forward(file.index.number_at(first.end))
    assert rest.numbers == list(range(202, 401, 2))


def test_a_file_without_marks_has_no_line_of_stderr(text_file):
    file = text_file(b"one\ntwo\n")
    found = StderrSearch(file, None).forward(1)
    assert (found.numbers, found.end) == ([], file.size)

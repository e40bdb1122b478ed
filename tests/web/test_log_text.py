"""Bytes of a log as lines: progress bars, colours, control characters, cut characters, long lines."""

import pytest

from runs.web.log_text import LINE_LENGTH, WINDOW_LINES, shown, tail_start, window_of


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain", "plain"),
        (b"10%\r50%\r100%", "100%"),
        (b"abcdef\rxy", "xycdef"),
        (b"windows line\r", "windows line"),
        (b"\x1b[1;31mred\x1b[0m text", "red text"),
        (b"\x1b]0;title\x07shell", "shell"),
        (b"\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"bell\x07 nul\x00 tab\t|", "bell␇ nul␀ tab\t|"),
        ("\u202egnp.exe".encode(), "⟨U+202E⟩gnp.exe"),
        (b"caf\xc3\xa9 \xff", "café \ufffd"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        (b"cut escape \x1b[", "cut escape "),
    ],
)
def test_a_line_is_shown_as_a_terminal_would_leave_it(line, text):
    assert shown(line) == text


def test_a_huge_line_is_cut_with_a_note_in_no_time():
    assert shown(b"x" * 10_000_000) == "x" * LINE_LENGTH + f" … {10_000_000 - LINE_LENGTH:,} more characters"
    assert len(shown(b"y\r" * 200_000)) < LINE_LENGTH


def test_a_window_ends_at_a_line_and_knows_where_to_go_on():
    window = window_of(b"one\ntwo\nthr", 100, at_end=False)
    assert (window.lines, window.start, window.next, window.is_open) == (["one", "two"], 100, 108, False)
    window = window_of(b"one\nthr", 0, at_end=True)
    assert (window.lines, window.next, window.is_open) == (["one", "thr"], 4, True)


def test_of_a_bar_that_redraws_itself_only_the_last_state_is_read_again():
    window = window_of(b"1%\r2%\r3%", 50, at_end=True)
    assert (window.lines, window.next) == (["3%"], 56)
    assert window_of(b"1%\r2%\r", 50, at_end=True).next == 53


def test_nothing_new_is_an_empty_window():
    window = window_of(b"", 7, at_end=True)
    assert (window.lines, window.next, window.is_open) == ([], 7, False)


@pytest.mark.parametrize("ending", [b"", b"\n", b"tail"])
def test_the_tail_begins_at_a_line_and_holds_the_last_lines(ending):
    text = b"".join(b"%d\n" % number for number in range(5000)) + ending
    start = tail_start(text, 0)
    lines = window_of(text[start:], start, at_end=True).lines
    assert len(lines) == WINDOW_LINES and text[start - 1 : start] == b"\n"


def test_the_tail_of_a_window_inside_a_line_makes_progress():
    assert tail_start(b"x" * 100, 1000) == 1000
    assert tail_start(b"x" * 100 + b"\n", 1000) == 1000
    assert tail_start(b"rest\nwhole\n", 1000) == 1005


def test_every_byte_is_shown_once_when_windows_follow_each_other():
    text = b"".join(b"line %d %s\n" % (n, b"x" * (n % 90)) for n in range(400))
    offset, lines = 0, []
    while offset < len(text):
        window = window_of(text[offset : offset + 700], offset, at_end=offset + 700 >= len(text))
        lines += window.lines
        offset = window.next
    assert lines == text.decode().splitlines()

"""Bytes of a line as it is shown: progress bars, colours, control characters, cut characters, long lines."""

import re
import time

import pytest

from runs.query.log_lines import KEPT_BYTES, Line
from runs.web.ansi import PLAIN, changed, nearest
from runs.web.log_text import LINE_LENGTH, marked, shown
from tests.test_architecture import ROOT


def line_of(content: bytes) -> Line:
    if len(content) <= 65536:
        return Line(1, 5, 5 + len(content), content)
    return Line(1, 5, 5 + len(content), content[:KEPT_BYTES], content[-KEPT_BYTES:])


def text_of(content: bytes, encoding: str = "utf-8") -> str:
    return shown(line_of(content), encoding)[0].text


def parts_of(content: bytes) -> list[tuple[str, str]]:
    return shown(line_of(content))[0].parts


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain", "plain"),
        (b"10%\r50%\r100%", "100%"),
        (b"abcdef\rxy", "xycdef"),
        (b"abcdef\r\x1b[Kxy", "xy"),
        (b"abc\b\bX", "aXc"),
        (b"abc\x1b[2DX", "aXc"),
        (b"windows line\r", "windows line"),
        (b"\x1b[1;31mred\x1b[0m text", "red text"),
        (b"\x1b]0;title\x07shell", "shell"),
        (b"\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b]never ended and still shown", "␛]never ended and still shown"),
        (b"\x1bPhidden\x1b\\seen", "seen"),
        (b"\x1b[8mconcealed\x1b[0m", "concealed"),
        (b"\x1b[2J\x1b[Hscreen", "screen"),
        (b"bell\x07 nul\x00 tab\t|", "bell␇ nul␀ tab\t|"),
        ("\u202egnp.exe".encode(), "⟨U+202E⟩gnp.exe"),
        ("a\u2028b\u0085c\u009b31m".encode(), "a⟨U+2028⟩b⟨U+0085⟩c⟨U+009B⟩31m"),
        (b"caf\xc3\xa9 \xff", "café \ufffd"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        (b"cut escape \x1b[", "cut escape "),
    ],
)
def test_a_line_is_shown_as_a_terminal_would_leave_it(line, text):
    assert text_of(line) == text


@pytest.mark.parametrize(
    ("codes", "classes"),
    [
        ("31", "ink-1"),
        ("1;91", "ink-9 bold"),
        ("38;5;208", "ink-11"),
        ("38;5;12", "ink-12"),
        ("38;5;240", "ink-8"),
        ("38;2;255;0;0", "ink-9"),
        ("38:2:0:100:0", "ink-2"),
        ("31;44", "on-4"),
        ("7", "on-7"),
        ("31;7", "on-1"),
        ("4;3;2;9", "dim slant struck under"),
        ("1;22", ""),
        ("31;39", ""),
        ("31;0", ""),
        ("31;", ""),
        ("38;5", ""),
        ("38;2;1", ""),
        ("999;x;", ""),
    ],
)
def test_colours_become_classes(codes, classes):
    assert changed(PLAIN, codes).classes == classes


def test_a_colour_goes_on_over_lines_until_it_ends():
    first, look = shown(line_of(b"\x1b[31mred"))
    second, look = shown(line_of(b"still\x1b[0m over"), look=look)
    assert first.parts == [("ink-1", "red")] and second.parts == [("ink-1", "still"), ("", " over")]
    assert look == PLAIN


def test_only_known_classes_ever_come_of_bytes():
    css = (ROOT / "static/css/logs.css").read_text()
    known = set(re.findall(r"\.((?:ink|on)-\d+|bold|dim|slant|under|struck|odd|hit)", css))
    assert {f"{kind}-{n}" for kind in ("ink", "on") for n in range(16)} <= known
    for red in range(0, 256, 51):
        assert 0 <= nearest(red, 128, 255 - red) < 16


def _tokens(theme: int) -> dict[str, str]:
    text = (ROOT / "static/css/tokens.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: pair[theme] for name, *pair in found}


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_a_log_can_be_read_in_both_themes(theme):
    tokens = _tokens(theme)
    for number in range(16):
        for ground in ("code", "hover", "selected"):
            contrast = _contrast(tokens[f"ansi-{number}"], tokens[ground])
            assert contrast >= 4.5, f"--ansi-{number} on --{ground}: {contrast:.2f}"


def test_a_huge_line_is_cut_with_a_note_in_no_time():
    found, _ = shown(line_of(b"x" * 10_000_000))
    assert found.text == "x" * LINE_LENGTH and found.left_out == "9,996,000 more bytes"
    found, _ = shown(line_of(b"y" * 5000))
    assert found.left_out == "1,000 more characters"


def test_of_a_bar_with_thousands_of_states_the_last_is_shown():
    bar = b"".join(b"\r\x1b[32m%3d%%\x1b[0m |####" % (n % 101) for n in range(30_000)) + b"\r100% done   "
    assert text_of(bar).startswith("100% done")
    started = time.monotonic()
    assert len(text_of(b"y\r" * 200_000)) == 1
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 20, "\ufeffü".encode("utf-16-le"), b"\xff\xfe\x00", b"\x80" * 70_000]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "latin-1", "utf-8-sig"])
def test_any_bytes_are_shown_somehow(content, encoding):
    for _, text in shown(line_of(content), encoding)[0].parts:
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", text)


def test_a_mark_at_the_beginning_is_no_part_of_the_text():
    assert shown(Line(1, 0, 7, "\ufeffone".encode()), "utf-8-sig")[0].text == "one"


def test_hits_are_marked_across_colours():
    parts = [("ink-1", "abc"), ("", "def")]
    assert marked(parts, [(1, 4)]) == [("ink-1", "a"), ("ink-1 hit", "bc"), ("hit", "d"), ("", "ef")]
    assert marked(parts, []) == parts

"""What differs between two texts."""

import time

import pytest

from runs.line_diff import differences


def drawn(old, new):
    return [f"{line.kind}{line.text}" for line in differences(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "", []),
        ("a\nb", "a\nb", []),
        ("a\nb\nc", "a\nB\nc", [" a", "-b", "+B", " c"]),
        ("", "a", ["+a"]),
        ("a", "", ["-a"]),
        ("a\nb", "b\na", ["+b", " a", "-b"]),
        (
            "\n".join("abcdefghij"),
            "\n".join("abcdefghiJ"),
            ["…6 lines the same", " g", " h", " i", "-j", "+J"],
        ),
    ],
)
def test_changed_lines_are_shown_with_a_few_around_them(old, new, lines):
    assert drawn(old, new) == lines


def test_texts_that_have_nothing_in_common_do_not_take_for_ever():
    old, new = ("\n".join(f"{word}{n}" for n in range(16_000)) for word in "ab")
    begun = time.monotonic()
    assert len(differences(old, new)) == 32_000
    assert time.monotonic() - begun < 2

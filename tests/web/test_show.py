"""How values look: tables of examples."""

from datetime import UTC, datetime, timedelta

import pytest

from runs.lifecycle import Status
from runs.web import icons, show

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (12, "12"),
        (1234567, "1234567"),
        (12345678, "1.235e7"),
        (0.001234567, "0.001235"),
        (0.1, "0.1"),
        (-0.5, "-0.5"),
        (1.5e-9, "1.5e-9"),
        (1e-5, "1e-5"),
        (3.14159, "3.142"),
        (123.456, "123.5"),
        (1e300, "1e300"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_have_four_digits(value, text):
    assert show.shortened(value) == text


def test_the_exact_number_is_shown_on_hover():
    assert show.number(0.123456) == '<span title="0.123456">0.1235</span>'
    assert show.number("<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.04, "0.0s"),
        (0.84, "0.8s"),
        (41, "41s"),
        (760, "12m 40s"),
        (3840, "1h 04m"),
        (90000, "1d 01h"),
    ],
)
def test_durations(seconds, text):
    assert show.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_200_000, "3.2 MB"), (10**12, "1.0 TB")],
)
def test_sizes(count, text):
    assert show.size(count) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(minutes=59, seconds=50), "60 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=60), "24 Sep"),
        (timedelta(days=400), "19 Oct 2025"),
    ],
)
def test_moments_are_relative(passed, text):
    assert show.ago(NOW - passed, NOW) == text


def test_a_moment_carries_its_exact_time():
    html = show.moment(NOW - timedelta(hours=3), NOW)
    assert html == '<time datetime="2026-11-23T13:00:00Z" title="2026-11-23 13:00:00 UTC">3 h ago</time>'


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_shape_a_colour_and_a_word(status):
    html = show.status(status)
    shape = show.shape_of(status)
    assert f'href="#s-{shape}"' in html and f'class="st {shape}"' in html
    assert f'id="s-{shape}"' in icons.sprite() and show.word_of(status) in html


def test_every_icon_that_a_page_asks_for_is_in_the_sprite():
    import re
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    asked = set()
    for path in [*(root / "templates").rglob("*.html"), *(root / "static/js").glob("*.js")]:
        asked |= set(re.findall(r'{% icon "([\w-]+)"', path.read_text()))
        asked |= set(re.findall(r'"#i-([\w-]+)"', path.read_text()))
    assert asked <= set(icons.NAMES)
    from runs.web.activity import ICONS

    assert set(ICONS.values()) <= set(icons.NAMES)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<p>a <strong>bold</strong>, &lt;b&gt;, <a href='/x'>link</a></p>",
            "a bold, <b>, link",
        ),
        ("<h1>One</h1><ul><li>two</li><li>three</li></ul>", "One two three"),
        ("", ""),
        ("<p>" + "<em>x</em>" * 500 + "</p>", "x" * 19 + "…"),
    ],
)
def test_an_excerpt_is_the_words_alone(html, text):
    assert show.excerpt(html, 20) == text

"""Hostile strings: a few of our own, and the collections that lie beside the checkout where the studio is developed."""

import json
from pathlib import Path

import pytest

XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "{{ 7*7 }}{% now 'Y' %}${7*7}",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "]]><script>alert(1)</script>",
    "\u202e<b hx-get=/logout/ hx-trigger=load>\u202c",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<style>*{background:url(javascript:alert(1))}</style>",
]
NAUGHTY = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "é",
    "e\u0301",
    "\u202e",
    "NULL",
    "-1",
    "1e999",
    "a__b",
    "%00",
    "🏳️‍🌈",
    "a\r\nb",
]


def folder() -> Path | None:
    """Where the collections lie, if they do."""
    places = (place / "shared" / "corpora" for place in Path(__file__).resolve().parents)
    return next((place for place in places if place.is_dir()), None)


def read(name: str, key: str, own: list[str]) -> list[str]:
    """Our own strings and those of the collection; without it only ours."""
    found = folder()
    if found is None:
        return own
    return list(dict.fromkeys([*own, *(entry[key] for entry in json.loads((found / name).read_text()))]))


def xss() -> list[str]:
    """What would run where it is not escaped."""
    return read("xss.json", "payload", XSS)


def naughty() -> list[str]:
    """What breaks where text is not handled as text."""
    return read("naughty.json", "s", NAUGHTY)


def whole(name: str) -> Path:
    """The file of a collection; the test is skipped where it is not."""
    found = folder()
    if found is None:
        pytest.skip("The collection lies beside the checkout only where the studio is developed.")
    return found / name

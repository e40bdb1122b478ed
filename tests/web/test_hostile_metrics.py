"""Hostile names, texts and labels in every place of the tabs Metrics, Images and Monitoring: only ever words."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from runs.actions.files import put_file
from runs.actions.tracking import Points, log_points
from runs.errors import Invalid
from runs.limits import clean_key
from runs.query.run_metrics import own_metrics
from tests.web.conftest import PNG

PLACES = (place / "shared" / "corpora" for place in Path(__file__).resolve().parents)
CORPORA = next((place for place in PLACES if place.is_dir()), Path("nowhere"))
OWN = [
    '"><script>alert(1)</script>',
    "<img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "a&b'c\"d",
]


def hostile() -> list[str]:
    """Ours, and those of the corpora where they lie beside this checkout."""
    found = list(OWN)
    for name in ("xss.json", "naughty.json"):
        if (CORPORA / name).is_file():
            rows = json.loads((CORPORA / name).read_text())
            found += [
                row if isinstance(row, str) else row.get("payload", row.get("text", "")) for row in rows
            ]
    return list(dict.fromkeys(text[:250] for text in found if isinstance(text, str)))


class Seen(HTMLParser):
    """What a page is made of: attributes that would run something, scripts of its own, and all its words."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.words += [value for value in values.values() if value]
        if any(name.startswith("on") or name in ("srcdoc", "style") for name in values):
            self.faults.append(f"{tag} {values}")
        if tag in ("script", "iframe", "object", "embed", "base") and "/static/" not in (
            values.get("src") or ""
        ):
            self.faults.append(f"{tag} {values}")
        for name in ("href", "src", "action", "data-content"):
            if (values.get(name) or "/").strip()[:1] not in ("/", "#", "?"):
                self.faults.append(f"{tag} {name}={values[name]}")

    def handle_data(self, data):
        self.words.append(data)


def seen(answer) -> Seen:
    assert answer.status_code == 200
    parser = Seen()
    parser.feed(answer.content.decode())
    return parser


@pytest.fixture
def accepted(run):
    """The names that the studio takes, each as a metric; the others were refused with a sentence."""
    taken = {}
    for name in hostile():
        try:
            taken[clean_key(name, "metric")] = Points(clean_key(name, "metric"), np.array([1.0, 2.0]))
        except Invalid as refusal:
            assert refusal.message
    log_points(run, list(taken.values()))
    return list(taken)


def test_every_name_is_listed_as_words_and_can_be_asked_for(accepted, run, client_of, reader, place):
    browser, address, words = client_of(reader), place("metrics/"), []
    while address:
        page = browser.get(address)
        parser = seen(page)
        assert parser.faults == []
        words += parser.words
        following = page.context["after_url"]
        table = browser.get(f"{address}{'&' if '?' in address else '?'}as=table")
        assert seen(table).faults == []
        address = following
    listed = {word.strip() for word in words}
    assert {metric.name.text.strip() for metric in own_metrics(run)} <= listed
    for metric in own_metrics(run)[:40]:
        answer = browser.get(place("metrics/data/"), {"m": metric.name.text})
        assert answer.status_code == 200 and answer["Content-Type"] == "application/json"


def test_texts_labels_columns_and_files_are_only_words(run, owner, client_of, reader, place):
    browser = client_of(reader)
    for at, text in enumerate(OWN):
        rows = [json.dumps({text: text, "n": 1})]
        log_points(run, [Points(f"text {at}", [text]), Points(f"rows {at}", rows, kind="table")])
        matrix = {"schema_type": "confusion_matrix", "data": {"class_labels": [text], "matrix": [[1]]}}
        put_file(run, f"matrix {at}", [json.dumps(matrix).encode()], by=owner)
        log_points(run, [Points(f"matrix {at}", [f"matrix {at}"], kind="document")])
        log_points(run, [Points(f"system/{text}", np.array([1.0, 2.0]))])
        put_file(run, "same.png", [PNG], by=owner)
        log_points(run, [Points(f"image {text}", ["same.png"], kind="image")])
        tabs = ["metrics/", "metrics/?as=table", "images/", "monitoring/"]
        chosen = [f"metrics/?m={kind}+{at}&as=table" for kind in ("text", "rows", "matrix")]
        for tab in (*tabs, *chosen):
            assert seen(browser.get(place(tab))).faults == [], (tab, text)
        assert seen(browser.get(place("images/"), {"name": f"image {text}"})).faults == []

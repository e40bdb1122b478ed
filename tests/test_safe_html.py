"""Descriptions: Markdown is drawn, nothing in it runs, and nothing in it costs more than two seconds."""

import json
import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from runs import safe_html
from runs.deep_links import IMAGE
from runs.markdown_html import to_html
from tests import corpora

ATTRIBUTES = {"href", "title", "rel", "class", "align", "alt"}


class Checker(HTMLParser):
    """Collects everything in a piece of HTML that a description must not hold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag not in safe_html.TAGS:
            self.faults.append(f"<{tag}>")
        for name, value in attributes:
            if name == "src" and tag == "img" and IMAGE.fullmatch(value or ""):
                continue
            if name not in ATTRIBUTES:
                self.faults.append(f"{tag} {name}")
            if name == "href" and urlsplit(value or "").scheme not in safe_html.SCHEMES:
                self.faults.append(f"{tag} {name}={value}")

    def handle_comment(self, text):
        self.faults.append("comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.test/)",
    "[x](/logout/)",
    '[x](https://a.test "onclick=alert(1)")',
    "![x](/w/vision/runs/1/cancel/)",
    "<https://a.test/\"onmouseover='alert(1)'>",
    "<javascript:alert(1)>",
    '```"><script>alert(1)</script>\nx\n```',
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<div class='rail' style='position:fixed'>x</div>",
    "<a id=x name=y hx-get=/logout/ data-x=1>x</a>",
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "![x](image:../../logout/)",
    "![x](image:" + "a" * 64 + "/../x)",
    '![" onerror="alert(1)](image:' + "a" * 64 + ' "onload=alert(1)")',
    '[x](run:a"onmouseover="alert(1))',
    '[<img src=x onerror=alert(1)>](run:abc "onclick=alert(1)")',
    'experiment:"<img src=x onerror=alert(1)>"',
    "[x](log:a#L1<script>alert(1)</script>)",
    "- [x] <script>alert(1)</script>\n- [ ] [a](javascript:alert(1))",
    "run:javascript:alert(1) view:data:text/html,<script>alert(1)</script>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("gate", [safe_html.draw, safe_html.first_gate, safe_html.second_gate])
def test_nothing_in_a_description_runs_whichever_gate_is_left(payload, gate):
    html = gate(payload) if gate is safe_html.draw else gate(to_html(payload))
    assert Checker(html).faults == []


def test_a_corpus_of_attacks_stays_harmless():
    payloads = [entry["payload"] for entry in json.loads(corpora.whole("xss.json").read_text())]
    assert len(payloads) > 500
    bad = {p: faults for p in payloads if (faults := Checker(safe_html.render(p)).faults)}
    assert bad == {}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**b** and *e* and `c`", "<p><strong>b</strong> and <em>e</em> and <code>c</code></p>"),
        ("# One\n\n#### Four", "<h3>One</h3>\n<h6>Four</h6>"),
        ("1 < 2 & 3 <b>x</b>", "<p>1 &lt; 2 &amp; 3 &lt;b&gt;x&lt;/b&gt;</p>"),
        ("train.py and run_id_7", "<p>train.py and run_id_7</p>"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_markdown_is_drawn(text, html):
    assert safe_html.render(text) == html


def test_links_lead_out_without_telling_from_where():
    html = safe_html.render("[a](https://a.test/x) https://b.test/y. ![c](https://c.test/z.png)")
    assert html.count('rel="noopener noreferrer nofollow"') == 3
    assert 'href="https://b.test/y"' in html and ">c</a>" in html and "<img" not in html


def test_code_is_coloured_and_tables_are_aligned():
    html = safe_html.render("```python\nfor x in y: pass\n```\n\n|a|\n|-:|\n|1|")
    assert '<span class="hl-k">for</span>' in html and '<td align="right">1</td>' in html


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 1500, "> " * 9000, "x" * 70_000])
def test_a_text_that_would_take_for_ever_takes_two_seconds(text):
    begun = time.monotonic()
    html = safe_html.render(text)
    assert time.monotonic() - begun < 4
    assert Checker(html).faults == []


def test_the_next_text_is_drawn_after_one_that_was_killed():
    assert "could not be drawn" in safe_html.render("[" * 6000)
    assert safe_html.render("*fine*") == "<p><em>fine</em></p>"


def test_a_text_appears_even_where_no_process_can_be_started(monkeypatch):
    safe_html._helper.stop()
    monkeypatch.setattr(safe_html, "_start", lambda: (_ for _ in ()).throw(OSError("no more processes")))
    assert "<code>*x*</code>" in safe_html.render("*x*")

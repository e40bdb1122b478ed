"""Previews of files: pictures, tables, JSON, Markdown, source; bounded, honest, and nothing in them ever runs."""

import json
import re
import zlib

import pytest

from runs import highlight
from runs.actions.files import put_file
from runs.web.preview import laid_out


@pytest.fixture
def browser(client_of, reader):
    return client_of(reader)


@pytest.fixture
def page_of(browser, place, run, owner):
    """The page of a file with this name and content."""

    def of(path: str, content: bytes, query: str = "") -> str:
        put_file(run, path, [content], by=owner)
        answer = browser.get(place("logs/"), {"file": path} | dict([query.split("=")] if query else []))
        assert answer.status_code == 200
        return answer.content.decode()

    return of


def test_a_picture_is_shown_by_a_route_that_lets_nothing_run(browser, place):
    html = browser.get(place("logs/?file=outputs/plot.png")).content.decode()
    assert f'src="{place("logs/image/?file=outputs%2Fplot.png")}"' in html
    answer = browser.get(place("logs/image/?file=outputs/plot.png"))
    assert answer["Content-Type"] == "image/png" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


ACTIVE = {
    "x.html": b"<html><script>alert(1)</script></html>",
    "x.xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "x.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "x.xml": b'<?xml-stylesheet href="x.xsl" type="text/xsl"?><a/>',
    "x.js": b"alert(1)",
    "x.mjs": b"export default alert(1)",
    "x.css": b"body{background:url(//evil.test)}",
    "x.pdf": b"%PDF-1.7 /JS (app.alert(1))",
    "x.swf": b"FWS\x09",
    "x.svgz": b"\x1f\x8b\x08" + zlib.compress(b"<svg onload=alert(1)>"),
    "x.png": b"<html><script>alert(1)</script>",
    "gifar.gif": b"GIF99a",
    "nul.png": b"\x00",
    "empty.jpg": b"",
    "bitmap.bmp": b"BM\x00\x00",
}


@pytest.mark.parametrize("name", ACTIVE)
def test_what_could_run_is_never_answered_inline(browser, place, run, owner, page_of, name):
    html = page_of(name, ACTIVE[name])
    assert not re.search(r"<(?:iframe|object|embed|frame)\b", html)
    assert "<script>alert" not in html and "<svg onload" not in html
    assert browser.get(place(f"logs/image/?file={name}")).status_code == 404
    answer = browser.get(f"/api/v1/runs/{run.public_id}/files/{name}")
    assert (
        answer["Content-Type"] == "application/octet-stream" and answer["X-Content-Type-Options"] == "nosniff"
    )
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert b"".join(answer.streaming_content) == ACTIVE[name]


def test_html_is_shown_as_its_source(page_of):
    html = page_of("outputs/new.html", b"<script>alert(1)</script>")
    words = re.sub("<[^>]+>", "", html.split('class="log"')[1].split("</ol>")[0])
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in words


def test_other_files_are_offered_for_download_and_as_text(page_of, run):
    html = page_of("outputs/other.bin", b"\x00\x01")
    assert "No preview" in html and f"/api/v1/runs/{run.public_id}/files/outputs/other.bin" in html
    assert "␀" in page_of("outputs/other.bin", b"\x00\x01", "as=text")


def test_a_table_shows_its_first_rows_and_says_so(page_of):
    text = b"epoch,loss,comment\r\n" + b"".join(b'%d,0.5,"a, b <i>"\r\n' % n for n in range(500))
    html = page_of("r.csv", text)
    assert "The first 200 rows, 3 columns." in html and html.count("<tr>") == 201
    assert '<td class="num">0.5</td>' in html and "<td>a, b &lt;i&gt;</td>" in html
    assert "2 rows, 2 columns." in page_of("r.tsv", b"a\tb\n1\t2\n3\t4\n")
    assert "1 row, 2 columns." in page_of("semicolons.csv", b"a;b\n1;2\n")


def test_a_table_that_mlflow_logged_is_shown_as_one(page_of):
    html = page_of("eval.json", b'{"columns":["prompt","loss"],"data":[["<i>",0.50],[null,{"a":1}]]}')
    assert "2 rows, 2 columns." in html and '<td class="num">0.50</td>' in html
    assert ">Table</a>" in html and ">JSON</a>" not in html
    assert "<td>&lt;i&gt;</td>" in html and "<td></td>" in html and "{&quot;a&quot;: &quot;1&quot;}" in html
    rows = b",".join(b"[%d]" % n for n in range(300))
    html = page_of("many.json", b'{"columns":["n"],"index":[],"data":[' + rows + b"]}")
    assert "The first 200 of 300 rows, 1 column." in html and html.count("<tr>") == 201


@pytest.mark.parametrize("rest", [b'"a"]', b"[1], 2]}", b'[1]], "x": ]}'])
def test_json_that_only_begins_like_a_table_is_json(page_of, rest):
    html = page_of("eval.json", b'{"columns": ["n"], "data": [' + rest)
    assert "columns" in html and ">JSON</a>" in html and ">Table</a>" not in html


def test_a_wide_and_ragged_table_is_bounded(page_of):
    html = page_of("wide.csv", b",".join(b"c%d" % n for n in range(1000)) + b"\n1\n" + b"x" * 5000 + b"\n")
    assert "the first 50 of 1,000 columns" in html and "x" * 201 not in html


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.csv", b'a,b\n"' + b"x" * 200_000 + b'"\n', "could not be read as a table: field larger"),
        ("empty.csv", b"", "This file is empty."),
        ("bad.json", b'{"a": }', "no valid JSON in line 1"),
        ("deep.json", b"[" * 100_000 + b"]" * 100_000, "too deep"),
        ("big.json", b"[" + b"1," * 300_000 + b"1]", "Only JSON of up to"),
        ("big.md", b"x\n" * 40_000, "Only Markdown of up to"),
        ("big.py", b"x = 1\n" * 50_000, "Only source of up to"),
    ],
)
def test_what_cannot_be_previewed_is_text_with_the_reason(page_of, name, content, words):
    html = page_of(name, content)
    assert words in html and 'class="log' in html


def test_json_is_laid_out_as_it_was_written():
    text = '{"a":1e400,"a":[1,{"b":"x\\"{,"},[],{}],"big":12345678901234567890123,"n":null}'
    lines = ["".join(part for _, part in line) for line in laid_out(text)]
    assert lines == [
        "{",
        '  "a": 1e400,',
        '  "a": [',
        "    1,",
        "    {",
        '      "b": "x\\"{,"',
        "    },",
        "    [],",
        "    {}",
        "  ],",
        '  "big": 12345678901234567890123,',
        '  "n": null',
        "}",
    ]


def test_json_has_colours_and_is_escaped(page_of):
    html = page_of("c.json", json.dumps({"<b>": "</script>"}).encode())
    assert '<i class="hl-nt">&quot;&lt;b&gt;&quot;</i>' in html and "&lt;/script&gt;" in html


def test_markdown_is_drawn_safely(page_of):
    html = page_of("READ.md", b"# Title\n\n<script>alert(1)</script> [x](javascript:alert(1)) **bold**")
    assert (
        "<strong>bold</strong>" in html and "&lt;script&gt;alert" in html and 'href="javascript' not in html
    )


def test_references_of_markdown_lead_to_lines(page_of):
    html = page_of("READ.md", b"See log:user_logs/std_log.txt#L2 and log:missing.txt")
    assert re.search(r'class="deep" href="[^"]*/logs/\?file=user_logs%2Fstd_log.txt&amp;line=2#L2"', html)
    assert "This run has no file of this name." in html


def test_source_has_colours_and_lines(page_of):
    html = page_of("code/train.py", b'import os\n\nx = """two\nlines"""  # <b>\n')
    assert '<li id="L1"><a href="#L1">1</a><span><i class="hl-kn">import</i>' in html
    assert '<i class="hl-s2">lines</i>' in html and "&lt;b&gt;" in html
    assert 'id="L4"' in html and 'id="L5"' not in html
    assert 'class="tools"' in page_of("code/train.py", b"x = 1\n", "as=text")


def test_a_lexer_that_takes_too_long_is_given_up(monkeypatch, page_of):
    monkeypatch.setattr(highlight, "LIMIT_S", 0.001)
    html = page_of("code/slow.py", b"x = 1\n# another text than any other\n")
    assert "could not be worked out in time" in html and 'class="log' in html


@pytest.mark.parametrize("name", ["a.py", "b.yaml", "Dockerfile", "c.sh", "d.toml", "e.cpp", "f.sql"])
def test_common_sources_are_known(name):
    lines = highlight.coloured(name, "a: 1\nb = 2\n")
    assert ["".join(words for _, words in line) for line in lines] == ["a: 1", "b = 2"]


@pytest.mark.parametrize("name", ["a.txt", "log", "x.unknown", "", "a/", "*.py", "[", "x" * 900])
def test_names_without_a_language_have_none(name):
    assert highlight.lexer_of(name) is None or name == "*.py"

"""The list of runs: what it shows, narrows, sorts, and says when there is nothing."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.actions import organise
from runs.actions.run import complete_run, fail_run
from tests import make

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% now 'Y' %}",
    "' onmouseover='alert(1)",
    "\u202eevil\u202c",
    "javascript:alert(1)",
]


@pytest.fixture
def page(client_of, owner):
    """Gives the HTML of the list at these parameters."""

    def get(query="", path="/w/vision/runs/", status=200, **headers):
        answer = client_of(owner).get(path + query, headers=headers)
        assert answer.status_code == status
        return answer.content.decode()

    return get


def test_a_row_shows_what_the_run_is(page, workspace, owner):
    run = make.run(workspace, display_name="first try", tags={"team": "vision"}, target="gpu")
    make.run(workspace, parent=run)
    fail_run(run, by=owner, message="it broke")
    html = page()
    for words in ("first try", "Failed", "it broke", "digits", "team", "vision", "gpu", "olga", "1 child"):
        assert words in html
    assert f"/w/vision/runs/{run.public_id}/children/" in html


def test_columns_are_chosen_by_the_address(page, workspace):
    make.run(workspace, metrics={"loss": [3, 0.123456]}, params={"rate": "0.1"}, tags={"a b": "x"})
    html = page('?columns=name,metrics.loss,metrics.loss.max,params.rate,tags."a b"')
    line = '<svg role="none"><path d="M0 0h0l96 28"/></svg>'
    assert f'<td class="num" title="0.123456 (2 points)">{line}0.1235</td><td class="num">3</td>' in html
    assert '<td class="num">0.1</td><td>x</td>' in html
    assert "Submitted by" not in html


def test_the_form_of_the_columns_leads_to_one_short_address(client_of, owner, workspace):
    answer = client_of(owner).get("/w/vision/runs/?columns=name&columns=status&column=metrics.loss&q=x")
    assert answer["Location"] == "/w/vision/runs/?q=x&columns=name,status,metrics.loss"


def test_the_choice_of_columns_lists_what_exists(page, workspace):
    make.run(
        workspace,
        metrics={"loss": 1},
        params={"rate": "0.1"},
        tags={"team": None},
        properties={"commit": "x"},
    )
    html = page("?at=/w/vision/runs/&columns=name,metrics.loss", "/w/vision/columns/")
    for key in ("metrics.loss", "params.rate", "tags.team", "properties.commit", "duration"):
        assert f'value="{key}"' in html
    assert html.count('value="metrics.loss"') == 1


@pytest.mark.parametrize("at", ["", "https://evil.test/", "/w/elsewhere/runs/", "/w/vision/experiments/"])
def test_the_choice_of_columns_leads_only_to_a_list_of_this_workspace(page, at):
    page(f"?at={at}", "/w/vision/columns/", status=404)


def test_sorting_by_a_heading_and_turning_it(page, workspace):
    for value in (1, 3, 2):
        make.run(workspace, display_name=f"run-{value}", metrics={"loss": value})
    html = page("?columns=name,metrics.loss&sort=metrics.loss")
    assert html.index("run-1") < html.index("run-2") < html.index("run-3")
    assert 'aria-sort="ascending"' in html and "sort=-metrics.loss" in html


def test_search_filter_and_chips_narrow_the_list(page, workspace):
    make.run(workspace, display_name="apple", tags={"kind": "fruit"})
    make.run(workspace, display_name="carrot", tags={"kind": "root"})
    assert "apple" in page("?q=appl") and "carrot" not in page("?q=appl")
    html = page("?tag=kind=root&status=Running")
    assert "carrot" in html and "apple" not in html
    assert 'href="/w/vision/runs/?status=Running" aria-label="Remove tag kind=root"' in html
    assert "apple" not in page("?filter=tags.kind%20%3D%20'root'")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?filter=metrics.loss%20%3C%20and", "I did not understand"),
        ("?filter=%3Cscript%3Ealert(1)%3C/script%3E", "I did not understand"),
        ("?columns=nonsense", "There is no column"),
        ("?sort=tags", "cannot be sorted"),
        ("?cursor=abc", "not the mark of a page"),
        ("?status=Nonsense", "There is no status"),
        ("?created_after=never", "a time is written"),
        ("?q=" + "x" * 501, "at most 500"),
    ],
)
def test_a_mistake_is_told_where_it_is(page, workspace, query, words):
    make.run(workspace)
    html = page(query, status=400)
    assert words in html and "<script>alert" not in html


@pytest.mark.parametrize(
    "text", ['params."a%00b"', "a%00b", "tags.`%00`%20%3D%20'x'", "%F0%9F%98%80", "%ED%A0%80", "%"]
)
def test_no_text_in_the_address_breaks_the_page(client_of, owner, workspace, text):
    make.run(workspace)
    for name in (
        "filter",
        "q",
        "columns",
        "sort",
        "tag",
        "param",
        "status",
        "experiment",
        "parent",
        "cursor",
    ):
        assert client_of(owner).get(f"/w/vision/runs/?{name}={text}").status_code in (200, 400), name


def test_a_mistake_in_the_filter_is_pointed_at(page, workspace):
    html = page("?filter=status%20%3D%20%3D", status=400)
    assert "status = =\n         ^" in html
    assert 'aria-invalid="true"' in html


def test_child_runs_are_shown_on_demand(page, workspace):
    parent = make.run(workspace, display_name="the parent")
    make.run(workspace, display_name="the child", parent=parent)
    assert "the child" not in page()
    html = page("?include_children=true")
    assert "the child" in html and 'aria-label="child of the parent"' in html


def test_only_my_runs(page, workspace, contributor):
    make.run(workspace, display_name="mine")
    make.run(workspace, display_name="theirs", by=contributor)
    assert "theirs" not in page("?mine=true") and "mine" in page("?mine=true")


def test_the_archive_is_a_switch_away_and_the_trash_a_link(client_of, workspace, owner, reader):
    organise.archive_run(make.run(workspace, display_name="put aside"), by=owner)
    make.run(workspace, display_name="at hand")
    path = "/w/vision/runs/"
    kept = client_of(owner).get(path).content.decode()
    assert "at hand" in kept and "put aside" not in kept and 'href="/w/vision/trash/"' in kept
    assert f'href="{path}?archived=true"' in kept
    archive = client_of(reader).get(f"{path}?archived=true").content.decode()
    assert "put aside" in archive and "at hand" not in archive and "/trash/" not in archive


def test_counters_count_and_filter(page, workspace, owner):
    for _ in range(3):
        complete_run(make.run(workspace), by=owner)
    make.run(workspace)
    html = page("?status=Running")
    assert 'href="/w/vision/runs/?status=Running&amp;status=Completed"' in html
    assert "1 run<" in html and "4 runs" in page()


def test_pages_follow_each_other_without_gap(page, workspace):
    start = timezone.now()
    for number in range(60):
        make.run(workspace, display_name=f"run-{number:02}", created_at=start - timedelta(minutes=number))
    first = page()
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = page(path=following)
    names = {f"run-{number:02}" for number in range(60)}
    assert {n for n in names if n in first} | {n for n in names if n in second} == names
    assert not {n for n in names if n in first and n in second}
    assert "First page" in second


def test_an_empty_workspace_shows_how_to_log_the_first_run(page):
    html = page()
    assert "from studio import Experiment, Workspace" in html
    assert 'url="http://127.0.0.1:8080", workspace="vision"' in html
    assert 'data-live="2"' in html


def test_when_nothing_matches_the_condition_to_drop_is_named(page, workspace):
    make.run(workspace, tags={"kind": "root"})
    html = page("?tag=kind=root&status=Failed")
    advice = html.split("No run matches")[1]
    assert "status Failed" in advice and "tag kind=root" not in advice


def test_a_list_is_asked_again_quickly_only_while_something_runs(page, workspace, owner):
    run = make.run(workspace)
    assert 'data-live="4"' in page()
    complete_run(run, by=owner)
    assert 'data-live="20"' in page()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_only_words(page, workspace, text):
    run = make.run(
        workspace,
        experiment="x",
        display_name=text,
        description=text,
        tags={text: text},
        params={text: text},
        target=text,
        metrics={text: [text]},
    )
    fields = "" if '"' in text else f',params."{text}",metrics."{text}"'
    for path in (
        f"/w/vision/runs/?columns={quote('name,tags,description,target' + fields)}",
        f"/w/vision/runs/{run.public_id}/",
        f"/w/vision/runs/{run.public_id}/tags/",
        f"/w/vision/runs/{run.public_id}/metrics/?m={quote(text)}",
        f"/w/vision/runs/{run.public_id}/activity/",
        f"/w/vision/runs/{run.public_id}/cancel/",
        "/w/vision/columns/?at=/w/vision/runs/",
    ):
        assert Active(page(path=path)).found == [], path


class Active(HTMLParser):
    """Collects what would run in a page, besides the studio's own script files."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag == "script" and not (names.get("src") or "").startswith("/static/"):
            self.found.append("script")
        self.found += [name for name in names if name.startswith("on") or name == "style"]
        if any((names.get(name) or "").strip().lower().startswith("javascript:") for name in ("href", "src")):
            self.found.append("javascript:")
        if tag == "img" and not (names.get("src") or "").startswith("/"):
            self.found.append("img")


def test_the_number_of_queries_does_not_grow(client_of, owner, workspace):
    for number in range(3):
        make.run(workspace, tags={"a": "b"}, params={"p": str(number)}, metrics={"m": number})
    few = _queries(client_of(owner))
    for number in range(30):
        parent = make.run(workspace, tags={"a": "b"}, params={"p": "1"}, metrics={"m": number})
        make.run(workspace, parent=parent)
    many = _queries(client_of(owner))
    assert many <= few <= 12


QUERY = "?columns=name,status,tags,params.p,metrics.m,created,duration,created_by,target,experiment,children,number"


def _queries(client):
    client.get("/w/vision/runs/")  # that somebody came is written down once in a few minutes
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/w/vision/runs/{QUERY}&tag=a=b").status_code == 200
    return len(make.reads_of(captured.captured_queries))


@pytest.mark.parametrize("points", [1, 3000])
def test_a_full_page_is_small(client_of, owner, workspace, points):
    noise = np.random.default_rng(0).normal(size=(6, points))
    metrics = {f"metric_{n}": list(noise[n]) for n in range(6)}
    for _ in range(50):
        make.run(
            workspace,
            display_name="a name of usual length",
            tags={"team": "vision", "data": "digits"},
            metrics=metrics,
        )
    columns = "name,status,tags,created,duration,created_by," + ",".join(
        f"metrics.{name}" for name in metrics
    )
    html = client_of(owner).get(f"/w/vision/runs/?columns={columns}").content
    assert html.count(b"<tr data-id") == 50
    # Where there is not room for all lines, the columns at the right go without.
    assert html.count(b'<svg role="none"><path') == (100 if points > 1 else 0)
    assert len(html) < 150_000


def test_no_template_carries_script_or_style():
    root = Path(__file__).resolve().parents[2]
    for path in (root / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|\son\w+=|<script>(?!\s*$)|<style|javascript:|!important", text), path
        assert "hx-on" not in text and len(text.splitlines()) < 150

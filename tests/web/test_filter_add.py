"""Add filter: what to filter by, its values, and the list that is narrowed."""

import html
import re
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from runs.query.grammar import parse_field
from runs.web.address import Address
from runs.web.filter_add import narrowed
from tests import make

AT = "/w/vision/runs/"


@pytest.fixture
def runs(workspace):
    made = [
        make.run(
            workspace, display_name=f"run {n}", params={"lr": str(n / 10)}, metrics={"val/loss": float(n)}
        )
        for n in range(4)
    ]
    make.tag(made[0], team="a=b, 'c' & <i>", bare=None)
    make.tag(made[1], team="vision")
    return made


def ask(client, **asked):
    return client.get(f"/w/vision/filter/?{urlencode({'at': AT, **asked}, doseq=True)}")


def links(page: str) -> list[str]:
    return [html.unescape(url) for url in re.findall(r'class="pick" href="([^"]*)"', page)]


def names(client, url: str) -> set[str]:
    answer = client.get(url, follow=True)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return {f"run {n}" for n in range(4) if f">run {n}<" in answer.content.decode()}


def test_it_begins_with_what_runs_have(runs, client_of, reader):
    page = ask(client_of(reader)).content.decode()
    for word in (
        "Status",
        "Experiment",
        "Submitted by",
        "Compute target",
        "Duration",
        "Type",
        "team",
        "lr",
        "val/loss",
    ):
        assert f">{word}<" in page


@pytest.mark.parametrize(
    ("by", "title"), [("tags.team", "Tag team"), ("params.rate", "Parameter rate"), ("status", "Status")]
)
def test_its_second_step_says_what_is_filtered(runs, client_of, reader, by, title):
    path = f"/w/vision/filter/?at=/w/vision/runs/&by={by}"
    page = client_of(reader).get(path, headers={"HX-Request": "true"}).content.decode()
    assert f'<h2 id="dialog-title">{title}</h2>' in page


def test_every_value_that_is_offered_narrows_the_list_to_its_runs(runs, client_of, reader):
    client = client_of(reader)
    found = [names(client, url) for url in links(ask(client, by="tags.team").content.decode())]
    assert sorted(map(sorted, found)) == [["run 0"], ["run 1"]]
    assert names(client, links(ask(client, by="tags.bare").content.decode())[0]) == {"run 0"}
    assert names(client, links(ask(client, by="status").content.decode())[0]) == {
        f"run {n}" for n in range(4)
    }
    assert names(client, links(ask(client, by="created").content.decode())[0]) == {
        f"run {n}" for n in range(4)
    }


WAYS = [
    ("tags.team", "=", "vision", {"run 1"}),
    ("tags.team", "!=", "vision", {"run 0"}),
    ("tags.team", "contains", "'c'", {"run 0"}),
    ("tags.team", "is null", "", {"run 2", "run 3"}),
    ("tags.team", "is not null", "", {"run 0", "run 1"}),
    ("params.lr", "<", "0.15", {"run 0", "run 1"}),
    ("params.lr", "=", "0.3", {"run 3"}),
    ('metrics."val/loss"', ">=", "2", {"run 2", "run 3"}),
    ("metrics.val/loss.max", "<", "1", {"run 0"}),
    ("duration", "<=", "1h", {"run 0", "run 1", "run 2", "run 3"}),
    ("created", ">=", "-1h", {"run 0", "run 1", "run 2", "run 3"}),
    ("experiment", "is not", "digits", None),
    ("experiment", "=", "digits", {"run 0", "run 1", "run 2", "run 3"}),
]


@pytest.mark.parametrize(("by", "op", "value", "found"), WAYS)
def test_every_way_to_compare(runs, client_of, reader, by, op, value, found):
    client = client_of(reader)
    if found is None:
        assert ask(client, by=by, op=op, value=value).status_code == 400
        return
    assert (
        names(client, f"/w/vision/filter/?{urlencode({'at': AT, 'by': by, 'op': op, 'value': value})}")
        == found
    )


def test_what_was_there_stays_and_is_met_too(runs, client_of, reader):
    answer = ask(
        client_of(reader),
        by="tags.team",
        op="!=",
        value="vision",
        filter="status = 'Running'",
        sort="name",
        cursor="x",
    )
    query = QueryDict(answer["Location"].partition("?")[2])
    assert query["filter"] == "status = 'Running' and tags.team != 'vision'"
    assert query["sort"] == "name" and "cursor" not in query and "by" not in query


def test_a_chip_leads_to_its_own_change(runs, client_of, reader):
    client = client_of(reader)
    page = client.get(f"{AT}?tag=team%3Dvision&metric=val/loss%3C0.5&status=Running").content.decode()
    edits = [html.unescape(url) for url in re.findall(r'class="edit" href="([^"]*)"', page)]
    assert len(edits) == 3
    form = client.get(edits[1]).content.decode()
    assert 'value="vision"' in form and 'value="=" selected' in form
    changed = client.get(f"{edits[1]}&op=contains&value=vis")
    query = QueryDict(changed["Location"].partition("?")[2])
    assert query.getlist("tag") == [] and query["filter"] == "tags.team contains 'vis'"
    assert query["status"] == "Running" and query["metric"] == "val/loss<0.5"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"by": "nonsense"}, "nonsense"),
        ({"by": "metrics.loss", "op": "<", "value": "abc"}, "abc"),
        ({"by": "metrics.loss", "op": "<", "value": ""}, "compared with"),
        ({"by": "tags.team", "op": "~", "value": "x"}, "not compared by"),
        ({"by": "created", "op": ">=", "value": "soon"}, "soon"),
        ({"by": "duration", "op": ">=", "value": "long"}, "long"),
        ({"by": "status", "op": "=", "value": "Sleeping"}, "Sleeping"),
        ({"by": "tags.team", "op": "=", "value": "\x00"}, "character"),
    ],
)
def test_a_mistake_is_told_in_words(runs, client_of, reader, asked, words):
    answer = ask(client_of(reader), **asked)
    assert answer.status_code == 400 and words in html.unescape(answer.content.decode())


@pytest.mark.parametrize("at", ["https://evil.example/", "//evil.example", "/login/", "/w/elsewhere/runs/"])
def test_it_leads_to_lists_of_this_workspace_only(runs, client_of, reader, at):
    answer = client_of(reader).get(f"/w/vision/filter/?at={at}&by=status&op=%3D&value=Running")
    assert answer.status_code == 404


def test_a_value_with_signs_of_its_own_goes_round(runs):
    url = narrowed(Address(AT, QueryDict()), parse_field("tags.`a=b`"), "=", "c=d 'e' \"f\"")
    assert QueryDict(url.partition("?")[2])["filter"] == "tags.\"a=b\" = 'c=d ''e'' \"f\"'"


def test_what_may_follow_is_offered_to_members_only(runs, client_of, reader, stranger):
    answer = client_of(reader).get("/w/vision/filter/complete/?text=tags.te").json()
    assert answer == {"start": 0, "options": [{"text": "tags.team", "note": ""}]}
    assert client_of(stranger).get("/w/vision/filter/complete/?text=tags.te").status_code == 404


def test_rest_lists_keys_and_values(runs, api_of, reader):
    api = api_of(reader)
    assert api("GET", "workspaces/vision/suggest/?kind=tag&text=te").json() == {"keys": ["team"]}
    values = api("GET", "workspaces/vision/suggest/?field=tags.team&text=vi").json()["values"]
    assert values == [{"value": "vision", "runs": 1, "has_more": False}]
    assert api("GET", "workspaces/vision/suggest/").status_code == 400
    assert api("GET", "workspaces/vision/suggest/?field=metrics.loss").status_code == 400


@pytest.mark.parametrize("dialog", ["filter", "group", "columns", "charts/chart"])
def test_what_is_not_listed_is_found_by_its_name(dialog, workspace, client_of, reader):
    run = make.run(workspace, metrics={"a metric": 1.0})
    make.tag(run, **{f"a{number:04}": "x" for number in range(301)}, zebra="striped")
    asked = {"at": AT} | ({"c_kind": "parallel"} if "chart" in dialog else {})
    page = f"/w/vision/{dialog}/?{urlencode(asked)}"
    whole = client_of(reader).get(page).content.decode()
    assert "a0100" in whole and "zebra" not in whole
    assert f'data-rest="{html.escape(page)}"' in whole
    found = client_of(reader).get(f"{page}&find=zeb").content.decode()
    links = re.findall('(?:href|hx-get)="([^"]*)"', found.split("dialog-title")[-1].split('id="main"')[-1])
    assert "zebra" in found and ">a0100<" not in found and not any("find=" in link for link in links)
    assert client_of(reader).get(f"{page}&find=%00").status_code == 200

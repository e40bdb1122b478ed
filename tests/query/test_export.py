"""What is on screen, as a file: the page's door and REST's give the same."""

import csv
import io
import json

import pyarrow.parquet
import pytest
from django.http import QueryDict

from runs.query import export
from runs.query import runs as list_of_runs
from runs.query.columns import parse_sort
from runs.query.filters import RunFilters
from runs.query.runs import list_runs
from tests import make


@pytest.fixture
def runs(workspace, owner):
    made = [
        make.run(
            workspace,
            "digits" if n % 2 else "letters",
            display_name=f"run {n}",
            params={"lr": str(n / 10), "net": "cnn" if n else "7"},
            metrics={"loss": [1.0, n / 4], "note": "fine" if n == 3 else 1.0},
        )
        for n in range(6)
    ]
    make.tag(made[2], team="=vision", bare=None)
    make.run(workspace, "letters", display_name="child", parent=made[0])
    return made


def body(answer) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def lines(answer) -> list[dict]:
    return [json.loads(line) for line in body(answer).splitlines()]


@pytest.fixture(params=["page", "REST"])
def ask(request, client_of, api_of, reader):
    """A reader asks by either door."""

    def asked(query: str):
        if request.param == "page":
            return client_of(reader).get(f"/w/vision/export/?{query}")
        return api_of(reader)("GET", f"workspaces/vision/runs/export/?{query}")

    return asked


def test_filter_sort_and_columns_are_those_of_the_list(ask, runs):
    found = lines(
        ask(
            "format=jsonl&experiment=digits&sort=metrics.loss&columns=name,metrics.loss,metrics.loss.max,params.lr"
        )
    )
    assert [row["name"] for row in found] == ["run 1", "run 3", "run 5"]
    assert found[0] == {
        "id": runs[1].public_id,
        "name": "run 1",
        "metrics.loss": 0.25,
        "metrics.loss.max": 1.0,
        "params.lr": 0.1,
    }


def test_values_that_are_not_all_numbers_stay_text(ask, runs):
    found = lines(ask("format=jsonl&columns=params.net,metrics.note&sort=name"))
    assert (
        found[0]["params.net"] == "7"
        and found[0]["metrics.note"] == "1.0"
        and found[3]["metrics.note"] == "fine"
    )


def test_csv_holds_no_formula_of_a_tag(ask, runs):
    read = list(
        csv.DictReader(
            io.StringIO(body(ask("columns=tags,name&filter=tags.team IS NOT NULL")).decode("utf-8-sig"))
        )
    )
    assert [row["tags"] for row in read] == ["bare; team==vision"] and read[0]["name"] == "run 2"


def test_parquet_is_typed(ask, runs):
    data = body(ask("format=parquet&columns=name,created,duration,metrics.loss,number"))
    schema = {f.name: str(f.type) for f in pyarrow.parquet.read_table(io.BytesIO(data)).schema}
    assert schema == {
        "id": "string",
        "name": "string",
        "created": "timestamp[ms, tz=UTC]",
        "duration": "double",
        "metrics.loss": "double",
        "number": "int64",
    }


def test_only_the_selected_ones_children_too(ask, runs):
    child = runs[0].children.get()
    found = lines(ask(f"format=jsonl&columns=name&selected={runs[1].public_id}&selected={child.public_id}"))
    assert {row["name"] for row in found} == {"run 1", "child"}


def test_many_runs_come_in_batches_none_twice(ask, runs, monkeypatch):
    monkeypatch.setattr(export, "A_BATCH", 2)
    found = lines(ask("format=jsonl&columns=name&sort=-metrics.loss"))
    assert [row["name"] for row in found] == [f"run {n}" for n in (5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize("sort", ["-metrics.loss", "metrics.note,-created", "params.net", ""])
def test_the_runs_of_a_rare_term_are_put_in_order_once(runs, workspace, owner, monkeypatch, reads, sort):
    monkeypatch.setattr(export, "A_BATCH", 2)
    asked = QueryDict(f"columns=name&filter=metrics.loss >= 0&sort={sort}")
    with reads(
        at_most=5 + 2 * 3
    ):  # keys, types, probe and the order; then each batch its runs and their cells
        table = export.asked_table(workspace, asked, viewer=owner)
        found = [row[0] for batch in table.batches() for row in batch]
    order = parse_sort(sort)
    listed = list_runs(workspace, RunFilters(asked).conditions(), viewer=owner, sort=order).runs
    assert found == [run.public_id for run in listed] and len(found) == 6
    monkeypatch.setattr(list_of_runs, "MOST_ORDERED", 3)
    again = export.asked_table(workspace, asked, viewer=owner)
    assert [row[0] for batch in again.batches() for row in batch] == found


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("format=xls", "csv, jsonl, parquet"),
        ("filter=metrics.loss <", "filter"),
        ("columns=nonsense", "nonsense"),
        ("&".join(["selected=x"] * 1001), "1,000"),
    ],
)
def test_a_mistake_is_told_before_anything_is_sent(ask, runs, query, word):
    answer = ask(query)
    assert answer.status_code == 400 and not answer.streaming and word in answer.content.decode()


def test_a_stranger_gets_nothing(client_of, api_of, stranger, runs):
    assert client_of(stranger).get("/w/vision/export/").status_code == 404
    assert api_of(stranger)("GET", "workspaces/vision/runs/export/").status_code == 404


def test_the_list_offers_itself_as_a_file(client_of, reader, runs):
    page = client_of(reader).get("/w/vision/experiments/digits/?sort=-metrics.loss&q=run").content.decode()
    assert "/w/vision/export/?" in page and "experiment=digits" in page and "format=parquet" in page

"""The tab Metrics: its list, its charts and tables, and the data that charts ask for."""

import json

import numpy as np
import pytest

from runs.actions.files import put_file
from runs.actions.tracking import Points, log_points
from tests import make


@pytest.fixture
def browser(client_of, reader):
    return client_of(reader)


@pytest.fixture
def page(browser, place):
    """The page with these parameters, as HTML."""

    def opened(query: str = "", status: int = 200) -> str:
        answer = browser.get(place(f"metrics/{query}"))
        assert answer.status_code == status
        return answer.content.decode()

    return opened


@pytest.fixture
def data(browser, place):
    """What a chart with these parameters is told."""
    return lambda query, **headers: browser.get(place(f"metrics/data/?{query}"), headers=headers)


def test_without_a_choice_all_metrics_are_shown_and_text_is_a_table(page, run):
    html = page()
    assert f'data-content="/w/vision/runs/{run.public_id}/metrics/data/?m=loss"' in html
    assert '<td class="long">good</td>' in html and "All on this page are shown" in html
    assert 'name="m" value="loss">' in html


def test_the_chosen_metrics_and_their_look_stand_in_the_address(page):
    html = page("?m=loss&x=relative&smooth=0.6&logy=1&cut=1")
    assert "metrics/data/?m=loss&amp;x=relative&amp;smooth=0.6&amp;logy=1&amp;cut=1" in html
    assert '<option value="relative" selected>' in html and 'name="m" value="loss" checked' in html
    assert "good" not in html.split('id="charts"')[1]


def test_several_metrics_share_one_chart(page, run):
    make.log(run, "accuracy", 0.1, 0.2)
    assert "metrics/data/?m=accuracy&amp;m=loss" in page("?one=1") and "2 metrics" in page("?one=1")


def test_a_table_has_the_numbers_by_pages(page, run):
    log_points(run, [Points("long", np.arange(250.0))])
    html = page("?m=long&as=table")
    assert "1–100 of" in html and '<td class="num">249</td>' in html and "row=100" in html
    last = page("?m=long&as=table&row=200")
    assert "201–250 of" in last and "row=100" in last and "row=300" not in last


def test_without_a_choice_the_table_sums_up_every_metric(page):
    html = page("?as=table")
    assert "Last step" in html and '<td class="num">0.375</td>' in html  # the mean of loss


def test_values_that_are_no_numbers_are_shown_as_such(page, run):
    make.log(run, "odd", 1.0, float("nan"), float("inf"))
    html = page("?m=odd&as=table")
    assert "NaN" in html and "Infinity" in html


def test_a_single_value_is_written_not_drawn(page, run):
    make.log(run, "best", 0.93)
    assert '<p class="value">0.93</p>' in page("?m=best")


def test_an_image_leads_to_its_own_tab(page, run):
    log_points(run, [Points("pictures", ["a.png"], kind="image")])
    assert "images/?name=pictures" in page("?m=pictures")


def test_a_chosen_metric_of_another_page_stays_in_the_list(page, run):
    log_points(run, [Points(f"m{n:03}", np.ones(2)) for n in range(100)])
    html = page("?m=m000&behind=m070")
    assert 'name="m" value="m000" checked' in html and 'value="m071"' in html


@pytest.mark.parametrize("query", ["?m=missing", "?find=%00", "?m=%00", "?find=zzz", "?behind=%00", "?m="])
def test_nonsense_in_the_address_is_harmless(page, query):
    page(query)


@pytest.mark.parametrize(
    "query", ["x=nonsense", "smooth=2", "smooth=x", "curve=x", "by=x", "row=-1", "row=x"]
)
def test_a_setting_that_cannot_be_is_refused_with_a_sentence(page, query):
    assert query.split("=")[0] in page(f"?{query}&m=loss&as=table", 400)


def test_the_page_of_a_thousand_metrics_is_bounded(page, run, reads):
    log_points(run, [Points(f"metric {n}", np.ones(3)) for n in range(1000)])
    with reads(at_most=16):
        html = page()
    assert html.count("data-content") == 60 and len(html) < 250_000 and "of 1,002" in html


def test_a_chart_gets_its_points_and_later_only_what_is_new(data, run):
    first = data("m=loss")
    line = first.json()["lines"][0]
    assert (line["x"], line["y"], line["total"], line["since"]) == ([0, 1], [0.5, 0.25], 2, 0)
    assert first.json()["kind"] == "line" and first.json()["said"] == ["2 points"]
    assert data("m=loss", if_none_match=first["ETag"]).status_code == 304
    assert data("m=loss&after=2&held=2").status_code == 204
    make.log(run, "loss", 0.125)
    newer = data("m=loss&after=2&held=2").json()
    assert newer["lines"][0]["y"] == [0.125] and newer["lines"][0]["since"] == 2
    assert newer["said"] == ["3 points"] and data("m=loss", if_none_match=first["ETag"]).status_code == 200


def test_nothing_newer_costs_no_reading_of_points(data, reads):
    with reads(at_most=8):
        assert data("m=loss&after=2&held=2").status_code == 204


@pytest.mark.parametrize("after", ["x", "-1", "1,2", "99", "9" * 30])
def test_an_after_that_cannot_be_asks_for_everything(data, after):
    assert data(f"m=loss&after={after}").json()["lines"][0]["since"] == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("m=loss&from=x", 400),
        ("m=loss&points=3", 400),
        ("m=loss&points=x", 400),
        ("m=loss&x=metric", 400),
        ("m=loss&x=metric&over=missing", 400),
        ("m=loss&smooth=1", 400),
        ("m=missing", 404),
        ("", 404),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(data, query, status):
    answer = data(query)
    assert answer.status_code == status
    assert status == 404 or answer.json()["error"]["message"]


def test_every_point_comes_as_a_file_that_no_spreadsheet_runs(data, run):
    log_points(run, [Points("=cmd()", np.arange(3000.0))])
    answer = data("m=%3Dcmd()&as=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 3001 and lines[0] == "metric,step,value" and lines[1].startswith("'=cmd()")


def test_a_document_is_drawn_or_told_why_not(data, page, run, owner):
    body = {"schema_type": "confusion_matrix", "data": {"class_labels": ["a"], "matrix": [[3]]}}
    for name, content in (("good", json.dumps(body)), ("broken", "{")):
        put_file(run, name, [content.encode()], by=owner)
        log_points(run, [Points(name, [name], kind="document")])
    log_points(run, [Points("gone", ["gone.json"], kind="document")])
    assert data("m=good").json()["counts"] == [[3.0]] and data("m=good&by=rows").json()["by"] == "rows"
    assert "no JSON" in data("m=broken").json()["empty"] and "no JSON" in page("?m=broken&as=table")
    assert "is not here" in data("m=gone").json()["empty"]
    assert "Share of row" in page("?m=good") and "Share of row" not in page("?m=broken")


def test_hostile_names_and_labels_are_only_words(page, run):
    name = '"><script>alert(1)</script>'
    make.log(run, name, 1.0, 2.0)
    row = json.dumps({"<b>x</b>": "<img src=x>", "y": 1})
    log_points(run, [Points("table", [row], kind="table")])
    html = page() + page("?as=table") + page("?m=table&as=table")
    assert "<script>alert" not in html and "<img src=x>" not in html and "<b>x</b>" not in html

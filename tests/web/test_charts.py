"""Charts and the comparison in the browser's door: addresses, forms, files, states."""

import csv
import html
import io
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests import make

RUNS = "/w/vision/runs/"
HOSTILE = "<img src=x onerror=alert(1)>&\"'"


@pytest.fixture
def page(client_of, owner):
    return client_of(owner)


@pytest.fixture
def runs(workspace):
    made = []
    for n in range(3):
        run = make.run(
            workspace, display_name=f"run {n}", params={"lr": n}, metrics={"loss": [2.0, n], "acc": n}
        )
        make.tag(run, team="a" if n else "b")
        made.append(run)
    return made


def query_of(answer):
    return parse_qs(urlsplit(answer["Location"]).query, keep_blank_values=True)


def test_the_address_holds_the_charts_and_a_wrong_one_leaves_the_page_usable(page, runs):
    answer = page.get(RUNS, {"chart": ["line:metrics.loss", "pie:metrics.loss"], "filter": "metrics.acc < 9"})
    text = answer.content.decode()
    assert answer.status_code == 200 and "There is no kind of chart &#x27;pie&#x27;" in text
    assert "run 1" in text and text.count("data-content=") == 1
    assert "filter=metrics.acc+%3C+9" in text


def test_the_chart_of_an_experiment_reads_that_experiment_alone(page, runs, workspace):
    make.run(workspace, "other", display_name="foreign", metrics={"loss": [1.0, 2.0]})
    text = page.get("/w/vision/experiments/digits/", {"chart": "bar:metrics.loss"}).content.decode()
    assert "in=digits" in text
    content = page.get("/w/vision/charts/data/", {"chart": "bar:metrics.loss", "in": "digits"}).json()
    assert [run["name"] for run in content["runs"]] == ["run 2", "run 1", "run 0"]


def test_the_form_leads_back_with_the_chart(page, runs):
    sent = {
        "at": RUNS, "filter": "metrics.acc < 9", "c_kind": "line", "c_field": ["metrics.loss", "metrics.acc"],
        "c_more": "", "c_by": "tags.team", "c_smooth": "0.5", "c_logy": "1", "c_size": "full", "c_done": "1",
    }  # fmt: skip
    answer = page.get("/w/vision/charts/chart/", sent)
    assert answer.status_code == 302 and answer["Location"].startswith(RUNS)
    assert query_of(answer) == {
        "filter": ["metrics.acc < 9"],
        "chart": ["line:metrics.loss,metrics.acc;by=tags.team;smooth=0.5;log=y;size=full"],
    }


def test_editing_puts_the_chart_in_its_place(page, runs):
    sent = {
        "at": RUNS, "chart": ["status", "bar:metrics.loss", "status;x=hour"], "c_place": "1",
        "c_kind": "box", "c_field": "metrics.acc", "c_by": "status", "c_done": "1",
    }  # fmt: skip
    answer = page.get("/w/vision/charts/chart/", sent)
    assert query_of(answer)["chart"] == ["status", "box:metrics.acc;by=status", "status;x=hour"]
    form = page.get(
        "/w/vision/charts/chart/", {"at": RUNS, "chart": "bar:params.lr;by=tags.team", "c_place": "0"}
    )
    assert 'value="params.lr"' in form.content.decode() and 'value="tags.team"' in form.content.decode()


def test_a_mistake_in_the_form_is_told_and_what_was_typed_stays(page, runs):
    sent = {"at": RUNS, "c_kind": "scatter", "c_field": ["params.lr", "wrong thing"], "c_done": "1"}
    answer = page.get("/w/vision/charts/chart/", sent)
    text = answer.content.decode()
    assert answer.status_code == 400 and "There is no field &#x27;wrong thing&#x27;" in text
    assert 'value="wrong thing"' in text


def test_a_kind_that_is_turned_to_has_enough_to_draw(page, runs):
    asked = {"at": RUNS, "c_kind": "parallel", "c_field": "metrics.loss"}
    text = page.get("/w/vision/charts/chart/", asked).content.decode()
    assert text.count(' checked><span class="name">') == 2


def test_in_the_dialog_the_form_leads_the_whole_window_or_stays_with_the_reason(page, runs):
    sent = {"at": RUNS, "c_kind": "status", "c_done": "1"}
    headers = {"HX-Request": "true"}
    answer = page.get("/w/vision/charts/chart/", sent, headers=headers)
    assert answer.status_code == 204 and "chart=status" in answer["HX-Redirect"]
    refused = page.get("/w/vision/charts/chart/", {**sent, "c_kind": "parallel"}, headers=headers)
    assert refused.status_code == 400 and "<html" not in refused.content.decode()


@pytest.mark.parametrize(
    "at", ["", "https://evil.example/", "//evil.example/w/vision/runs/", "/w/elsewhere/runs/", "/login/"]
)
def test_the_form_leads_nowhere_else(page, runs, at):
    sent = {"at": at, "c_kind": "status", "c_done": "1"}
    assert page.get("/w/vision/charts/chart/", sent).status_code == 404


def test_the_data_is_not_sent_twice(page, runs):
    asked = {"chart": "line:metrics.loss"}
    answer = page.get("/w/vision/charts/data/", asked)
    assert answer.json()["count"] == 6 and "no-cache" in answer["Cache-Control"]
    again = page.get("/w/vision/charts/data/", asked, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304 and again.content == b""
    make.log(runs[0], "loss", 5.0)
    changed = page.get("/w/vision/charts/data/", asked, headers={"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200 and changed.json()["count"] == 7


def test_a_mistake_is_json_with_a_sentence(page, runs):
    answer = page.get("/w/vision/charts/data/", {"chart": "pie"})
    assert answer.status_code == 400 and "no kind of chart" in answer.json()["error"]["message"]
    assert page.get("/w/vision/charts/data/", {"chart": "status", "in": "nothing"}).status_code == 404


def test_the_door_of_scripts_says_the_same(page, runs, api_of, owner):
    path = "workspaces/vision/charts/data/?chart=line:metrics.loss"
    page_says = page.get("/w/vision/charts/data/", {"chart": "line:metrics.loss"}).json()
    assert api_of(owner)("GET", path).json() == page_says
    assert api_of(owner)("GET", path.replace("line", "pie")).status_code == 400


def test_the_file_has_every_point_and_no_formula(page, workspace):
    make.run(workspace, display_name="=1+1", metrics={"loss": [float(n) for n in range(3000)]})
    answer = page.get("/w/vision/charts/data/", {"chart": "line:metrics.loss", "as": "csv"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0] == ["run", "run id", "metric", "step", "value"] and len(rows) == 3001
    assert rows[1][0] == "'=1+1" and rows[-1][-1] == "2999.0"
    assert answer["Content-Disposition"] == 'attachment; filename="loss.csv"'


def test_the_table_shows_the_numbers_without_a_script(page, runs):
    asked = {"chart": "bar:metrics.loss;by=tags.team", "at": RUNS}
    text = page.get("/w/vision/charts/table/", asked).content.decode()
    assert "mean loss" in text and f'href="{RUNS}"' in text and "3 runs" in text
    answer = page.get("/w/vision/charts/table/", {"chart": "pie", "at": "javascript:alert(1)"})
    assert answer.status_code == 400 and b"javascript:" not in answer.content


def test_hostile_names_are_words_everywhere(page, workspace):
    run = make.run(workspace, display_name=HOSTILE, metrics={HOSTILE: [1.0, 2.0]}, params={HOSTILE: HOSTILE})
    other = make.run(workspace, metrics={HOSTILE: [1.0]})
    chart = "line:metrics.`<img src=x onerror=alert(1)>&\"'`"
    for path, asked in (
        (RUNS, {"chart": chart}),
        ("/w/vision/charts/table/", {"chart": chart}),
        ("/w/vision/charts/chart/", {"at": RUNS}),
        ("/w/vision/compare/", {"run": [run.public_id, other.public_id]}),
    ):
        answer = page.get(path, asked)
        assert answer.status_code == 200 and b"<img src=x" not in answer.content, path


def test_runs_stand_side_by_side(page, runs, reads):
    ids = [run.public_id for run in runs]
    with reads(at_most=15):
        answer = page.get("/w/vision/compare/", {"run": ids, "base": ids[1]})
    text = answer.content.decode()
    assert answer.status_code == 200 and "baseline" in text and "+1 (+100%)" in text
    assert "line:metrics.loss" in text and f"selected={ids[0]}" in text


def test_none_and_too_many_say_what_to_do(page, runs):
    assert b"Tick two or more runs" in page.get("/w/vision/compare/").content
    answer = page.get("/w/vision/compare/", {"run": [f"r{n}" for n in range(51)]})
    assert answer.status_code == 400 and b"At most 50 runs" in answer.content
    assert b"Add another below" in page.get("/w/vision/compare/", {"run": runs[0].public_id}).content


def test_a_run_that_is_not_yours_or_gone_leaves_the_others_compared(page, runs, stranger):
    other = make.run(make.workspace(owner=stranger), display_name="a secret name", params={"lr": "secret"})
    answer = page.get("/w/vision/compare/", {"run": [runs[0].public_id, other.public_id, "<b>"]})
    text = answer.content.decode()
    assert answer.status_code == 200 and "2 runs are not here any more, or not shared with you" in text
    assert "secret" not in text and "<b>" not in text and "Compare 1 run<" in text
    assert "Leave them out" in text and f'?run={runs[0].public_id}">Leave' in text
    assert page.get("/w/vision/compare/", {"run": other.public_id}).status_code == 404


def test_a_run_is_added_by_its_words(page, runs):
    text = page.get("/w/vision/compare/", {"run": runs[0].public_id, "add": "run"}).content.decode()
    assert f"run={runs[0].public_id}&amp;run={runs[2].public_id}" in text


def test_the_comparison_is_downloaded_exactly(page, runs):
    asked = {"run": [run.public_id for run in runs[:2]]}
    rows = list(
        csv.reader(io.StringIO(page.get("/w/vision/compare/", asked | {"as": "csv"}).content.decode()))
    )
    assert ["metrics.loss", "0.0", "1.0"] in rows and ["metrics.loss.max", "2.0", "2.0"] in rows
    markdown = page.get("/w/vision/compare/", asked | {"as": "md"}).content.decode()
    assert "| params.lr | 0 | 1 |" in markdown


def test_no_chart_at_all_stays_none(page, runs):
    asked = {"run": [run.public_id for run in runs], "chart": ""}
    assert b"data-content" not in page.get("/w/vision/compare/", asked).content


def test_a_chart_above_open_groups_asks_for_its_data_and_not_for_the_group(page, runs):
    asked = {"group": "tags.team", "in": "=a", "chart": "line:metrics.loss"}
    text = page.get(RUNS, asked).content.decode()
    found = re.search(r'data-content="([^"]+)"', text)
    assert found
    answer = page.get(html.unescape(found[1]))
    assert answer.status_code == 200 and len(answer.json()["runs"]) == 3


def test_among_more_names_than_are_listed_the_form_searches(page, workspace):
    names = [f"layer.{n:03} norm" for n in range(320)]
    make.run(workspace, metrics={"loss": 1.0, **dict.fromkeys(names, 1.0)})
    form = {"at": RUNS, "c_kind": "line", "c_field": "metrics.loss"}
    whole = page.get("/w/vision/charts/chart/", form).content.decode()
    assert "search for them" in whole and "layer.319 norm" not in whole
    found = page.get("/w/vision/charts/chart/", form | {"find": "NORM 319"}).content.decode()
    assert re.findall(r'name="c_field" value="([^"]+)"', found) == ["metrics.&quot;layer.319 norm&quot;"]
    assert page.get("/w/vision/charts/chart/", form | {"find": "\0"}).status_code == 200


def test_a_field_that_is_typed_suggests_names_beyond_those_listed(page, workspace):
    make.run(workspace, metrics=dict.fromkeys([f"layer.{n:03} norm" for n in range(320)], 1.0))
    typed = {"at": RUNS, "c_kind": "bar", "c_field": "metrics.layer.31", "c_suggest": "1"}
    suggested = page.get("/w/vision/charts/chart/", typed).content.decode()
    assert "layer.312 norm</option>" in suggested and "layer.300 norm</option>" not in suggested


def test_the_form_leaves_the_search_of_its_page_alone(page, runs):
    asked = {"run": [run.public_id for run in runs], "find": "rows of Compare"}
    text = page.get("/w/vision/compare/", asked).content.decode()
    link = html.unescape(re.search(r'href="([^"]*charts/chart/[^"]*)"', text)[1])
    form = page.get(link).content.decode()
    assert 'value="metrics.loss"' in form
    sent = [
        (name, html.unescape(value))
        for name, value in re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', form)
    ]
    answer = page.get("/w/vision/charts/chart/?" + urlencode([*sent, ("c_field", "metrics.acc")]))
    assert query_of(answer)["find"] == ["rows of Compare"] and "c_find" not in answer["Location"]

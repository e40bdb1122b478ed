"""Metrics, images and monitoring of a run, as a person uses them; a real script logs through the SDK meanwhile."""

import json
import os
import random
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA
from tests.conftest import ROOT
from tests.web.conftest import PNG
from tests.web.test_hostile_metrics import hostile

HOSTILE = "<img src=x onerror=alert(1)><b>bold</b>"
LINES = ".js-plotly-plot .scatterlayer path.js-line"
TRAINING = """
import time
from studio import Experiment, Workspace
run = Experiment(Workspace.from_config(), "watched").start_logging("watched", capture_console=False)
print(run.id, flush=True)
for step in range(400):
    run.log("loss", 1 / (1 + step), step=step)
    time.sleep(0.1)
run.complete()
"""
MATRIX = {"class_labels": ["cat", HOSTILE], "matrix": [[8, 2], [1, 9]]}
TABLE = [[10, 10, 0, 0], [8, 2, 8, 2], [0, 0, 10, 10]]
DOCUMENTS = {
    "confusion": ("confusion_matrix", MATRIX),
    "accuracy": (
        "accuracy_table",
        {
            "probability_tables": [TABLE, TABLE],
            "percentile_tables": [TABLE, TABLE],
            "probability_thresholds": [0, 0.5, 1],
            "percentile_thresholds": [0, 0.5, 1],
            "class_labels": ["cat", HOSTILE],
        },
    ),
    "residuals": ("residuals", {"bin_edges": [-1, 0, 1], "bin_counts": [3, 4]}),
    "predictions": (
        "predictions",
        {"bin_edges": [0, 1, 2], "bin_averages": [0.4, 1.6], "bin_errors": [0.1, 0.2], "bin_counts": [5, 6]},
    ),
}


@pytest.fixture(scope="module")
def run(api):
    """Everything that can be drawn, some of it with hostile names."""
    chance, made = random.Random(1), api.run(experiment="drawn", display_name="drawn", heartbeat=False)
    loss = [chance.random() + 100 / (1 + step) for step in range(5000)]
    api.log(
        made,
        loss=loss,
        rate=[1 / (1 + step) for step in range(5000)],
        **{HOSTILE: [3.0, 1.0]},
        note=["words"],
    )
    series = [
        {
            "name": "growth",
            "kind": "table",
            "value": [{"year": n, "rate": n * n, HOSTILE: 3} for n in range(9)],
        }
    ]
    for name, (kind, data) in DOCUMENTS.items():
        body = json.dumps({"schema_type": kind, "data": data}).encode()
        api("PUT", f"runs/{made['id']}/files/{name}", body)
        series.append({"name": name, "kind": "document", "value": [name]})
    api("PUT", f"runs/{made['id']}/files/broken", b"{")
    series.append({"name": "broken", "kind": "document", "value": ["broken"]})
    for step in range(30):
        api("PUT", f"runs/{made['id']}/files/s{step}.png", PNG)
    files = [f"s{step}.png" for step in range(30)]
    series.append({"name": "samples", "kind": "image", "value": files, "step": list(range(0, 300, 10))})
    samples = ("cpu_percent", "process_cpu_percent", "memory_percent")
    times = [1_700_000_000_000 + n * 2000 for n in range(20)]
    series += [
        {"name": f"system/{name}", "value": [float(n) for n in range(20)], "time": times} for name in samples
    ]
    api("POST", f"runs/{made['id']}/metrics/", {"series": series})
    return made


def place(run, below=""):
    return f"/w/default/runs/{run['id']}/{below}"


def chosen(page):
    return parse_qs(urlsplit(page.url).query)


@pytest.fixture
def training(live_studio, tmp_path):
    """A real script that logs for a while; its run's id."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "STUDIO_URL": live_studio.url}
    environment |= {"STUDIO_TOKEN": live_studio.token, "STUDIO_WORKSPACE": "default"}
    environment |= {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("STATE", "CONFIG", "DATA")}
    script = subprocess.Popen(
        [sys.executable, "-c", TRAINING], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        lines = (line.strip() for line in script.stdout)
        yield {"id": next(line for line in lines if re.fullmatch(r"[0-9a-f-]{36}", line))}
    finally:
        script.terminate()
        script.wait(20)


def count_of(page):
    text = page.locator(".point-count").first.inner_text()
    return int(re.search(r"(\d+) points?", text)[1])


def test_metrics_and_monitoring_grow_while_a_script_logs(open_page, training):
    page = open_page(place(training, "metrics/"))
    if page.get_by_text("No metrics yet").count():
        page.wait_for_selector("[data-content]", timeout=20_000)
    expect(page.locator(".point-count").first).to_have_text(re.compile(r"\d+ points"), timeout=20_000)
    page.evaluate("document.querySelector('.plot').same = true")
    box, before = page.locator(".plot-card").first.bounding_box(), count_of(page)
    with page.expect_response(lambda a: "after=" in a.url and a.status == 200, timeout=20_000) as newer:
        pass
    assert 0 < len(newer.value.json()["lines"][0]["x"]) < newer.value.json()["count"]
    page.wait_for_function(
        "(n) => Number(document.querySelector('.point-count').innerText.match(/\\d+/)[0]) > n",
        arg=before + 20,
    )
    assert page.evaluate("document.querySelector('.plot').same")
    assert page.locator(".plot-card").first.bounding_box() == box
    drawn = page.evaluate("document.querySelector('.plot').data[0].x")
    assert drawn == list(range(len(drawn)))
    page.get_by_role("link", name="Monitoring").click()
    expect(page.locator(".plot-card", has_text="Processor")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-drawn]").first).to_be_visible(timeout=20_000)
    before = count_of(page)
    page.wait_for_function(
        "(n) => Number(document.querySelector('.point-count').innerText.match(/\\d+/)[0]) > n",
        arg=before,
        timeout=20_000,
    )


def test_a_closer_look_fetches_finer_points_and_the_band_goes(open_page, run):
    page = open_page(place(run, "metrics/?m=loss"))
    expect(page.get_by_text(re.compile(r"of 5,000 points, the band from least to most"))).to_be_visible(
        timeout=20_000
    )
    with page.expect_response(lambda answer: "from=1000" in answer.url and answer.ok):
        page.evaluate(
            "Plotly.relayout(document.querySelector('.plot'), {'xaxis.range': [1000, 1050]}).then(() => {})"
        )
    expect(page.get_by_text("53 points", exact=True)).to_be_visible()
    page.evaluate(
        "Plotly.relayout(document.querySelector('.plot'), {'xaxis.autorange': true}).then(() => {})"
    )
    expect(page.get_by_text(re.compile("of 5,000 points"))).to_be_visible()


def test_everything_is_drawn_and_hostile_labels_are_only_words(open_page, run):
    page = open_page(place(run, "metrics/"))
    for card in page.locator("[data-content]").all():
        card.scroll_into_view_if_needed()
    expect(page.locator("[data-drawn]")).to_have_count(8, timeout=30_000)
    expect(page.get_by_text("no JSON: Expecting property name")).to_be_visible()
    assert page.locator(".plot-card img, .plot-card b").count() == 0
    assert page.locator(".heatmaplayer image").count() == 1
    page.get_by_role("link", name="Share of row").click()
    expect(page.locator(".plot-card", has_text="confusion").get_by_text("80.0%")).to_be_visible()
    page.get_by_role("link", name="Lift").click()
    expect(page).to_have_url(re.compile("curve=lift"))
    expect(page.locator(".plot-card", has_text="accuracy").get_by_text("share of all")).to_be_visible()
    assert chosen(page) == {"by": ["rows"], "curve": ["lift"]}


def test_hostile_names_run_nowhere(open_page, api):
    made, names = api.run(experiment="hostile", heartbeat=False), []
    for name in hostile():
        if len(names) < 120 and name.isprintable() and name.strip():
            names.append(name)
    series = [{"name": name, "value": [float(n) for n in range(40)]} for name in names]
    api("POST", f"runs/{made['id']}/metrics/", {"series": series})
    page = open_page(place(made, "metrics/?one=1"))
    # Without the collections beside the checkout there are few names.
    expect(page.locator(".legend button")).to_have_count(min(24, len(names)), timeout=20_000)
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=20_000)
    page.locator(".plot .nsewdrag").first.hover()
    page.locator(".legend button").nth(3).click()
    page.get_by_role("link", name="Table", exact=True).click()
    expect(page.get_by_role("columnheader", name="Last step")).to_be_visible()
    page.goto(page.url.split("metrics/")[0] + "metrics/")
    for card in page.locator("[data-content]").all()[:12]:
        card.scroll_into_view_if_needed()
    expect(page.locator("[data-drawn]").nth(min(8, len(names) - 1))).to_be_visible(timeout=20_000)
    assert page.locator("main iframe, main object, main script, main form form").count() == 0


def test_every_choice_is_in_the_address_and_nothing_is_loaded_anew(open_page, run):
    page = open_page(place(run, "metrics/"))
    page.evaluate("window.same = true")
    picker = page.locator(".picker")
    picker.get_by_label("loss").check()
    expect(page.locator(".plot-card")).to_have_count(1)
    picker.get_by_label("rate").check()
    expect(page.locator(".plot-card")).to_have_count(2)
    page.get_by_label("One chart").check()
    expect(page.locator(".legend button")).to_have_text(["loss", "rate"], timeout=20_000)
    page.get_by_label("Log y").check()
    expect(page).to_have_url(re.compile("logy=1"))
    page.get_by_label("Smoothing").fill("0.9")
    expect(page).to_have_url(re.compile("smooth=0.9"))
    expect(page.locator(LINES)).to_have_count(6, timeout=20_000)  # each with its band and its raw line behind
    page.get_by_label("Across").select_option("relative")
    expect(page).to_have_url(re.compile("x=relative"))
    assert chosen(page)["m"] == ["loss", "rate"] and page.evaluate("window.same")
    page.go_back()
    expect(page.get_by_label("Across")).to_have_value("step")
    page.get_by_role("searchbox").fill("growth")
    expect(picker.get_by_label("growth")).to_be_visible()
    expect(picker.get_by_label("note")).to_have_count(0)
    assert "m=loss" in page.url and "find=growth" in page.url
    page.get_by_role("link", name="Table").click()
    expect(page.get_by_role("columnheader", name="Value").first).to_be_visible()


def test_another_metric_stands_across(open_page, run):
    page = open_page(place(run, "metrics/?m=loss&x=metric&over=rate"))
    expect(page.locator(".xtitle")).to_have_text("rate", timeout=20_000)


def test_charts_are_linked_while_one_points(open_page, run):
    page = open_page(place(run, "metrics/?m=loss&m=rate"))
    expect(page.locator("[data-drawn]")).to_have_count(2, timeout=20_000)
    page.locator(".plot .nsewdrag").first.hover()
    page.mouse.move(*[side + 3 for side in _middle(page.locator(".plot .nsewdrag").first)])
    expect(page.locator(".plot").nth(1).locator(".hoverlayer .hovertext").first).to_be_attached(
        timeout=30_000
    )


def _middle(locator):
    box = locator.bounding_box()
    return [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]


def test_of_a_thousand_metrics_only_what_is_seen_is_fetched(open_page, api):
    made = api.run(experiment="wide", heartbeat=False)
    for start in range(0, 1000, 250):
        series = [{"name": f"layer {n:04}", "value": [1.0, 2.0]} for n in range(start, start + 250)]
        api("POST", f"runs/{made['id']}/metrics/", {"series": series})
    page = open_page(place(made, ""))
    assert page.evaluate("typeof Plotly") == "undefined"
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/metrics/data/" in request.url else None)
    page.locator(".tabs a", has_text="Metrics").click()
    expect(page.locator("[data-drawn]").first).to_be_visible(timeout=20_000)
    page.wait_for_timeout(500)
    assert page.locator("[data-content]").count() == 60 and 0 < len(asked) <= 12
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("61–120 of 1,000")).to_be_visible()
    page.get_by_role("searchbox").fill("0999")
    expect(page.locator(".picker .check")).to_have_count(1)


def test_pictures_and_numbers_are_downloaded(open_page, run):
    page = open_page(place(run, "metrics/?m=loss"))
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=20_000)
    page.get_by_label("More for loss").click()
    with page.expect_download() as picture:
        page.get_by_role("button", name="Download PNG").click()
    assert picture.value.path().read_bytes()[:4] == b"\x89PNG"
    page.get_by_label("More for loss").click()
    with page.expect_download() as numbers:
        page.get_by_role("link", name="Download data (CSV)").click()
    assert len(numbers.value.path().read_text().splitlines()) == 5001


def test_images_are_gone_through_with_slider_and_keys(open_page, run):
    page = open_page(place(run, "images/"))
    page.get_by_role("link", name="samples").click()
    picture = page.get_by_alt_text("samples at step 290")
    expect(picture).to_be_visible()
    assert picture.bounding_box()["height"] <= page.locator(".stage").bounding_box()["height"]  # not cut
    slider = page.get_by_role("slider")
    slider.press("Home")
    expect(page).to_have_url(re.compile("step=0"))
    expect(page.get_by_alt_text("samples at step 0")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("step=10"))
    expect(page.locator(".stage img")).to_have_attribute("src", re.compile("s1.png"))
    expect(page.locator(".strip [aria-current]")).to_have_attribute("aria-label", "Step 10")
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator(".image-pane")).to_have_count(2)
    page.get_by_role("slider").nth(1).press("End")
    expect(page).to_have_url(re.compile("step2=290"))
    assert chosen(page)["step"] == ["10"]


def test_without_a_script_tables_and_steps_are_links(open_page, run):
    page = open_page(place(run, "metrics/?m=loss"), java_script_enabled=False)
    page.get_by_role("link", name="the table").click()
    expect(page.get_by_role("columnheader", name="Value")).to_be_visible()
    page.goto(page.url.split("metrics/")[0] + "images/?name=samples&step=20")
    page.get_by_role("link", name="The image after").click()
    expect(page.get_by_alt_text("samples at step 30")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(open_page, run, theme):
    places = [
        "metrics/",
        "metrics/?as=table",
        "metrics/?m=loss&m=growth&as=table",
        "metrics/?m=loss&m=rate&one=1",
    ]
    places += ["images/", "images/?name=samples&step=20&name2=samples&step2=0", "monitoring/", "children/"]
    page, found = open_page(place(run), theme=theme), {}
    for below in places:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(page.url.split("/w/")[0] + place(run, below))
        if "data-content" in page.content():
            expect(page.locator("[data-drawn]").first).to_be_visible(timeout=20_000)
        for violation in violations(page):
            nodes = [f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:3]]
            found[below, violation["id"]] = nodes
        page.set_viewport_size({"width": 360, "height": 800})
        page.wait_for_timeout(300)
        if (extra := page.evaluate(EXTRA)) > 0:
            found[below, "too wide"] = extra
    assert found == {}

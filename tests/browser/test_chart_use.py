"""Charts in use: ticked rows, a closer look, order, full screen, bad values; and Compare, whole in its address."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_charts import LINES, address, charts_of

PLACE = "/w/default/experiments/used%20charts/"
SOON = 20_000


@pytest.fixture(scope="module")
def runs(api):
    """Three runs of 3,000 points; the last one diverged, and its other values have no logarithm."""
    made = []
    for n in range(3):
        run = api.run(
            experiment="used charts",
            display_name=f"used {n}",
            params={"lr": "nan" if n == 2 else str(10**-n)},
            tags={"team": "x" * 150 + str(n)},
            heartbeat=False,
        )
        api.log(
            run, loss=[*(1 / (1 + step) for step in range(2999)), "NaN" if n == 2 else 0.5], low=[-1.0, 0.0]
        )
        api("POST", f"runs/{run['id']}/complete/")
        made.append(run)
    return made


def compared(runs, **more):
    pairs = [("run", run["id"]) for run in runs] + list(more.items())
    return "/w/default/compare/?" + "&".join(f"{name}={quote(value)}" for name, value in pairs)


def test_the_ticked_rows_are_drawn_and_then_all_again(open_page, runs):
    page = open_page(address("line:metrics.loss", place=PLACE))
    expect(page.get_by_text(re.compile("^3 runs ·"))).to_be_visible(timeout=SOON)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="used 1"))
    row.get_by_role("checkbox").check()
    expect(page.get_by_text(re.compile("^1 selected run ·"))).to_be_visible(timeout=SOON)
    row.get_by_role("checkbox").uncheck()
    expect(page.get_by_text(re.compile("^3 runs ·"))).to_be_visible(timeout=SOON)


def test_a_drag_across_looks_closer_and_a_double_click_returns(open_page, runs):
    page = open_page(address("line:metrics.loss", place=PLACE))
    expect(page.locator(LINES)).to_have_count(3, timeout=SOON)
    expect(page.get_by_text(re.compile("of 9,000 points"))).to_be_visible()
    area = page.locator(".js-plotly-plot .nsewdrag").bounding_box()
    middle = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + area["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.5, middle, steps=4)
    with page.expect_response(lambda answer: "from=" in answer.url and answer.ok):
        page.mouse.up()
    expect(page.get_by_text(re.compile("of 9,000 points"))).to_be_hidden()
    page.mouse.dblclick(area["x"] + area["width"] / 2, middle)
    expect(page.get_by_text(re.compile("of 9,000 points"))).to_be_visible(timeout=SOON)


def test_a_chart_is_dragged_to_another_place_and_fills_the_screen(open_page, runs):
    page = open_page(address("line:metrics.loss", "status", place=PLACE))
    expect(page.locator("[data-drawn]")).to_have_count(2, timeout=SOON)
    page.get_by_role("button", name=re.compile("^Move Runs by status")).drag_to(
        page.locator(".plot-card").first
    )
    expect(page).to_have_url(re.compile("chart=status.*chart=line"))
    assert charts_of(page) == ["status", "line:metrics.loss"]
    before = page.locator(".plot-card .plot").last.bounding_box()["height"]
    page.get_by_role("button", name="Full screen: loss").click()
    expect(page.locator(".plot-card:fullscreen")).to_contain_text("used 0")
    assert page.locator(".plot-card:fullscreen .plot").bounding_box()["height"] > before
    page.get_by_role("button", name="Full screen: loss").click()
    expect(page.locator(".plot-card:fullscreen")).to_have_count(0)


def test_plotly_is_fetched_when_a_chart_comes_near_once_and_for_ever(open_page, runs):
    page, fetched = open_page(PLACE), []
    page.on("response", lambda answer: fetched.append(answer) if "/plotly/" in answer.url else None)
    page.set_viewport_size({"width": 1280, "height": 60})
    page.goto(page.url.split("/w/")[0] + address("line:metrics.loss", "status", place=PLACE))
    expect(page.locator(".plot-card")).to_have_count(2)
    page.wait_for_load_state("networkidle")
    assert fetched == []
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("[data-drawn]")).to_have_count(2, timeout=SOON)
    (bundle,) = fetched
    assert re.search(r"plotly\.min\.[0-9a-f]{8,}\.js$", bundle.url)
    assert {"immutable", "public"} <= set(bundle.headers["cache-control"].split(", "))


def test_a_chart_that_has_its_size_is_not_drawn_again(open_page, runs):
    page = open_page(address("line:metrics.loss", place=PLACE))
    expect(page.locator("[data-drawn]")).to_have_count(1, timeout=SOON)
    again = """(plot) => new Promise((tell) => {
        plot.on('plotly_afterplot', () => tell('drawn again'));
        setTimeout(tell, 400, 'still');
    })"""
    assert page.locator(".plot").evaluate(again) == "still"


def test_values_that_cannot_be_drawn_are_told_of(open_page, runs):
    charts = [
        "line:metrics.low;log=y",
        "line:metrics.loss;log=xy",
        "parallel:params.lr,metrics.loss",
        "box:metrics.loss;by=tags.team",
    ]
    page = open_page(address(*charts, place=PLACE))
    for card in page.locator(".plot-card").all():
        card.scroll_into_view_if_needed()
    expect(page.locator("[data-drawn]")).to_have_count(3, timeout=SOON)
    expect(page.get_by_text("All values are 0 or below it")).to_be_visible()
    expect(page.get_by_text(re.compile("1 not a finite number · 3 not above 0"))).to_be_visible()
    expect(page.get_by_text("3 runs · 1 without all of these values")).to_be_visible()
    expect(page.get_by_text("3 runs · 1 without a number here")).to_be_visible()


def test_the_whole_comparison_is_in_its_address(open_page, runs):
    page = open_page(compared(runs, sort="-params.lr", base=runs[1]["id"], find="l", all="true"))
    page.get_by_role("link", name="Add chart").click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("link", name="Scatter").click()
    dialog.get_by_label("Across", exact=True).fill("params.lr")
    dialog.get_by_label("Up", exact=True).fill("metrics.low")
    dialog.get_by_role("button", name="Add chart").click()
    expect(page.get_by_role("heading", name="low against lr")).to_be_visible()
    other = open_page(page.url)
    for each in (page, other):
        expect(each.get_by_role("columnheader").nth(1)).to_contain_text("used 0")
        expect(each.get_by_role("columnheader").nth(2)).to_contain_text("baseline")
        expect(each.get_by_role("heading", name="low against lr")).to_be_visible()
        expect(each.get_by_label("Search rows")).to_have_value("l")
        expect(each.get_by_role("rowheader", name="Status")).to_have_count(0)


def test_the_fifty_first_run_is_refused_with_a_way_on(open_page, runs):
    place = compared(runs) + "".join(f"&run=r{n}" for n in range(48))
    page = open_page(place, expect_error=True)
    expect(page.get_by_text("At most 50 runs stand side by side; these are 51.")).to_be_visible()
    assert page.get_by_role("link", name="Compare the first 50").get_attribute("href").count("run=") == 50


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_dialog_of_a_chart(open_page, runs, theme):
    page, found = open_page(PLACE, theme=theme, width=390), {}
    page.get_by_role("link", name="Add chart").click()
    dialog = page.locator("#dialog")
    for kind in ("Scatter", "Parallel", "Line"):
        dialog.get_by_role("link", name=kind, exact=True).click()
        expect(dialog.locator("[aria-current=true]", has_text=kind)).to_be_visible()
        for violation in violations(page):
            found[kind, violation["id"]] = [node["html"][:160] for node in violation["nodes"][:3]]
    assert found == {}

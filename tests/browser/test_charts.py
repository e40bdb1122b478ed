"""Charts above the table and the comparison, as a person uses them."""

import random
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA

LIST = "/w/default/experiments/charted/"
HOSTILE = "<img src=x onerror=alert(1)><b>bold</b>"
LINES = ".js-plotly-plot .scatterlayer path.js-line"


@pytest.fixture(scope="module")
def runs(api):
    """Four runs of 3,000 points; one has a name that plotly would read as HTML."""
    chance, made = random.Random(1), []
    for n in range(4):
        run = api.run(
            experiment="charted",
            display_name=HOSTILE if n == 0 else f"charted {n}",
            params={"lr": str(10**-n), "opt": "adam" if n % 2 else "sgd"},
            tags={"team": "vision" if n % 2 else "text"},
            heartbeat=False,
        )
        api.log(run, loss=[chance.random() + 100 / (1 + step) for step in range(3000)], acc=[0.1 * n])
        api("POST", f"runs/{run['id']}/complete/")
        made.append(run)
    return made


def charts_of(page):
    return parse_qs(urlsplit(page.url).query).get("chart", [])


def address(*charts, place=LIST, **more):
    pairs = [("chart", chart) for chart in charts] + list(more.items())
    return place + "?" + "&".join(f"{name}={quote(value)}" for name, value in pairs)


def test_a_chart_is_added_edited_and_removed(open_page, runs):
    page = open_page(LIST)
    page.get_by_role("link", name="Add chart").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("acc", exact=True).uncheck()
    dialog.get_by_label("loss", exact=True).check()
    dialog.get_by_role("button", name="Add chart").click()
    expect(page.locator(LINES)).to_have_count(4, timeout=20_000)
    assert charts_of(page) == ["line:metrics.loss"]
    expect(page.get_by_text(re.compile(r"4 runs · [\d,]+ of 12,000 points"))).to_be_visible()
    page.get_by_role("link", name="Edit loss").click()
    dialog.get_by_label("Smoothing, 0 to 0.99").fill("0.9")
    dialog.get_by_label(re.compile("Coloured by")).fill("tags.team")
    dialog.get_by_role("button", name="Show it so").click()
    expect(page.locator(LINES)).to_have_count(8, timeout=20_000)
    assert charts_of(page) == ["line:metrics.loss;by=tags.team;smooth=0.9"]
    expect(page.locator(".legend button")).to_have_text(["vision", "text"])
    page.get_by_label("More for loss by team").click()
    page.get_by_role("link", name="Remove").click()
    expect(page.locator(".plot-card")).to_have_count(0)
    assert charts_of(page) == []


def test_kinds_are_changed_in_the_dialog(open_page, runs):
    page = open_page(LIST)
    page.get_by_role("link", name="Add chart").click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("link", name="Scatter").click()
    dialog.get_by_label("Across", exact=True).fill("params.lr")
    dialog.get_by_label("Up", exact=True).fill("metrics.acc")
    dialog.get_by_label("Logarithmic across").check()
    dialog.get_by_role("button", name="Add chart").click()
    expect(page.locator(".js-plotly-plot .points path")).to_have_count(4, timeout=20_000)
    assert charts_of(page) == ["scatter:params.lr,metrics.acc;log=x"]


def test_size_and_order_change_without_drawing_anew(open_page, runs):
    page = open_page(address("line:metrics.loss", "bar:metrics.acc"))
    expect(page.locator(".js-plotly-plot")).to_have_count(2, timeout=20_000)
    page.evaluate("document.querySelectorAll('.plot').forEach((plot, n) => { plot.same = n })")
    page.get_by_label("More for loss").click()
    page.get_by_role("link", name="Full width").click()
    expect(page.locator(".plot-card.wide")).to_have_count(1)
    assert charts_of(page) == ["line:metrics.loss;size=full", "bar:metrics.acc"]
    page.get_by_role("button", name=re.compile("^Move loss")).press("ArrowRight")
    expect(page).to_have_url(re.compile(r"chart=bar.*chart=line"))
    expect(page.locator(".plot-card").first).to_contain_text("acc")
    page.wait_for_timeout(1000)
    assert page.evaluate("[...document.querySelectorAll('.plot')].map((plot) => plot.same)") == [1, 0]
    page.go_back()
    expect(page.locator(".plot-card").first).to_contain_text("loss")


def test_every_kind_is_drawn_and_a_hostile_name_is_only_words(open_page, runs):
    page = open_page(
        address(
            "line:metrics.loss;smooth=0.5",
            "bar:metrics.acc",
            "bar:metrics.acc;by=params.opt",
            "scatter:params.lr,metrics.acc;by=tags.team",
            "parallel:params.lr,params.opt,metrics.acc",
            "box:metrics.acc;by=tags.team",
            "status",
            "line:metrics.nothing",
            "pie:metrics.loss",
        )
    )
    for card in page.locator(".plot-card").all():
        card.scroll_into_view_if_needed()
    expect(page.locator("[data-drawn]")).to_have_count(7, timeout=30_000)
    expect(page.get_by_text("No run here has nothing as numbers.")).to_be_visible()
    expect(page.get_by_text("There is no kind of chart 'pie'")).to_be_visible()
    expect(page.locator(".legend button").first).to_be_visible()
    assert page.locator(".plot-card img, .plot-card b").count() == 0
    assert HOSTILE in page.locator(".legend").first.inner_text()


def test_a_closer_look_fetches_finer_points(open_page, runs):
    page = open_page(address("line:metrics.loss"))
    expect(page.locator(LINES)).to_have_count(4, timeout=20_000)
    with page.expect_response(lambda answer: "from=1000" in answer.url and answer.ok):
        page.evaluate("Plotly.relayout(document.querySelector('.plot'), {'xaxis.range': [1000, 1050]})"
                      ".then(() => {})")  # fmt: skip
    expect(page.get_by_text(re.compile(r"4 runs · 2\d\d points"))).to_be_visible()
    page.evaluate(
        "Plotly.relayout(document.querySelector('.plot'), {'xaxis.autorange': true}).then(() => {})"
    )
    expect(page.get_by_text(re.compile("of 12,000 points"))).to_be_visible()


def test_the_legend_hides_a_line(open_page, runs):
    page = open_page(address("line:metrics.loss"))
    button = page.locator(".legend").get_by_role("button", name="charted 2")
    expect(button).to_have_attribute("aria-pressed", "true", timeout=20_000)
    button.click()
    expect(page.locator(LINES)).to_have_count(3)
    expect(page.locator(".legend").get_by_role("button", name="charted 2")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_the_selected_rows_are_drawn(open_page, runs):
    page = open_page(address("line:metrics.loss", selected=runs[1]["id"]))
    expect(page.get_by_text(re.compile("1 selected run ·"))).to_be_visible(timeout=20_000)


def test_picture_and_numbers_are_downloaded(open_page, runs):
    page = open_page(address("line:metrics.loss"))
    expect(page.locator(LINES)).to_have_count(4, timeout=20_000)
    page.get_by_label("More for loss").click()
    with page.expect_download() as picture:
        page.get_by_role("button", name="Download PNG").click()
    assert picture.value.suggested_filename == "loss.png"
    assert picture.value.path().read_bytes()[:4] == b"\x89PNG"
    page.get_by_label("More for loss").click()
    with page.expect_download() as numbers:
        page.get_by_role("link", name="Download data (CSV)").click()
    assert len(numbers.value.path().read_text().splitlines()) == 12_001


def test_a_chart_grows_with_its_run_and_stays_in_place(open_page, api):
    run = api.run(experiment="growing chart")
    api.log(run, loss=[3.0, 2.0])
    page = open_page(address("line:metrics.loss", place="/w/default/experiments/growing%20chart/"))
    expect(page.get_by_text("1 run · 2 points")).to_be_visible(timeout=20_000)
    page.evaluate("document.querySelector('.plot').same = true")
    top = page.locator(".table").bounding_box()["y"]
    api.log(run, loss=[1.0])
    expect(page.get_by_text("1 run · 3 points")).to_be_visible(timeout=30_000)
    assert page.evaluate("document.querySelector('.plot').same")
    assert page.locator(".table").bounding_box()["y"] == top


def test_a_search_carries_the_charts_over(open_page, runs):
    page = open_page(address("line:metrics.loss"))
    expect(page.locator(LINES)).to_have_count(4, timeout=20_000)
    page.evaluate("document.querySelector('.plot').same = true")
    page.get_by_label("Search runs").press_sequentially("bold")
    expect(page.locator(LINES)).to_have_count(1, timeout=30_000)
    assert page.evaluate("document.querySelector('.plot').same")


# The numbers of a chart come after its content has been carried over into another card.
CARRIED = """async () => {
  const { draw } = await import(document.querySelector("script[src*='/charts.']").src);
  const real = window.fetch, card = document.querySelector("[data-content]"), other = card.cloneNode(true);
  let go;
  window.fetch = async (...asked) => { await new Promise((done) => { go = done; }); return real(...asked); };
  const drawn = draw(card);
  other.querySelector(".plot-body").replaceWith(card.querySelector(".plot-body"));
  card.replaceWith(other);
  window.fetch = real;
  go();
  await drawn;
}"""


def test_numbers_that_come_after_a_chart_was_carried_over_are_drawn_where_it_is_now(open_page, runs):
    page = open_page(address("line:metrics.loss"))
    expect(page.locator(LINES)).to_have_count(4, timeout=20_000)
    page.evaluate("document.querySelector('.plot-body').chart = undefined")
    page.evaluate(CARRIED)
    expect(page.locator(LINES)).to_have_count(4)
    assert page.evaluate("document.querySelector('.plot-body').chart.answer.kind") == "line"


def test_without_a_script_the_numbers_are_a_table(open_page, runs):
    page = open_page(address("line:metrics.loss"), java_script_enabled=False)
    page.get_by_role("link", name="the table").click()
    expect(page.get_by_role("columnheader", name="value")).to_be_visible()
    page.get_by_role("link", name="Back to the chart").click()
    expect(page.get_by_role("heading", name="charted")).to_be_visible()


def test_runs_are_compared(open_page, runs):
    ids = "&".join(f"run={run['id']}" for run in runs)
    page = open_page(f"/w/default/compare/?{ids}")
    expect(page.get_by_role("heading", name="Compare 4 runs")).to_be_visible()
    expect(page.locator(LINES).first).to_be_visible(timeout=20_000)
    expect(page.get_by_role("rowheader", name="Status")).to_have_count(0)
    page.get_by_role("switch", name="Differences only").click()
    expect(page.get_by_role("rowheader", name="Status")).to_be_visible()
    page.get_by_role("link", name="lr", exact=True).click()
    expect(page.get_by_role("columnheader").nth(1)).to_contain_text("charted 3")
    page.get_by_label(re.compile("Column of charted 3")).click()
    page.get_by_role("link", name="Make it the baseline").click()
    expect(page.locator(".delta").first).to_be_visible()
    page.get_by_label(re.compile("Column of charted 2")).click()
    page.locator(".sheet:visible").get_by_role("link", name="Remove").click()
    expect(page.get_by_role("heading", name="Compare 3 runs")).to_be_visible()
    page.get_by_label("Find a run to add").fill("charted 2")
    page.get_by_label("Find a run to add").press("Enter")
    page.get_by_role("region", name="Runs found").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Compare 4 runs")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(open_page, runs, theme):
    ids = "&".join(f"run={run['id']}" for run in runs)
    places = [
        address("line:metrics.loss", "bar:metrics.acc", "pie:x"),
        f"/w/default/compare/?{ids}&base={runs[1]['id']}",
        "/w/default/compare/",
        f"/w/default/charts/chart/?at={LIST}",
        f"/w/default/charts/table/?chart=bar:metrics.acc&at={LIST}",
    ]
    page, found = open_page(places[0], theme=theme), {}
    base = page.url.split("/w/")[0]
    for place in places:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(base + place)
        if "data-content" in page.content():
            expect(page.locator("[data-drawn]").first).to_be_visible(timeout=20_000)
        for violation in violations(page):
            nodes = [f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:3]]
            found[place, violation["id"]] = nodes
        page.set_viewport_size({"width": 360, "height": 800})
        page.wait_for_timeout(300)
        if (extra := page.evaluate(EXTRA)) > 0:
            found[place, "too wide"] = extra
    assert found == {}

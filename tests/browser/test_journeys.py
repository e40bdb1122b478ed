"""Whole journeys through the studio, as a person makes them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import new_link


@pytest.fixture(scope="module")
def finished(api):
    """A run that has ended, with everything in it."""
    run = api.run(
        display_name="finished one", tags={"team": "vision"}, params={"rate": "0.1"}, heartbeat=False
    )
    api.log(run, loss=[1.0, 0.5, 0.25], accuracy=[0.2, 0.8, "NaN", 0.9])
    api("POST", f"runs/{run['id']}/logs/user_logs/std_log.txt?offset=0", b"epoch 1\nepoch 2\n")
    api("POST", f"runs/{run['id']}/complete/")
    return run


def test_a_link_signs_in_and_leads_home(open_page, live_studio, finished):
    page = open_page(new_link(live_studio), signed=False)
    page.wait_for_url("**/w/default/")
    expect(page.get_by_role("link", name="finished one")).to_be_visible()
    page.get_by_title("ada").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_list_is_searched_filtered_sorted_and_given_columns(open_page, api, finished):
    api.run(display_name="another one", heartbeat=False)
    page = open_page("/w/default/runs/")
    page.get_by_label("Search runs").press_sequentially("finished")
    expect(page.get_by_role("link", name="another one")).to_have_count(0)
    expect(page).to_have_url(re.compile("q=finished"))
    expect(page.get_by_label("Search runs")).to_be_focused()
    page.get_by_role("link", name="Columns").click()
    page.get_by_label("Search columns").fill("accur")
    page.get_by_role("checkbox", name="accuracy").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("cell", name="0.9", exact=True)).to_be_visible()
    page.get_by_role("link", name="accuracy").click()
    expect(page.get_by_role("columnheader", name="accuracy")).to_have_attribute("aria-sort", "descending")


def test_a_mistake_in_the_filter_is_pointed_at(open_page):
    page = open_page("/w/default/runs/", expect_error=True)
    page.get_by_role("combobox", name="Filter").fill("metrics.loss <")
    page.get_by_role("combobox", name="Filter").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("a value is missing")


def test_the_list_follows_a_run_without_being_touched(open_page, api):
    run = api.run(display_name="moving one", heartbeat=False)
    page = open_page("/w/default/runs/?status=Running&status=Completed")
    row = page.get_by_role("row").filter(has_text="moving one")
    expect(row).to_contain_text("Running")
    row.evaluate("row => { row.dataset.same = 'yes' }")
    api("POST", f"runs/{run['id']}/complete/")
    expect(row).to_contain_text("Completed", timeout=30_000)


def test_the_first_run_of_a_workspace_is_noticed(open_page, api, live_studio):
    live_studio.command(
        "shell",
        "--verbosity",
        "0",
        "-c",
        "from runs.actions.workspace import create_workspace; from runs.models import User; "
        "create_workspace('brand-new', by=User.objects.get(username='ada'))",
    )
    page = open_page("/w/brand-new/runs/")
    expect(page.get_by_text("Log your first run")).to_be_visible()
    api("POST", "workspaces/brand-new/runs/", {"experiment": "first", "display_name": "hello", "start": True})
    expect(page.get_by_role("link", name="hello", exact=True)).to_be_visible(timeout=30_000)


def test_charts_are_drawn_and_grow_with_the_run(open_page, api):
    run = api.run(display_name="growing one")
    api.log(run, loss=[3.0, 2.0])
    page = open_page(f"/w/default/runs/{run['id']}/metrics/")
    expect(page.get_by_text("2 points")).to_be_visible(timeout=30_000)
    assert page.locator(".js-plotly-plot .scatterlayer path.js-line").count() == 1
    api.log(run, loss=[1.0])
    expect(page.get_by_text("3 points")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Table").click()
    expect(page.get_by_role("cell", name="3", exact=True)).to_have_count(2)  # the highest value, and how many


def test_what_is_not_finite_is_a_gap_that_is_told(open_page, finished):
    page = open_page(f"/w/default/runs/{finished['id']}/metrics/?m=accuracy")
    expect(page.get_by_text("4 points · 1 not a finite number")).to_be_visible(timeout=30_000)


def test_the_log_is_followed_line_by_line(open_page, api):
    run = api.run(display_name="talking one")
    path = f"runs/{run['id']}/logs/user_logs/std_log.txt?offset="
    api("POST", f"{path}0", b"epoch 1\n")
    page = open_page(f"/w/default/runs/{run['id']}/logs/")
    lines = page.locator(".log li > span")
    expect(lines).to_have_count(1)
    api("POST", f"{path}8", b"50%")
    expect(lines).to_have_text(["epoch 1", "50%"], timeout=30_000)
    api("POST", f"{path}11", b"\r100%\n<script>alert(1)</script>\n")
    expect(lines).to_have_text(["epoch 1", "100%", "<script>alert(1)</script>"], timeout=30_000)


def test_earlier_lines_are_shown_on_demand(open_page, api):
    run = api.run(display_name="long one", heartbeat=False)
    text = b"".join(b"line %d\n" % number for number in range(1, 1501))
    api("POST", f"runs/{run['id']}/logs/long.txt?offset=0", text)
    page = open_page(f"/w/default/runs/{run['id']}/logs/?file=long.txt")
    expect(page.locator(".log li > span").first).to_have_text("line 501")
    page.get_by_role("link", name="Earlier lines").click()
    expect(page.locator(".log li > span").first).to_have_text("line 1")


def test_description_and_tags_are_edited_where_they_are_read(open_page, api):
    run = api.run(display_name="edited one", heartbeat=False)
    page = open_page(f"/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Edit the description").click()
    page.get_by_label("Description, in Markdown").fill("**worth** a look")
    page.wait_for_timeout(4000)  # a refresh of the page comes by and must leave the form alone
    page.get_by_label("Description, in Markdown").press("Control+Enter")
    expect(page.locator(".md strong")).to_have_text("worth")
    page.get_by_role("link", name="Add a tag").click()
    page.get_by_label("New tag").fill("quality")
    page.get_by_label("Its value").fill("great")
    page.get_by_label("Its value").press("Enter")
    expect(page.locator("#tags .tag")).to_have_text("qualitygreat")
    page.get_by_role("link", name="Add a tag").click()
    page.get_by_label("New tag").press("Escape")
    expect(page.get_by_label("New tag")).to_have_count(0)


def test_a_run_is_canceled_after_one_question(open_page, api):
    run = api.run(display_name="doomed one")
    page = open_page(f"/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_contain_text("Cancel doomed one?")
    page.get_by_role("link", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_label("Reason").fill("loss explodes")
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text("doomed one is asked to stop.")).to_be_visible()
    expect(page.get_by_text("Cancel requested")).to_be_visible()
    api("POST", f"runs/{run['id']}/canceled/")
    expect(page.locator("#head")).to_contain_text("Canceled", timeout=30_000)


def test_everything_but_charts_works_without_a_script(open_page, api):
    run = api.run(display_name="plain one", heartbeat=False)
    page = open_page("/w/default/runs/", java_script_enabled=False)
    page.get_by_label("Search runs").fill("plain")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Columns").click()
    page.get_by_role("checkbox", name="Run ID").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("cell", name=run["id"])).to_be_visible()
    page.get_by_role("link", name="plain one", exact=True).click()
    page.get_by_role("link", name="Add a tag").click()
    page.get_by_label("New tag").fill("seen")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#tags .tag")).to_have_text("seen")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#head")).to_contain_text("Canceled")


def test_the_theme_is_remembered(open_page):
    page = open_page("/w/default/experiments/")
    page.get_by_text("Theme and density").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.wait_for_load_state("networkidle")
    again = open_page("/w/default/experiments/")  # another browser of the same person
    expect(again.locator("html")).to_have_attribute("data-theme", "dark")
    again.get_by_text("Theme and density").click()
    with again.expect_response("**/me/preferences/"):
        again.get_by_role("button", name="As the system").click()


def test_parameters_of_the_overview_are_searched(open_page, api):
    params = {f"option_{number:02}": str(number) for number in range(12)}
    body = {"experiment": "overview search", "start": True, "params": params}
    run = api("POST", "workspaces/default/runs/", body)["id"]
    page = open_page(f"/w/default/runs/{run}/")
    expect(page.locator("#param-rows tr:visible")).to_have_count(12)
    page.get_by_label("Search parameters").fill("option_07")
    expect(page.locator("#param-rows tr:visible")).to_have_count(1)
    expect(page.locator("#param-rows tr:visible")).to_contain_text("7")
    page.get_by_label("Search parameters").fill("")
    expect(page.locator("#param-rows tr:visible")).to_have_count(12)

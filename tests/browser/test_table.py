"""The table of runs as a person uses it: tick, tag, undo, open children, move by keys, choose columns."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA


@pytest.fixture(scope="module")
def sweep(api):
    """A run with children and a grandchild, and two runs beside it."""
    top = api.run(experiment="table", display_name="sweep", tags={"team": "vision"}, heartbeat=False)
    child = api.run(experiment="table", display_name="child", parent=top["id"], heartbeat=False)
    api.run(experiment="table", display_name="grandchild", parent=child["id"], heartbeat=False)
    for name in ("first", "second"):
        made = api.run(experiment="table", display_name=name, heartbeat=False)
        api.log(made, loss=[1.0, 0.5])
    return top


AT = "/w/default/experiments/table/"


def test_ticks_are_kept_and_tagged_and_undone(open_page, sweep):
    page = open_page(AT)
    page.get_by_role("checkbox", name="Select first").check()
    page.get_by_role("checkbox", name="Select second").check()
    expect(page.locator("[data-selected-count]")).to_have_text("2 selected")
    expect(page).to_have_url(re.compile("selected=.*selected="))
    page.locator("#bulk summary", has_text="Tag").click()
    page.get_by_label("Tag", exact=True).fill("quality")
    page.get_by_label("Value, if any").fill("great")
    page.get_by_role("button", name="Add tag").click()
    expect(page.locator("#report")).to_contain_text("Tagged 2 runs.")
    row = page.locator("tr[data-id]", has_text="second")
    expect(row).to_contain_text("great")
    expect(page.get_by_role("checkbox", name="Select second")).to_be_checked()
    page.get_by_role("button", name="Undo").click()
    expect(row).not_to_contain_text("great")


def test_children_open_in_place_at_any_depth(open_page, sweep):
    page = open_page(AT)
    page.get_by_role("link", name="Children of sweep").click()
    page.get_by_role("link", name="Children of child").click()
    expect(page.get_by_role("link", name="grandchild", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="grandchild", exact=True)).to_be_visible()


def test_the_keys_move_select_and_edit(open_page, sweep):
    page = open_page(AT, expect_error=True)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Select first")).to_be_checked()
    page.keyboard.press("t")
    page.get_by_label("New tag").fill("k" * 257)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("at most 256")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_columns_are_ordered_and_given_an_aggregate(open_page, sweep):
    page = open_page(f"{AT}?columns=name,status,metrics.loss")
    page.get_by_role("link", name="Columns").click()
    page.get_by_label("Which number of loss").select_option("max")
    page.get_by_role("button", name="Move loss to the left").click()
    page.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(re.compile(r"columns=name,metrics.loss.max,status"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, sweep, theme):
    for width in (1280, 390):
        page = open_page(f"{AT}?open={sweep['id']}&selected={sweep['id']}", theme=theme, width=width)
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in violations(page)] == []
        assert page.evaluate(EXTRA) <= 0

"""What is refused is told in its place: the page stays, and so does what was typed."""

import re

import pytest
from playwright.sync_api import expect

IS_ON_TOP = """() => {
  const said = document.getElementById("said"), box = said.getBoundingClientRect();
  return said.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""


@pytest.fixture
def run(api):
    return api.run(experiment="refusals", display_name="refused one", heartbeat=False)


def is_whole(page, name):
    """Whether the page still is one page, with its own heading and one frame."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    assert page.locator("main").count() == 1 and page.locator("header.rail").count() == 1


def test_a_tag_that_is_refused_leaves_the_page_and_the_words(open_page, run):
    page = open_page(f"/w/default/runs/{run['id']}/", expect_error=True)
    for length, words in ((9000, "at most"), (17 << 20, "larger than 16 MiB")):
        page.get_by_role("link", name="Add a tag").click()
        page.get_by_label("New tag").fill("team")
        page.get_by_label("Its value").evaluate(
            "(field, length) => { field.value = 'v'.repeat(length) }", length
        )
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text(re.compile(words))).to_be_visible()
        is_whole(page, "refused one")
        expect(page.get_by_label("New tag")).to_have_value("team")
        page.reload()
    expect(page.locator("#tags")).to_contain_text("No tags.")


def test_a_form_that_has_grown_old_is_told_in_its_dialog(open_page, run, live_studio):
    page = open_page("/w/default/experiments/refusals/", expect_error=True)
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.get_by_label("New tag").fill("kept words")
    page.evaluate(
        "document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach((field) => { field.value = 'x' })"
    )
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_contain_text("too old")
    assert page.evaluate(IS_ON_TOP)
    expect(page.get_by_role("dialog").get_by_label("New tag")).to_have_value("kept words")
    is_whole(page, "refusals")


def test_what_has_gone_meanwhile_is_told_in_place(open_page, run, api, live_studio):
    page = open_page(f"/w/default/runs/{run['id']}/", expect_error=True)
    page.get_by_role("link", name="Edit the description").click()
    field = page.get_by_label("Description, in Markdown")
    field.fill("long words")
    api("POST", f"runs/{run['id']}/complete/")
    body = {"action": "trash", "ids": [run["id"]]}
    api("POST", "workspaces/default/runs/bulk/", body)
    field.press("Control+Enter")
    expect(page.locator("#said")).to_contain_text("was deleted")
    expect(field).to_have_value("long words")

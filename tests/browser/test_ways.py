"""The frame and Home, as a person uses them: palette, keys, what needs me, a new experiment, a new workspace."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA

HOME = "/w/default/"


@pytest.fixture(scope="module")
def things(api):
    """A running run, a failed one, a starred experiment and a view."""
    running = api.run(experiment="ways", display_name="striding one")
    api.log(running, wloss=[0.5, 0.25])
    failed = api.run(experiment="ways", display_name="fallen one", heartbeat=False)
    api("POST", f"runs/{failed['id']}/fail/", {"message": "out of memory, it says"})
    api("PUT", "workspaces/default/experiments/ways/star/")
    api("POST", "workspaces/default/views/", {"name": "Wayside", "state": {"q": "striding"}})
    return running


def go(page, words, kind, label):
    """By the palette: type, choose what is meant, Enter."""
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill(words)
    option = page.get_by_role("group", name=kind).get_by_role("option", name=label).first
    expect(option).to_be_visible()
    for _ in range(30):
        if option.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_the_palette_leads_everywhere(open_page, things):
    page = open_page(HOME)
    for words, kind, label, url in (
        ("sett", "Pages", "Settings", "**/w/default/settings/"),
        ("ways", "Experiments", "ways", "**/experiments/ways/"),
        ("striding", "Runs", "striding one", f"**/runs/{things['id']}/"),
        (things["id"][:13], "Runs", "striding one", f"**/runs/{things['id']}/"),
        ("wayside", "Views", "Wayside", "**/w/default/runs/?q=striding&view=*"),
        ("ada", "People", "Runs of ada", "**/w/default/runs/?submitted_by=ada"),
    ):
        page.goto(page.url.split("/w/")[0] + HOME)
        go(page, words, kind, label)
        page.wait_for_url(url)


def test_the_keys_lead_and_are_listed(open_page, things):
    page = open_page(HOME)
    for keys, url in (
        ("ge", "**/experiments/"),
        ("gr", "**/runs/"),
        ("gs", "**/settings/"),
        ("gh", "**/w/default/"),
    ):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_url(url)
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/runs/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("go to a page, experiment, run, view or person")
    expect(dialog).to_contain_text("edit its tags")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_label("Search runs")).to_be_focused()
    page.keyboard.type("g h?")  # letters of a word, not keys
    expect(page.get_by_label("Search runs")).to_have_value("g h?")


def test_home_shows_what_needs_me_and_follows_it(open_page, things, api):
    page = open_page(HOME)
    running = (
        page.get_by_role("region", name="My running runs")
        .get_by_role("listitem")
        .filter(has_text="striding one")
    )
    expect(running).to_contain_text(re.compile(r"wloss\s+0.25\s+step 1"))
    api.log(things, wloss=[0.125])
    expect(running).to_contain_text("0.125", timeout=30_000)
    failed = page.get_by_role("region", name="Failed since yesterday")
    expect(failed).to_contain_text("out of memory, it says")
    aside = page.get_by_role("complementary", name="Starred and new")
    expect(aside).to_contain_text("ways")


def test_a_new_workspace_is_made_and_waits_for_its_first_run(open_page, api):
    page = open_page(HOME, expect_error=True)
    page.get_by_text("default, change workspace").click()
    page.get_by_role("link", name="New workspace").click()
    page.get_by_label("Name").fill("default")
    page.get_by_role("button", name="Create the workspace").click()
    expect(page.get_by_role("alert")).to_contain_text("already")
    page.get_by_label("Name").fill("waystation")
    page.get_by_role("button", name="Create the workspace").click()
    page.wait_for_url("**/w/waystation/**")
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_text("Log your first run")).to_be_visible()
    api(
        "POST",
        "workspaces/waystation/runs/",
        {"experiment": "first", "display_name": "arrived", "start": True},
    )
    expect(page.get_by_role("link", name="arrived").first).to_be_visible(timeout=30_000)
    page.get_by_text("waystation, change workspace").click()
    page.get_by_role("link", name=re.compile("^default")).first.click()
    page.wait_for_url("**/w/default/")


def test_an_experiment_is_made(open_page):
    page = open_page("/w/default/experiments/", expect_error=True)
    page.get_by_role("link", name="New experiment").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("a/../b")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Name").fill("ways by hand")
    dialog.get_by_label("Description, if you like").fill("**made** here")
    dialog.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="ways by hand")).to_be_visible()
    expect(page.locator(".md strong")).to_have_text("made")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, things, theme):
    page, found = open_page(HOME, theme=theme, expect_error=True), {}

    def look(place):
        for violation in violations(page):
            found[place, violation["id"]] = [node["html"][:160] for node in violation["nodes"][:3]]
        if page.evaluate(EXTRA) > 0:
            found[place, "wide"] = page.evaluate(EXTRA)

    look("home")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("ways")
    expect(page.get_by_role("group", name="Experiments")).to_be_visible()
    look("palette")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    look("keys")
    page.goto(page.url.split("/w/")[0] + "/w/default/experiments/")
    page.get_by_role("link", name="New experiment").click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_visible()
    look("new experiment")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for path in (
            HOME,
            "/help/keys/",
            "/w/default/find/?q=ways",
            "/w/default/runs/nothing/",
            "/login/email/wrong/",
        ):
            page.goto(page.url.split("/w/")[0].split("/help")[0].split("/login")[0] + path)
            look(f"{path} {width}")
    assert found == {}

"""How pages look and answer the keyboard in every state: axe in light and dark, widths, dialogs that keep the focus."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA

LIST = "/w/default/experiments/looked%20at/"
SETTINGS = "/w/default/settings/"
HOSTILE = {
    "right to left": "مرحبا بالعالم \u202eevil\u202c " * 6,
    "signs": "👩‍👩‍👧‍👦🏳️‍🌈🚀" * 12,
    "stacked": "Z" + "\u0300\u0301\u0302\u0303" * 40 + "algo",
    "one word": "x" * 250,
    "markup": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
}


@pytest.fixture(scope="module")
def runs(api):
    """A failed run with a child, a running one, and one in which nothing is; and a workspace without any."""
    api("POST", "workspaces/", {"name": "looked-into"})
    for name in ("to go", "gone"):
        api("POST", "workspaces/default/experiments/", {"name": name})
    api("PATCH", "workspaces/default/experiments/gone/", {"deleted": True})
    failed = api.run(
        experiment="looked at", display_name="looked one", tags={"look": "red"}, params={"pace": "1"}
    )
    api.log(failed, glow=[1.0, 0.5])
    api.run(experiment="looked at", display_name="looked child", parent=failed["id"], heartbeat=False)
    api("POST", f"runs/{failed['id']}/logs/user_logs/std_log.txt?offset=0", b"one\ntwo\n")
    api("POST", f"runs/{failed['id']}/fail/", {"message": "out of luck", "details": {"trace": "a\nb"}})
    running = api.run(experiment="looked at", display_name="looked two", tags={"look": "blue"})
    empty = api.run(experiment="looked at", display_name="looked empty", start=False, heartbeat=False)
    return {"failed": failed, "running": running, "empty": empty}


def link(name):
    """Press the link of this name and wait for the dialog."""

    def press(page):
        page.locator("main").get_by_role("link", name=name, exact=True).first.click()
        expect(page.locator("#dialog")).to_be_visible()

    return press


def second_step(page):
    link("Add filter")(page)
    page.locator("#dialog").get_by_role("link", name="look", exact=True).click()
    expect(page.get_by_role("heading", name="Tag look")).to_be_visible()


def tick(page):
    page.get_by_role("checkbox", name="Select looked two", exact=True).check()
    expect(page.get_by_text("1 selected", exact=True)).to_be_visible()


def tag_menu(page):
    tick(page)
    page.locator("[data-actions] summary").filter(has_text="Tag").click()
    expect(page.get_by_label("Value, if any")).to_be_visible()


def open_children(page):
    page.locator("tr[data-id]").filter(has_text="looked one").locator(".tw").click()
    expect(page.get_by_role("link", name="looked child", exact=True)).to_be_visible()


def more(name):
    """Open the menu of the experiment and press the link of this name in it."""

    def press(page):
        page.get_by_label("More about this experiment").click()
        link(name)(page)

    return press


def stay(page):
    """As it is when it opens."""


STATES = {
    "lists": [
        (LIST, open_children),
        (LIST, tag_menu),
        (f"{LIST}?group=tags.look&open=x", stay),
        (f"{LIST}?sort=status,-duration&archived=true", stay),
        ("/w/default/experiments/?q=looked", stay),
        ("/w/default/experiments/?q=nothing+so+named", stay),
        ("/w/default/experiments/?archived=true", stay),
        ("/w/default/views/", stay),
        ("/w/default/trash/", stay),
    ],
    "dialogs": [
        (LIST, link("Columns")),
        (LIST, link("Add filter")),
        (LIST, second_step),
        (LIST, link("Group by")),
        (LIST, link("Share…")),
        (LIST, more("Rename…")),
        (LIST, more("Move to the trash…")),
        ("/w/default/experiments/to%20go/", more("Move to the trash…")),
        ("running/", link("Cancel")),
    ],
    "runs": [
        *(
            (f"empty/{tab}", stay)
            for tab in ("", "images/", "logs/", "snapshot/", "monitoring/", "activity/")
        ),
        ("failed/", stay),
        ("failed/snapshot/", stay),
        ("running/monitoring/", stay),
        ("failed/logs/?stderr=1", stay),
    ],
    "others": [
        (f"{SETTINGS}sessions/", stay),
        ("/help/keys/", stay),
        ("/w/default/find/?q=looked", stay),
        ("/w/nowhere-so-named/", stay),
        ("/w/looked-into/", stay),
        ("/w/looked-into/runs/", stay),
        ("/w/looked-into/experiments/", stay),
        ("/w/default/runs/?cursor=broken", stay),
    ],
}
BEFORE = [
    "/login/reset/none/",
    "/login/email/none/",
    "/invite/none/",
    "/login/link/none/",
]


@pytest.mark.parametrize("part", STATES)
def test_every_state_is_for_everybody(open_page, runs, part):
    page, found = open_page("/w/default/", expect_error=True), {}
    for path, act in STATES[part]:
        page.goto(_address(page, path, runs))
        act(page)
        found |= _findings(page, f"{path} {act.__name__}")
    assert found == {}


def test_pages_without_a_person_are_for_everybody(open_page):
    page, found = open_page("/login/", signed=False, expect_error=True), {}
    for path in BEFORE:
        page.goto(_address(page, path, {}))
        found |= _findings(page, path)
    assert found == {}


@pytest.mark.parametrize("name", ["Columns", "Add filter", "Group by", "Save as…", "Share…"])
def test_a_dialog_keeps_the_focus_and_gives_it_back(open_page, runs, name):
    page = open_page(LIST)
    opener = page.locator("main").get_by_role("link", name=name, exact=True).first
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog")
    expect(dialog.locator(":focus")).to_be_visible()
    for keys in (["Shift+Tab"], ["Tab"] * 3, ["Shift+Tab"] * 5):
        for key in keys:
            page.keyboard.press(key)
        expect(dialog.locator(":focus")).to_have_count(1)
    outline = dialog.locator(":focus").evaluate("each => getComputedStyle(each).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("place", [LIST, "/w/default/runs/?q=looked", "failed/children/"])
def test_boxes_are_seen_and_the_first_tick_moves_no_row(open_page, runs, place):
    page = open_page("/w/default/")
    page.goto(_address(page, place, runs))
    row = page.locator("tr[data-id]").last
    box = row.get_by_role("checkbox")
    expect(box).to_have_css("opacity", "1")
    before = row.bounding_box()
    box.click()
    expect(page.get_by_text("1 selected", exact=True)).to_be_visible()
    assert row.bounding_box() == before


def test_a_name_is_whole_where_there_is_room(open_page, api):
    api.run(experiment="looked names", display_name="a name of middling length", heartbeat=False)
    page = open_page("/w/default/experiments/looked%20names/")
    name = page.get_by_role("link", name="a name of middling length", exact=True)
    assert name.evaluate("each => each.scrollWidth - each.clientWidth") <= 0


def test_the_tab_one_is_on_is_in_sight_on_a_phone(open_page, runs):
    page = open_page("/w/default/", width=390)
    for path in ("empty/activity/", f"{SETTINGS}sessions/"):
        page.goto(_address(page, path, runs))
        present = page.locator("[data-current-in-view] [aria-current]").last
        expect(present).to_be_in_viewport(ratio=0.99)


def test_hostile_names_break_no_layout(open_page, api):
    made = api.run(
        experiment="looked hard",
        display_name=HOSTILE["one word"],
        tags={f"{kind} {n}": text[:200] for n in range(40) for kind, text in HOSTILE.items()},
        params={text[:200]: text for text in HOSTILE.values()},
        heartbeat=False,
    )
    for text in HOSTILE.values():
        api.run(experiment="looked hard", display_name=text, heartbeat=False)
        api("POST", "workspaces/default/views/", {"name": text[:100], "state": {"q": "looked"}})
    page, wide = open_page("/w/default/"), {}
    for path in (
        "/w/default/",
        "/w/default/experiments/looked%20hard/",
        "/w/default/views/",
        f"/w/default/runs/{made['id']}/",
    ):
        page.goto(_address(page, path, {}))
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 800})
            if (extra := page.evaluate(EXTRA)) > 0:
                wide[path, width] = extra
    assert wide == {}
    expect(page.locator("main .tag")).to_have_count(5 * 40)


def _address(page, path, runs):
    """The whole address; `failed/…` is a page of that run."""
    word, _, rest = path.partition("/")
    path = f"/w/default/runs/{runs[word]['id']}/{rest}" if word in runs else path
    return re.match("https?://[^/]+", page.url)[0] + path


def _findings(page, what):
    """What axe finds in light, and in dark of what differs there; and whether the page is too wide."""
    found = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for violation in violations(page):
            found[what, theme, violation["id"]] = [node["html"][:160] for node in violation["nodes"][:3]]
    page.emulate_media(color_scheme="light")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        if (extra := page.evaluate(EXTRA)) > 0:
            found[what, width] = extra
    return found

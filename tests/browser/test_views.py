"""Saved views as a team uses them: built, shared, opened by others, changed by two, deleted and brought back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA

AT = "/w/default/experiments/viewed%20together/"
VIEWS = "workspaces/default/views/"
MAKE = (
    "from runs.actions.workspace import *; from runs.actions.members import set_member; "
    "from runs.models import User, Workspace; ada = User.objects.get(username='ada'); "
    "user = User.objects.filter(username='{name}').first() or create_user('{name}'); "
    "set_member(Workspace.objects.get(name='default'), user, '{role}', by=ada); print(create_login_link(user))"
)


@pytest.fixture(scope="module")
def runs(api):
    """Six runs, half of team vision, with a metric and a parameter."""
    for n in range(6):
        tags = {"crew": "vision" if n % 2 else "text"}
        run = api.run(
            experiment="viewed together",
            display_name=f"viewed {n}",
            tags=tags,
            params={"opt": "adam"},
            heartbeat=False,
        )
        api.log(run, vloss=[1.0 / (n + 1), 0.5 / (n + 1)])
        api("POST", f"runs/{run['id']}/complete/")


@pytest.fixture
def as_person(open_page, live_studio):
    """Opens a page in the browser of a member who is made for it."""

    def opened(name, role, path, **options):
        code = MAKE.format(name=name, role=role)
        token = live_studio.command("shell", "--verbosity", "0", "-c", code).stdout.split()[-1]
        link = f"{live_studio.url}/login/link/{token}/"
        page = open_page(link, signed=False, expect_error=True, **options)
        page.wait_for_url("**/w/*/")
        page.goto(path if path.startswith("http") else live_studio.url + path)
        return page

    return opened


def build(page):
    """Filter, columns, chart, grouping: by hand, as one does."""
    dialog = page.locator("#dialog")
    page.get_by_role("link", name="Add filter").click()
    dialog.get_by_label("Search what to filter by").fill("crew")
    dialog.get_by_role("link", name="crew", exact=True).click()
    dialog.get_by_role("link", name=re.compile("^vision")).click()
    expect(page.locator(".chip", has_text="crew")).to_be_visible()
    page.get_by_role("link", name="Columns").click()
    dialog.get_by_label("Search columns").fill("opt")
    dialog.get_by_role("checkbox", name=re.compile(r"^opt\b")).check()
    dialog.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(re.compile("columns="))
    page.get_by_role("link", name="Add chart").click()
    dialog.get_by_label("vloss", exact=True).check()
    dialog.get_by_role("button", name="Add chart").click()
    expect(page.locator(".plot-card")).to_have_count(1)
    page.get_by_role("link", name="Group by", exact=True).click()
    dialog.get_by_label("Search what to group by").fill("opt")
    dialog.get_by_role("link", name="opt", exact=True).click()
    expect(page).to_have_url(re.compile("group=params.opt"))


def sees_it(page):
    """What was built is on the screen."""
    expect(page.locator("#viewbar")).to_contain_text("Mondays")
    expect(page.locator(".chip", has_text="vision")).to_be_visible()
    expect(page.locator(".plot-card")).to_have_count(1)
    assert "group=params.opt" in page.url and "columns=" in page.url
    expect(page.get_by_text("unsaved")).to_have_count(0)


def built_and_shared(page, dialog) -> str:
    """Build a view, save it as one that everybody may edit, and return the link that is shared."""
    build(page)
    expect(page.get_by_text("unsaved")).to_be_visible()
    page.get_by_role("link", name="Save as…").click()
    dialog.get_by_label("Name").fill("Mondays")
    dialog.get_by_label("The workspace may edit").check()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The view Mondays is saved.")).to_be_visible()
    sees_it(page)
    page.get_by_role("link", name="Share…").click()
    link = dialog.get_by_label("Link to the view").text_content()
    dialog.get_by_role("link", name="Close").click()
    expect(dialog).to_be_hidden()
    return link


def test_a_view_is_built_shared_changed_by_two_and_deleted(as_person, runs, live_studio):
    carl = as_person("vcarl", "contributor", AT)
    dialog = carl.locator("#dialog")
    link = built_and_shared(carl, dialog)

    nina = as_person("vnina", "contributor", link)
    sees_it(nina)
    nina.locator(".chip", has_text="vision").get_by_role("link", name=re.compile("^Remove")).click()
    expect(nina.get_by_text("unsaved")).to_be_visible()
    nina.get_by_role("button", name="Save", exact=True).click()
    expect(nina.get_by_text("The view Mondays is saved.")).to_be_visible()

    carl.get_by_role("link", name="Group by", exact=True).click()
    dialog.get_by_role("link", name="No groups").click()
    carl.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("heading", name="Somebody was faster")).to_be_visible()
    expect(dialog).to_contain_text("vnina has changed the view")
    dialog.get_by_role("button", name="Save mine as a new view…").click()
    dialog.get_by_label("Name").fill("Mine of Mondays")
    dialog.get_by_role("button", name="Save").click()
    expect(carl.locator("#viewbar")).to_contain_text("Mine of Mondays")

    rita = as_person("vrita", "reader", link)
    expect(rita.locator("#viewbar")).to_contain_text("Mondays")
    expect(rita.locator(".chip", has_text="vision")).to_have_count(0)  # as Nina saved it
    rita.get_by_label("Search runs").fill("viewed 1")
    expect(rita.get_by_text("unsaved")).to_be_visible()
    expect(rita.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    rita.get_by_label("More for this view").click()
    expect(rita.get_by_role("button", name="Delete")).to_have_count(0)
    rita.get_by_role("button", name="Duplicate").click()
    expect(rita.get_by_text("This is your own copy")).to_be_visible()

    nina.goto(link)
    nina.get_by_label("More for this view").click()
    expect(nina.get_by_role("button", name="Delete")).to_have_count(0)
    carl.goto(link)
    carl.get_by_label("More for this view").click()
    carl.get_by_role("button", name="Delete").click()
    expect(carl.get_by_text("The view Mondays is deleted.")).to_be_visible()
    nina.goto(link)
    expect(nina.get_by_text("There is no view")).to_be_visible()
    carl.get_by_role("button", name="Undo").click()
    expect(carl.locator("#viewbar")).to_contain_text("Mondays")
    nina.goto(link)
    expect(nina.locator("#viewbar")).to_contain_text("Mondays")


def test_an_unsaved_state_is_shared_as_it_is_seen(as_person, runs, live_studio):
    carl = as_person("vcarl", "contributor", f"{AT}?view=default")
    build(carl)
    carl.get_by_role("link", name="Share…").click()
    link = carl.locator("#dialog").get_by_label("Link to what you see now").text_content()
    rita = as_person("vrita", "reader", link)
    expect(rita.locator(".chip", has_text="vision")).to_be_visible()
    expect(rita.locator(".plot-card")).to_have_count(1)
    assert "group=params.opt" in rita.url
    expect(rita.get_by_text("unsaved")).to_be_visible()


def test_a_view_is_opened_elsewhere_from_the_menu(open_page, runs, api):
    new = {
        "name": "Travelling",
        "experiment": "viewed together",
        "state": {"tag": ["crew=vision"], "metric": "gone<1"},
    }
    api("POST", VIEWS, new)
    page = open_page("/w/default/runs/?view=default")
    page.locator(".viewname").click()
    page.get_by_label("Search views").fill("travel")
    page.get_by_role("link", name="Travelling").click()
    expect(page.locator("#viewbar")).to_contain_text("Travelling")
    assert page.url.split("?")[0].endswith("/w/default/runs/")
    expect(page.locator("#viewbar")).to_contain_text(
        "Not in this workspace, or not any more: the metric 'gone'"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(as_person, api, runs, theme):
    state = {"tag": ["crew=vision"], "chart": "line:metrics.vloss", "columns": "name,tags.lost,metrics.vloss"}
    made = api("POST", VIEWS, {"name": f"Looked at, {theme}", "sharing": "edit", "state": state})
    page, found = as_person("vowner", "owner", f"/w/default/views/{made['id']}/", theme=theme), {}

    def look(place):
        for violation in violations(page):
            found[place, violation["id"]] = [node["html"][:160] for node in violation["nodes"][:3]]
        if page.evaluate(EXTRA) > 0:
            found[place, "wide"] = page.evaluate(EXTRA)

    look("view")
    here = page.url
    page.locator(".viewname").click()
    expect(page.get_by_label("Search views")).to_be_visible()
    look("menu")
    page.keyboard.press("Escape")
    page.goto(here.replace("tag=", "q=viewed&tag="))
    for name in ("Save as…", "Share…"):
        page.get_by_role("link", name=name).click()
        expect(page.locator("#dialog")).to_be_visible()
        look(name)
        page.keyboard.press("Escape")
    page.get_by_label("More for this view").click()
    look("more")
    page.get_by_role("link", name="Rename, describe…").click()
    expect(page.locator("#dialog")).to_be_visible()
    look("edit")
    page.keyboard.press("Escape")
    api("PATCH", f"{VIEWS}{made['id']}/", {"version": 1, "state": {"q": "theirs"}})
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Somebody was faster")).to_be_visible()
    look("conflict")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(page.url.split("/w/")[0] + "/w/default/views/")
        look(f"views {width}")
    assert found == {}

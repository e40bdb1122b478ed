"""A team: an owner invites by link, a new person joins, becomes contributor, uses a token, and is removed."""

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_everybody import EXTRA

PASSWORD = "correct horse battery staple"
PLACES = [
    "",
    "members/",
    "members/remove/?member=ada",
    "activity/",
    "profile/",
    "password/",
    "tokens/",
    "sessions/",
]
PAGES = [f"/w/default/settings/{place}" for place in (*PLACES, "leave/")] + ["/workspaces/new/"]


def status_of(url, token, method="GET"):
    request = urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {token}"})
    request.add_header("Content-Type", "application/json")
    body = json.dumps({"experiment": "team"}).encode() if method == "POST" else None
    try:
        return urllib.request.urlopen(request, body, timeout=30).status
    except urllib.error.HTTPError as error:
        return error.code


def invite(page, role):
    page.locator(".row [name=role]").select_option(role)
    page.get_by_role("button", name="Invite").click()
    return page.locator(".fresh pre").text_content()


def test_a_person_is_invited_works_and_is_removed(open_page, api, live_studio):
    owner = open_page("/w/default/settings/members/")
    link = invite(owner, "reader")

    nina = open_page(link, signed=False, expect_error=True)
    expect(nina.get_by_role("heading", name="Join default")).to_be_visible()
    nina.get_by_label("User name").first.fill("nina")
    nina.get_by_label("Password", exact=True).first.fill(PASSWORD)
    nina.get_by_label("The same again").fill(PASSWORD)
    nina.get_by_role("button", name="Join", exact=True).click()
    nina.wait_for_url("**/w/default/")

    owner.goto(f"{live_studio.url}/w/default/settings/members/")
    with owner.expect_navigation():
        owner.get_by_label("Role of nina").select_option("contributor")
    expect(owner.get_by_label("Role of nina")).to_have_value("contributor")

    nina.goto(f"{live_studio.url}/w/default/settings/tokens/")
    nina.locator(".row [name=name]").fill("laptop")
    nina.get_by_role("button", name="Make").click()
    token = nina.locator("#token").text_content()
    expect(nina.locator(".fresh")).to_contain_text("studio login")
    runs = f"{live_studio.url}/api/v1/workspaces/default/runs/"
    assert status_of(runs, token, "POST") == 201
    nina.goto(nina.url)
    expect(nina.locator("#token")).to_have_count(0)

    owner.get_by_role("link", name="Remove nina").click()
    expect(owner.get_by_role("dialog")).to_contain_text("Remove nina from default?")
    owner.get_by_role("button", name="Remove").click()
    expect(owner.get_by_text("nina is no member any more.")).to_be_visible()
    assert status_of(runs, token) == 404
    nina_again = nina.request.get(f"{live_studio.url}/w/default/runs/")
    assert nina_again.status == 404 and "team" not in nina_again.text()
    owner.goto(f"{live_studio.url}/w/default/settings/activity/")
    expect(owner.locator(".events li").first).to_contain_text("ada removed nina, who was contributor")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, theme):
    page, found = open_page("/w/default/settings/members/", theme=theme), {}
    link = invite(page, "contributor")
    for place in ("fresh", *PAGES):
        if place != "fresh":
            page.goto(f"{page.url.split('/w/')[0].split('/workspaces')[0]}{place}")
        for violation in violations(page):
            nodes = [f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:3]]
            found[place, violation["id"]] = nodes
    stranger = open_page(link, theme=theme, signed=False)
    for place in (link, f"{link.split('/invite')[0]}/login/forgotten/"):
        stranger.goto(place)
        for violation in violations(stranger):
            found[place, violation["id"]] = [node["html"][:160] for node in violation["nodes"][:3]]
    assert found == {}


def test_no_page_is_wider_than_a_phone(open_page):
    page, wide = open_page("/w/default/settings/members/", width=360), {}
    link = invite(page, "contributor")
    for place in ("fresh", *PAGES, link):
        if place != "fresh":
            page.goto(place if place.startswith("http") else f"{link.split('/invite')[0]}{place}")
        if (extra := page.evaluate(EXTRA)) > 0:
            wide[place] = extra
    assert wide == {}


def test_members_are_managed_without_a_script(open_page):
    page = open_page("/w/default/settings/members/", java_script_enabled=False)
    invite(page, "reader")
    page.get_by_role("button", name="Revoke").first.click()
    expect(page.get_by_text("The invitation is revoked")).to_be_visible()

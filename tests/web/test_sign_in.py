"""Signing in with a password or a link, and out."""

import pytest
from django.test import Client

from runs.actions.workspace import create_login_link, create_user
from tests import make


@pytest.fixture
def browser():
    return Client()


def test_name_and_password_lead_to_the_page_that_was_asked_for(browser, workspace, owner):
    asked = browser.get("/w/vision/runs/?q=x")
    answer = browser.post(
        "/login/",
        {"username": "olga", "password": make.PASSWORD, "next": asked["Location"].split("next=")[1]},
    )
    assert answer.status_code == 302
    assert browser.get("/w/vision/runs/").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_site(browser, workspace, owner, elsewhere):
    answer = browser.post("/login/", {"username": "olga", "password": make.PASSWORD, "next": elsewhere})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("name", ["olga", "nobody", "x\x00y", "<script>alert(1)</script>"])
def test_a_wrong_password_and_an_unknown_name_read_the_same(browser, workspace, name):
    answer = browser.post("/login/", {"username": name, "password": "wrong"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "do not belong together" in page and "<script>alert" not in page


def test_too_many_tries_must_wait(browser, workspace):
    for _ in range(10):
        browser.post("/login/", {"username": "olga", "password": "wrong"})
    answer = browser.post("/login/", {"username": "olga", "password": make.PASSWORD})
    assert answer.status_code == 403 and "Wait 15 minutes" in answer.content.decode()


def test_a_link_signs_in_once_and_only_when_it_is_sent(browser, workspace, owner):
    path = f"/login/link/{create_login_link(owner)}/"
    assert "data-send" in browser.get(path).content.decode()
    assert browser.get("/w/vision/runs/").status_code == 302
    assert browser.post(path)["Location"] == "/"
    assert browser.get("/w/vision/runs/").status_code == 200
    again = Client().post(path)
    assert again.status_code == 404 and "studio link" in again.content.decode()


def test_the_same_link_in_the_same_browser_simply_goes_on(browser, workspace, owner):
    path = f"/login/link/{create_login_link(owner)}/"
    browser.post(path)
    assert browser.post(path).status_code == 302


def test_without_any_password_the_page_tells_of_the_link(browser, db):
    create_user("ada")
    assert "Nobody here has a password yet" in browser.get("/login/").content.decode()


def test_with_a_password_it_does_not(browser, workspace):
    assert "Nobody here" not in browser.get("/login/").content.decode()


def test_signing_out_ends_the_session(client_of, owner):
    client = client_of(owner)
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/").status_code == 302


def test_the_studio_opens_in_the_workspace(client_of, owner):
    assert client_of(owner).get("/")["Location"] == "/w/vision/"


def test_a_person_in_no_workspace_is_told_so(client_of, db):
    assert "in no workspace" in client_of(make.user("lone")).get("/").content.decode()

"""Settings → Mail, in the browser and over REST: whose it is, what it shows, and what it keeps to itself."""

import pytest
from django.test import Client

from runs.actions.members import set_member
from runs.models import MailServer
from tests import make
from tests.worker.test_mail import box, work

__all__ = ["box"]
PAGE = "/w/vision/settings/mail/"
FORM = {
    "do": "save",
    "host": "smtp.example.org",
    "port": "587",
    "encryption": "starttls",
    "username": "studio",
    "password": "canary-of-smtp",
    "sender": "Run Studio <studio@example.org>",
    "own_password": make.PASSWORD,
}


def text(answer):
    return answer.content.decode()


@pytest.fixture
def boss(workspace):
    """The owner of the installation, in the workspace."""
    person = make.user("bo", is_owner=True)
    set_member(workspace, person, "owner", by=person)
    return person


@pytest.fixture
def browser(client_of, boss):
    return client_of(boss)


@pytest.fixture
def rest(boss):
    return Client(headers={"Authorization": f"Bearer {make.token(boss)}"})


def test_owners_of_a_workspace_neither_reach_it_nor_see_a_way_there(client_of, owner, stranger, browser):
    for method in ("get", "post"):
        answer = getattr(client_of(owner), method)(PAGE)
        assert answer.status_code == 403 and "Only the owner of this installation" in text(answer)
        assert getattr(client_of(stranger), method)(PAGE).status_code == 404
    assert PAGE not in text(client_of(owner).get("/w/vision/settings/"))
    assert PAGE in text(browser.get("/w/vision/settings/"))
    assert not MailServer.objects.exists()


def test_without_a_server_it_says_so_and_offers_tls(browser):
    page = text(browser.get(PAGE))
    assert "This studio sends no mail yet" in page and "Send a test" not in page
    assert '<option value="starttls" selected>' in page and 'value="587"' in page


def test_what_is_saved_is_shown_but_for_the_password(browser):
    answer = browser.post(PAGE, FORM, follow=True)
    page = text(answer)
    assert answer.status_code == 200 and "The mail server is saved" in page
    assert 'value="smtp.example.org"' in page and "kept; empty keeps it" in page
    assert "canary" not in page and make.PASSWORD not in page
    kept = {**FORM, "password": "", "sender": "b@example.org"}
    assert browser.post(PAGE, kept).status_code == 302
    row = MailServer.objects.get()
    assert (row.password, row.sender, row.encryption) == ("canary-of-smtp", "b@example.org", "starttls")


@pytest.mark.parametrize(
    ("sent", "said", "status"),
    [
        ({"host": "https://x"}, "The host is a name", 400),
        ({"port": "many"}, "The port is a number", 400),
        ({"encryption": "maybe"}, "encryption is one of", 400),
        ({"own_password": "wrong"}, "password", 403),
        ({"do": "dance"}, "can be saved, tested and forgotten", 400),
        ({"do": "test"}, "Say to which address", 400),
        ({"do": "test", "to": "a@example.org"}, "No SMTP server is set up", 409),
    ],
)
def test_what_is_refused_is_said_and_what_was_typed_stays(browser, sent, said, status):
    answer = browser.post(PAGE, {**FORM, **sent})
    assert answer.status_code == status and said in text(answer)
    assert "canary" not in text(answer) and not MailServer.objects.exists()
    if FORM["do"] == sent.get("do", "save"):
        assert 'value="studio"' in text(answer)


def test_a_hostile_host_is_text(browser):
    page = text(browser.post(PAGE, {**FORM, "host": '"><script>x</script>'}))
    assert "<script>x" not in page and "&lt;script&gt;x" in page


def test_a_test_shows_the_answer_of_the_server(browser, box, settings):
    port, settings.EMAIL_HOST = settings.EMAIL_PORT, ""
    form = {**FORM, "host": "127.0.0.1", "port": port, "encryption": "none", "allows_private": "1"}
    assert browser.post(PAGE, {**form, "username": "", "password": ""}).status_code == 302
    page = text(browser.post(PAGE, {"do": "test", "to": "me@example.org"}, follow=True))
    assert "A test is on its way" in page and 'data-live="2"' in page
    again = browser.post(PAGE, {"do": "test", "to": "me@example.org"})
    assert again.status_code == 409 and "on its way already" in text(again)
    work()
    page = text(browser.get(PAGE))
    assert "The server took the mail to me@example.org" in page and "data-live=" not in page
    assert [letter["To"] for letter in box.letters] == ["me@example.org"]


def test_a_server_that_is_away_is_said(browser, box, settings):
    settings.EMAIL_HOST = ""
    form = {**FORM, "host": "127.0.0.1", "port": "1", "encryption": "none", "allows_private": "1"}
    browser.post(PAGE, form)
    browser.post(PAGE, {"do": "test", "to": "me@example.org"})
    work()
    page = text(browser.get(PAGE))
    assert "are host and port right?" in page and 'class="note bad"' in page and "canary" not in page


def test_the_environment_s_server_is_shown_and_tried_but_not_changed(browser, box, settings, monkeypatch):
    monkeypatch.setenv("STUDIO_SMTP_HOST", "127.0.0.1")
    settings.EMAIL_HOST_PASSWORD = "canary-of-environment"
    page = text(browser.get(PAGE))
    assert "<code>STUDIO_SMTP_HOST</code>" in page and 'name="host"' not in page
    assert f"127.0.0.1:{settings.EMAIL_PORT}" in page and "canary" not in page
    answer = browser.post(PAGE, FORM)
    assert answer.status_code == 409 and "Change it there" in text(answer)
    settings.EMAIL_HOST_PASSWORD = ""
    browser.post(PAGE, {"do": "test", "to": "me@example.org"})
    work()
    assert "The server took the mail" in text(browser.get(PAGE)) and len(box.letters) == 1


def test_it_is_forgotten_with_the_person_s_password_alone(browser):
    browser.post(PAGE, FORM)
    assert browser.post(PAGE, {"do": "forget", "own_password": "wrong"}).status_code == 403
    assert "is forgotten" in text(
        browser.post(PAGE, {"do": "forget", "own_password": make.PASSWORD}, follow=True)
    )
    assert not MailServer.objects.exists()


def test_rest_does_the_same_and_never_tells_the_password(rest, settings):
    sent = {name: value for name, value in FORM.items() if name != "do"} | {"port": 465, "encryption": "ssl"}
    answer = rest.patch("/api/v1/mail/", sent, content_type="application/json")
    assert answer.status_code == 200 and "canary" not in text(answer)
    body = rest.get("/api/v1/mail/").json()
    assert (body["in_use"], body["has_password"], body["test"]) == ("smtp.example.org:465", True, None)
    assert "password" not in body and body["from_environment"] is False
    asked = rest.post("/api/v1/mail/test/", {"to": "a@example.org"}, content_type="application/json")
    assert asked.status_code == 202 and asked.json()["test"]["answered_at"] is None
    changed = {"host": "b.example.org", "own_password": make.PASSWORD}
    answer = rest.patch("/api/v1/mail/", changed, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["error"]["field"] == "password"
    own = {"own_password": make.PASSWORD}
    assert rest.post("/api/v1/mail/forget/", own, content_type="application/json").status_code == 204
    assert rest.get("/api/v1/mail/").json()["in_use"] is None


def test_rest_leaves_the_environment_s_server_alone(rest, settings):
    settings.EMAIL_HOST = "env.example.org"
    sent = {"host": "b.example.org", "own_password": make.PASSWORD}
    assert rest.patch("/api/v1/mail/", sent, content_type="application/json").status_code == 409
    assert rest.get("/api/v1/mail/").json()["from_environment"] is True

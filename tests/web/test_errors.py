"""Refusals and failures are told in words, with the right status, and give nothing away."""

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from runs import errors
from runs.web import errors as pages

HTMX = {"HX-Request": "true"}
REFUSALS = [
    (errors.NotFound("gone"), 404),
    (errors.NotAllowed("no"), 403),
    (errors.Conflict("too late"), 409),
    (errors.Invalid("wrong"), 400),
    (errors.TooLarge("big"), 413),
    (errors.Unavailable("busy"), 503),
]


@pytest.fixture
def request_of(db, owner):
    def made(**headers):
        request = RequestFactory().get("/w/vision/runs/", headers=headers)
        request.user, request.htmx = owner, bool(headers)
        return request

    return made


@pytest.mark.parametrize(("refusal", "status"), REFUSALS)
def test_each_refusal_has_its_status_and_its_sentence(request_of, refusal, status):
    def view(request):
        raise refusal

    answer = pages.told(view)(request_of())
    assert answer.status_code == status and refusal.message in answer.content.decode()
    piece = pages.told(view)(request_of(HX_Request="true"))
    assert piece.status_code == status and piece["HX-Retarget"] == "#said"
    assert "<!doctype" not in piece.content.decode()


def test_an_address_that_leads_nowhere(client_of, owner):
    for client in (client_of(owner), Client()):
        answer = client.get("/nowhere/")
        assert answer.status_code in (302, 404)
    html = client_of(owner).get("/nowhere/").content.decode()
    assert "Nothing here" in html and "olga" in html


def test_a_foreign_host_name_is_refused_without_a_frame(client_of, owner):
    answer = client_of(owner).get("/w/vision/runs/", headers={"host": "evil.test"})
    assert answer.status_code == 400 and "olga" not in answer.content.decode()


def test_a_body_over_the_limit_is_called_too_large(client_of, owner, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client_of(owner).post("/login/", {"username": "x" * 200})
    assert answer.status_code in (302, 413)


def test_an_unexpected_failure_shows_no_detail(client_of, owner, monkeypatch):
    client = client_of(owner)
    client.raise_request_exception = False
    monkeypatch.setattr("runs.web.runs.run_list", lambda *_: 1 / 0)
    answer = client.get("/w/vision/runs/")
    html = answer.content.decode()
    assert answer.status_code == 500 and "Something went wrong" in html
    assert "ZeroDivision" not in html and "run_list" not in html


def test_a_failure_is_told_in_the_frame_of_who_is_signed_in(client_of, owner, monkeypatch):
    client = client_of(owner)
    client.raise_request_exception = False
    monkeypatch.setattr("runs.web.runs.run_list", lambda *_: 1 / 0)
    html = client.get("/w/vision/runs/").content.decode()
    assert "Signed in as" in html and "All runs</a>" in html and "Try again" in html


@pytest.mark.parametrize("broken", ["runs.web.frame._frame", "runs.web.errors.render"])
def test_a_failure_is_told_when_its_own_page_fails(broken, client_of, owner, monkeypatch):
    client = client_of(owner)
    client.raise_request_exception = False

    def fails(*_, **__):
        raise ValueError("/etc/secret SELECT password")

    monkeypatch.setattr("runs.web.runs.get_workspace", fails)
    monkeypatch.setattr(broken, fails)
    answer = client.get("/w/vision/runs/")
    html = answer.content.decode()
    assert answer.status_code == 500 and "written to the server&#x27;s log" in html.replace("'", "&#x27;")
    assert 'href="/"' in html and "secret" not in html and "SELECT" not in html and "Traceback" not in html
    assert answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("ask", "status", "words"),
    [
        (lambda client: client.get("/nowhere/", headers=HTMX), 404, "There is nothing at this address"),
        (lambda client: client.post("/w/vision/views/new/", {"name": "n"}, headers=HTMX), 403, "too old"),
        (lambda client: client.get("/w/vision/runs/", headers=HTMX), 500, "Something went wrong"),
        (lambda client: client.get("/w/nowhere/runs/", headers=HTMX), 404, "There is no workspace"),
    ],
)
def test_a_piece_of_a_page_is_answered_by_a_line_of_words(ask, status, words, owner, monkeypatch):
    monkeypatch.setattr("runs.web.runs.run_list", lambda *_: 1 / 0)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(owner)
    answer = ask(client)
    html = answer.content.decode()
    assert answer.status_code == status and words in html and "<html" not in html and "<main" not in html
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#said", "innerHTML")


def test_too_much_is_told_with_the_limit_also_to_htmx(client_of, owner, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
    form = {"name": "x" * (1 << 20)}
    for headers in ({}, HTMX):
        answer = client_of(owner).post("/w/vision/views/new/", form, headers=headers)
        html = answer.content.decode()
        assert answer.status_code == 413 and "larger than 1 MiB" in html
        assert ("Signed in as" in html) == (not headers)


def test_a_refusal_leads_back_to_the_page_that_led_there(client_of, reader):
    client = client_of(reader)
    for referer, expected in (
        ("http://testserver/w/vision/runs/?q=a", 'href="/w/vision/runs/?q=a"'),
        ("http://testserver.evil.example/w/", None),
        ("https://evil.example/", None),
        ("http://testserver/w/vision/nowhere/", None),
        ("javascript:alert(1)", None),
    ):
        html = client.get("/w/vision/nowhere/", headers={"referer": referer}).content.decode()
        assert "evil" not in html and "javascript:" not in html
        assert ("Back</a>" in html) == (expected is not None) and (not expected or expected in html)


def test_a_database_that_is_away_is_said_without_asking_it(client_of, owner, monkeypatch):
    client = client_of(owner)
    client.raise_request_exception = False

    def away(*_):
        raise OperationalError("server closed the connection: password=secret")

    monkeypatch.setattr("runs.web.runs.get_workspace", away)
    monkeypatch.setattr("runs.web.frame._frame", away)
    answer = client.get("/w/vision/runs/")
    assert answer.status_code == 503 and "secret" not in answer.content.decode()
    assert "does not answer" in answer.content.decode()


def test_a_failure_of_the_api_stays_json(client_of, owner):
    assert client_of(owner).get("/api/v1/nowhere/").json()["error"]["code"] == "not_found"


def test_search_engines_and_old_browsers_get_what_they_look_for(db):
    answer = Client().get("/robots.txt")
    assert answer.content == b"User-agent: *\nDisallow: /\n" and answer["Content-Type"] == "text/plain"
    assert Client().get("/favicon.ico")["Location"].endswith("img/favicon.svg")

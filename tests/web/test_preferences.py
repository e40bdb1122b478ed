"""Theme and density follow the person from browser to browser."""

import pytest
from django.test import Client

PATH = "/me/preferences/"


def test_the_look_is_remembered_with_the_person(client_of, owner, workspace):
    look, came_from = {"theme": "dark", "density": "compact"}, "http://testserver/w/vision/runs/"
    answer = client_of(owner).post(PATH, look, headers={"Referer": came_from})
    assert (answer.status_code, answer["Location"]) == (302, came_from)
    html = client_of(owner).get("/w/vision/runs/").content.decode()  # another browser
    assert '<html lang="en" data-remembered data-theme="dark" data-density="compact">' in html
    client_of(owner).post(PATH, {"theme": "system"})
    html = client_of(owner).get("/w/vision/runs/").content.decode()
    assert '<html lang="en" data-remembered data-density="compact">' in html


def test_a_script_gets_no_page(client_of, owner):
    assert (
        client_of(owner).post(PATH, {"theme": "light"}, headers={"X-Requested-With": "fetch"}).status_code
        == 204
    )
    owner.refresh_from_db()
    assert owner.theme == "light"


@pytest.mark.parametrize(
    "sent", [{}, {"theme": "pink"}, {"density": ""}, {"theme": "\x00"}, {"is_superuser": "1"}]
)
def test_what_is_no_look_is_refused(client_of, owner, sent):
    assert client_of(owner).post(PATH, sent).status_code == 400
    owner.refresh_from_db()
    assert (owner.theme, owner.density, owner.is_superuser) == ("system", "comfortable", False)


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test", "javascript:alert(1)", ""])
def test_the_way_back_stays_in_the_studio(client_of, owner, wanted):
    answer = client_of(owner).post(PATH, {"theme": "dark"}, headers={"Referer": wanted})
    assert answer["Location"] == "/"


def test_nobody_is_asked_to_sign_in(db):
    assert Client().post(PATH, {"theme": "dark"})["Location"].startswith("/login/")

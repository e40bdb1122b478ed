"""Who reaches which page, and who may change something there."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from runs.web.headers import HEADERS
from tests import make

# Every route of the pages, what it takes to GET and to POST it; None: the method is refused.
TABLE = {
    "home": ("signed in", None),
    "login": ("everybody", "everybody"),
    "login_link": ("everybody", "everybody"),
    "logout": (None, "everybody"),
    "experiments": ("reader", None),
    "experiment": ("reader", None),
    "columns": ("reader", None),
    "runs": ("reader", None),
    "run": ("reader", None),
    "run_name": ("contributor", "contributor"),
    "run_description": ("contributor", "contributor"),
    "run_tags": ("contributor", "contributor"),
    "run_cancel": ("contributor", "contributor"),
    "run_metrics": ("reader", None),
    "run_children": ("reader", None),
    "run_logs": ("reader", None),
    "run_log_lines": ("reader", None),
    "run_image": ("reader", None),
    "run_activity": ("reader", None),
}
QUERY = {
    "columns": "?at=/w/vision/runs/",
    "run_log_lines": "?file=user_logs/std_log.txt",
    "run_image": "?file=outputs/plot.png",
}
READ = [name for name, (get, _) in TABLE.items() if get == "reader"]
CHANGE = [name for name, (_, post) in TABLE.items() if post == "contributor"]


def page_routes():
    from runs.web.urls import urlpatterns

    return {pattern.name: str(pattern.pattern) for pattern in urlpatterns}


def path_of(name, run):
    values = {
        "workspace": run.workspace.name,
        "run_id": run.public_id,
        "name": run.experiment.name,
        "token": "wrong",
    }
    return (
        "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: values[m[1]], page_routes()[name]) + QUERY.get(name, "")
    )


def test_every_page_is_in_the_table():
    assert set(page_routes()) == set(TABLE)
    assert get_resolver()


@pytest.mark.parametrize("name", [*READ, *CHANGE, "home"])
def test_nobody_is_led_to_the_sign_in_page(name, run):
    answer = Client().get(path_of(name, run))
    assert answer.status_code == 302 and answer["Location"].startswith("/login/?next=/")


@pytest.mark.parametrize("name", READ)
def test_every_member_reads_and_a_stranger_learns_nothing(
    name, run, client_of, reader, contributor, stranger
):
    for person in (reader, contributor, make.owner_of(run.workspace)):
        assert client_of(person).get(path_of(name, run)).status_code == 200
    answer = client_of(stranger).get(path_of(name, run))
    assert answer.status_code == 404
    assert run.display_name not in answer.content.decode()


@pytest.mark.parametrize("name", CHANGE)
def test_a_reader_sees_no_way_to_change_and_is_refused(name, run, place, client_of, reader, stranger):
    page = client_of(reader).get(place()).content.decode()
    assert path_of(name, run) not in page
    before = run.events.count()
    for method in ("get", "post"):
        assert getattr(client_of(reader), method)(path_of(name, run)).status_code == 403
        assert getattr(client_of(stranger), method)(path_of(name, run)).status_code == 404
    assert run.events.count() == before


@pytest.mark.parametrize("name", CHANGE)
def test_a_contributor_is_offered_each_change(name, run, place, client_of, contributor):
    assert path_of(name, run) in client_of(contributor).get(place()).content.decode()
    assert client_of(contributor).get(path_of(name, run)).status_code == 200


@pytest.mark.parametrize("name", [n for n, (_, post) in TABLE.items() if post is None])
def test_what_only_shows_takes_no_post(name, run, client_of, owner):
    assert client_of(owner).post(path_of(name, run)).status_code in (403, 405) or name == "home"


@pytest.mark.parametrize("name", [*READ, *CHANGE, "login"])
def test_every_answer_carries_the_safe_headers(name, run, client_of, owner):
    answer = client_of(owner).get(path_of(name, run))
    for header, value in HEADERS.items():
        assert answer[header] == value or (name == "run_image" and header == "Content-Security-Policy")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("name", READ)
def test_looking_changes_nothing(name, run, client_of, owner):
    before = (run.events.count(), run.status)
    client_of(owner).get(path_of(name, run))
    run.refresh_from_db()
    assert (run.events.count(), run.status) == before


def test_a_form_from_another_site_is_refused(run, place, owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post(place("cancel/"))
    assert answer.status_code == 403 and "another site" in answer.content.decode()
    run.refresh_from_db()
    assert run.status == "Running"


def test_a_run_is_not_found_under_the_name_of_another_workspace(run, owner, client_of):
    make.workspace("second", owner=owner)
    assert client_of(owner).get(f"/w/second/runs/{run.public_id}/").status_code == 404

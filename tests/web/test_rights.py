"""What the table of pages does not say (tests/test_page_permissions.py): what readers are offered, foreign names."""

import pytest
from django.test import Client

from tests import make

CHANGES = ("name/", "description/", "tags/", "cancel/")


@pytest.mark.parametrize("page", CHANGES)
def test_a_reader_sees_no_way_to_change_and_is_refused(page, run, place, client_of, reader):
    assert place(page) not in client_of(reader).get(place()).content.decode()
    before = run.events.count()
    for method in ("get", "post"):
        assert getattr(client_of(reader), method)(place(page)).status_code == 403
    assert run.events.count() == before


@pytest.mark.parametrize("page", CHANGES)
def test_a_contributor_is_offered_each_change(page, run, place, client_of, contributor):
    assert place(page) in client_of(contributor).get(place()).content.decode()
    assert client_of(contributor).get(place(page)).status_code == 200


def test_nobody_is_led_to_the_sign_in_page_and_back(run, place):
    answer = Client().get(place())
    assert answer.status_code == 302 and answer["Location"] == f"/login/?next={place()}"


def test_a_form_from_another_site_is_told_in_words(run, place, owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post(place("cancel/"))
    assert answer.status_code == 403 and "another site" in answer.content.decode()
    run.refresh_from_db()
    assert run.status == "Running"


def test_a_run_is_not_found_under_the_name_of_another_workspace(run, owner, client_of):
    make.workspace("second", owner=owner)
    assert client_of(owner).get(f"/w/second/runs/{run.public_id}/").status_code == 404

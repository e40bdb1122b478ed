"""Ray on the Compute page: the form, the token that no page shows, and who may let the studio into its network."""

import pytest

from runs.actions import compute
from runs.models import ComputeTarget, User

TOKEN = "cluster-secret-0123456789abcdef"
PLACE = "/w/vision/compute/target/ray/"
FORM = {"kind": "ray", "name": "ray", "address": "https://ray.example.org:8265", "token": TOKEN}


@pytest.fixture
def landlady(owner):
    """The owner of the workspace and of the installation."""
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    owner.refresh_from_db()
    return owner


@pytest.fixture
def target(workspace, owner):
    settings = {"address": FORM["address"]}
    return compute.attach_target(workspace, "ray", "ray", settings, by=owner, enabled=False, token=TOKEN)


def test_an_owner_attaches_ray_and_switches_it_on(workspace, client_of, owner):
    browser = client_of(owner)
    assert "?kind=ray" in browser.get("/w/vision/compute/").content.decode()
    form = browser.get("/w/vision/compute/attach/?kind=ray").content.decode()
    assert 'type="password" name="token"' in form and 'name="enabled"' in form
    assert 'name="private"' not in form
    answer = browser.post("/w/vision/compute/attach/", FORM | {"enabled": "1"})
    assert answer["Location"] == PLACE
    found = ComputeTarget.objects.get()
    assert (found.kind, found.secret, found.enabled) == ("ray", TOKEN, True)


def test_no_page_shows_the_token(target, client_of, owner, reader):
    for person in (owner, reader):
        for place in ("/w/vision/compute/", PLACE, "/w/vision/settings/"):
            assert TOKEN not in client_of(person).get(place).content.decode()
    assert "One is kept" in client_of(owner).get(PLACE).content.decode()
    assert "kept, and shown to nobody" in client_of(reader).get(PLACE).content.decode()
    answer = client_of(owner).post("/w/vision/compute/attach/", FORM | {"name": "a b"})
    assert answer.status_code == 400 and TOKEN not in answer.content.decode()


def test_a_token_that_is_left_empty_stays(target, client_of, owner):
    browser = client_of(owner)
    form = {"do": "change", "address": FORM["address"], "python": "/opt/python", "token": ""}
    assert browser.post(PLACE, form).status_code == 302
    assert browser.post(PLACE, {"do": "enable"}).status_code == 302
    found = ComputeTarget.objects.get()
    assert (found.settings["python"], found.secret, found.enabled) == ("/opt/python", TOKEN, True)
    answer = browser.post(PLACE, form | {"address": "https://mine.example.org"})
    assert answer.status_code == 400 and "give it again" in answer.content.decode()
    assert browser.post(PLACE, form | {"token": "rotated"}).status_code == 302
    assert ComputeTarget.objects.get().secret == "rotated"


def test_the_installation_s_owner_lets_it_into_the_private_network(target, client_of, landlady):
    browser = client_of(landlady)
    form = {"do": "change", "address": "http://10.1.2.3:8265", "token": TOKEN, "private": "1"}
    assert browser.post(PLACE, form).status_code == 302
    assert 'name="private" value="1" checked' in browser.get(PLACE).content.decode()
    del form["private"]
    assert browser.post(PLACE, form).status_code == 302
    assert ComputeTarget.objects.get().settings["private"] is False


def test_an_owner_of_the_workspace_does_not(target, client_of, owner):
    browser = client_of(owner)
    form = {"do": "change", "address": "http://10.1.2.3:8265", "token": TOKEN, "private": "1"}
    answer = browser.post(PLACE, form)
    assert answer.status_code == 403 and "in the private network" in answer.content.decode()
    assert browser.post("/w/vision/compute/attach/", FORM | {"name": "b", "private": "1"}).status_code == 403
    compute.change_target(target, {"private": True}, by=owner)
    assert browser.post(PLACE, {"do": "change", "python": "/opt/python"}).status_code == 403
    assert ComputeTarget.objects.get().settings["private"] is True


def test_others_change_nothing(target, client_of, contributor, reader, stranger):
    for person, status in ((contributor, 403), (reader, 403), (stranger, 404)):
        browser = client_of(person)
        assert browser.post(PLACE, {"do": "change", "token": "mine"}).status_code == status
        assert browser.post("/w/vision/compute/attach/", FORM).status_code == status
    assert ComputeTarget.objects.get().secret == TOKEN

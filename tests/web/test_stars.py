"""The star button, with and without a script, and its REST twin."""

import pytest

from runs.actions.experiment import get_or_create_experiment
from runs.models import Star
from runs.query.stars import starred

HTMX = {"HX-Request": "true"}


@pytest.fixture
def press(client_of, run):
    def pressed(person, on="true", headers=None, **form):
        sent = {"kind": "run", "id": run.public_id, "on": on, **form}
        return client_of(person).post("/w/vision/star/", sent, headers=headers or {})

    return pressed


def test_the_button_leads_back_to_where_one_was(press, run, reader):
    answer = press(reader, next="/w/vision/runs/?q=a")
    assert answer.status_code == 302 and answer["Location"] == "/w/vision/runs/?q=a"
    assert starred(reader, "run", [run.pk])
    press(reader, on="false")
    assert not starred(reader, "run", [run.pk])


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/w/other/", "/w/vision/../..//x.y", ""]
)
def test_it_never_leads_out_of_the_workspace(press, place, run, reader):
    location = press(reader, next=place)["Location"]
    assert location.startswith(("/w/vision/runs/", "/w/vision/../"))
    assert "evil" not in location


def test_htmx_gets_the_button_alone(press, reader):
    text = press(reader, headers=HTMX, next="/w/vision/runs/").content.decode()
    assert text.lstrip().startswith("<form")
    assert 'aria-pressed="true"' in text and 'name="on" value="false"' in text


def test_the_heads_of_run_and_experiment_show_it(press, client_of, place, run, reader):
    client = client_of(reader)
    experiment = f"/w/vision/experiments/{run.experiment.name}/"
    assert 'aria-pressed="false"' in client.get(place()).content.decode()
    press(reader)
    press(reader, kind="experiment", id=run.experiment.name)
    for page in (place(), experiment):
        assert 'aria-pressed="true"' in client.get(page).content.decode()


@pytest.mark.parametrize(
    "form", [{"kind": "planet"}, {"id": "none"}, {"id": "\x00"}, {"kind": "experiment", "id": "none"}]
)
def test_what_is_not_there_cannot_be_starred(press, form, reader):
    answer = press(reader, **form)
    assert answer.status_code in (400, 404) and Star.objects.count() == 0


def test_scripts_star_too(api_of, run, reader):
    api = api_of(reader)
    for path in (f"runs/{run.public_id}/star/", "workspaces/vision/experiments/digits/star/"):
        assert api("PUT", path).json() == {"starred": True}
        assert api("PUT", path).json() == {"starred": True}
        assert api("DELETE", path).json() == {"starred": False}


def test_an_experiment_called_star_is_still_reached(api_of, workspace, owner):
    get_or_create_experiment(workspace, "a/star", by=owner)
    get_or_create_experiment(workspace, "a", by=owner)
    api = api_of(owner)
    assert api("GET", "workspaces/vision/experiments/a/star/").json()["name"] == "a/star"
    changed = api("PATCH", "workspaces/vision/experiments/a/star/", {"description": "x"})
    assert changed.json()["description"] == "x"
    assert api("PUT", "workspaces/vision/experiments/a/star/star/").json() == {"starred": True}
    assert Star.objects.get().experiment.name == "a/star"

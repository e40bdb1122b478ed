"""Alerts over REST: the shapes, the rights, and what is refused."""

import pytest

from runs.models import Alert, Delivery
from tests import make

PLACE = "workspaces/vision/alerts/"
BODY = {"statuses": ["failed"], "channel": "app"}


def test_an_alert_is_made_read_changed_paused_tried_and_deleted(api_of, contributor, workspace):
    api, run = api_of(contributor), make.run(workspace)
    made = api("POST", PLACE, BODY | {"run": run.public_id, "quiet_from": "22:00", "quiet_until": "7:30"})
    assert made.status_code == 201, made.content
    alert = made.json()
    assert (alert["about"], alert["run"], alert["owner"]) == ("run", run.public_id, "carl")
    assert (alert["quiet_from"], alert["quiet_until"]) == ("22:00", "07:30")
    one = f"{PLACE}{alert['id']}/"
    assert api("GET", PLACE).json()["results"] == [api("GET", one).json()]
    assert api("PATCH", one, {"name": "mine"}).json()["name"] == "mine"
    assert api("POST", one + "pause/").json()["paused_at"]
    assert api("POST", one + "resume/").json()["paused_at"] is None
    assert api("POST", one + "test/").status_code == 202
    told = api("GET", one + "deliveries/").json()["results"]
    assert [(each["state"], each["is_test"]) for each in told] == [("on its way", True)]
    assert api("DELETE", one).status_code == 204 and api("GET", one).status_code == 404


def test_a_change_that_is_wrong_changes_nothing(api_of, contributor, workspace):
    api = api_of(contributor)
    one = f"{PLACE}{api('POST', PLACE, BODY).json()['id']}/"
    answer = api("PATCH", one, {"name": "new", "statuses": ["exploded"]})
    assert answer.status_code == 400 and answer.json()["error"]["field"] == "statuses"
    assert Alert.objects.get().name != "new"
    assert api("POST", PLACE, BODY | {"filter": "status ="}).status_code == 400
    assert api("GET", PLACE + "?cursor=x").status_code == 400


def test_the_key_is_seen_by_its_owner_alone(api_of, contributor, owner, workspace):
    sent = BODY | {"channel": "webhook", "url": "https://example.org/hook"}
    made = api_of(contributor)("POST", PLACE, sent).json()
    assert len(made["secret"]) > 30
    assert api_of(owner)("GET", f"{PLACE}{made['id']}/").json()["secret"] is None


@pytest.mark.parametrize("scope", ["read"])
def test_a_reading_token_reads_alone(api_of, contributor, workspace, scope):
    number = api_of(contributor)("POST", PLACE, BODY).json()["id"]
    api = api_of(contributor, scope=scope)
    assert api("GET", PLACE).status_code == 200
    for method, path in (("POST", PLACE), ("PATCH", f"{PLACE}{number}/"), ("POST", f"{PLACE}{number}/test/")):
        assert api(method, path, BODY).status_code == 403


def test_a_run_of_another_workspace_is_not_here(api_of, owner, workspace):
    other = make.run(make.workspace("mine-too", owner=owner))
    assert api_of(owner)("POST", PLACE, BODY | {"run": other.public_id}).status_code == 404


def test_messages_are_listed_and_marked_as_read(api_of, contributor, workspace):
    api = api_of(contributor)
    alert = Alert.objects.get(pk=api("POST", PLACE, BODY).json()["id"])
    facts = {"workspace": "vision", "alert": "x", "runs": []}
    Delivery.objects.create(
        alert=alert, user=contributor, workspace=workspace, subject="news", facts=facts,
        created_at=alert.created_at,
    )  # fmt: skip
    listed = api("GET", PLACE + "messages/?unread=true").json()["results"]
    assert [each["subject"] for each in listed] == ["news"]
    assert api("POST", PLACE + "messages/").json() == {"marked": 1}
    assert api("GET", PLACE + "messages/?unread=true").json()["results"] == []

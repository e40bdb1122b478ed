"""People over REST: members, invitations, tokens, profile, password, the history of a workspace."""

import json

import pytest
from django.test import Client

from runs.models import ApiToken, Member, User, WorkspaceEvent
from tests import make


@pytest.fixture
def api(api_of, owner):
    return api_of(owner)


def error(answer):
    return answer.json()["error"]["message"]


def test_members_are_listed_with_addresses_for_owners_alone(api, api_of, owner, reader):
    User.objects.update(email="x@example.org")
    listed = api("GET", "workspaces/vision/members/").json()["results"]
    assert [(m["username"], m["role"], m["email"]) for m in listed] == [
        ("olga", "owner", "x@example.org"),
        ("rita", "reader", "x@example.org"),
    ]
    assert {m["email"] for m in api_of(reader)("GET", "workspaces/vision/members/").json()["results"]} == {
        None
    }


def test_a_role_is_given_and_the_last_owner_stays(api, reader):
    assert (
        api("PUT", "workspaces/vision/members/rita/", {"role": "contributor"}).json()["role"] == "contributor"
    )
    answer = api("PUT", "workspaces/vision/members/olga/", {"role": "reader"})
    assert answer.status_code == 409 and "last owner" in error(answer)
    assert api("DELETE", "workspaces/vision/members/olga/").status_code == 409
    assert api("PUT", "workspaces/vision/members/rita/", {"role": "king"}).status_code == 400


def test_everybody_may_leave(api_of, workspace, reader):
    assert api_of(reader)("DELETE", "workspaces/vision/members/rita/").status_code == 204
    assert not Member.objects.filter(user=reader).exists()


def test_a_stranger_is_not_taken_in_by_name_nor_told_of(api, workspace, stranger):
    known = api("PUT", "workspaces/vision/members/sven/", {"role": "reader"})
    unknown = api("PUT", "workspaces/vision/members/nobody/", {"role": "reader"})
    assert known.status_code == unknown.status_code == 404
    assert error(known).replace("sven", "X") == error(unknown).replace("nobody", "X")


def test_who_shares_a_workspace_is_taken_in_by_name(api, owner):
    second = make.workspace("second", owner=owner)
    make.member(second, "reader", "sam")
    assert api("PUT", "workspaces/vision/members/sam/", {"role": "reader"}).status_code == 200


def test_an_invitation_is_made_listed_without_its_link_renewed_and_revoked(api, stranger, settings):
    made = api("POST", "workspaces/vision/invitations/", {"role": "reader"})
    url = made.json()["url"]
    assert made.status_code == 201 and url.startswith(f"{settings.PUBLIC_URL}/invite/")
    listed = api("GET", "workspaces/vision/invitations/").json()["results"]
    assert [(i["role"], i["url"], i["invited_by"]) for i in listed] == [("reader", None, "olga")]
    path = f"workspaces/vision/invitations/{listed[0]['id']}/"
    again = api("POST", path).json()["url"]
    assert again != url
    assert api("DELETE", path).status_code == 204
    client = Client()
    client.force_login(stranger)
    assert client.post(again.removeprefix(settings.PUBLIC_URL)).status_code == 404
    assert api("DELETE", "workspaces/vision/invitations/99999999999999999999/").status_code == 404


@pytest.mark.parametrize("body", [{}, {"role": ""}, {"role": 3}, {"role": "reader", "email": "no"}, [1], "x"])
def test_a_wrong_invitation_is_refused_in_words(api, workspace, body):
    answer = api("POST", "workspaces/vision/invitations/", body)
    assert answer.status_code == 400 and error(answer)


def test_a_token_is_shown_once_used_and_revoked(api, api_of, workspace, owner):
    made = api(
        "POST", "me/tokens/", {"name": "cluster", "scope": "read", "workspace": "vision", "days": 30}
    ).json()
    text = made["token"]
    bearer = Client(headers={"Authorization": f"Bearer {text}"})
    assert bearer.get("/api/v1/workspaces/vision/").status_code == 200
    listed = api("GET", "me/tokens/")
    assert text.encode() not in listed.content and listed.json()["results"][0]["name"] == "cluster"
    assert api("DELETE", f"me/tokens/{made['id']}/").status_code == 204
    assert bearer.get("/api/v1/workspaces/vision/").status_code == 401


@pytest.mark.parametrize("days", [1, -1, 2**70, "x", 30.5])
def test_a_wrong_lifetime_is_refused(api, workspace, days):
    assert api("POST", "me/tokens/", {"name": "x", "days": days}).status_code == 400


def test_tokens_of_others_are_not_there(api, reader):
    make.token(reader)
    number = ApiToken.objects.get(user=reader).pk
    assert api("DELETE", f"me/tokens/{number}/").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "me/tokens/", {"name": "wide", "scope": "write"}),
        ("PATCH", "me/", {"full_name": "x"}),
        ("POST", "me/password/", {"old": make.PASSWORD, "new": "a wholly different one"}),
        ("DELETE", "me/sessions/", None),
        ("PUT", "workspaces/vision/members/rita/", {"role": "owner"}),
        ("DELETE", "workspaces/vision/members/olga/", None),
        ("POST", "workspaces/vision/invitations/", {"role": "owner"}),
        ("POST", "workspaces/", {"name": "third"}),
    ],
)
@pytest.mark.parametrize("kind", ["read", "run", "workspace"])
def test_a_narrow_token_makes_nothing_wider_than_itself(workspace, owner, reader, kind, method, path, body):
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    options = {"scope": "read"} if kind == "read" else {"workspace": workspace} if kind == "workspace" else {}
    client = Client(headers={"Authorization": f"Bearer {make.token(owner, **options)}"})
    if kind == "run":
        ApiToken.objects.filter(user=owner).update(run=make.run(workspace))
    if kind == "workspace" and path.startswith("workspaces/vision/"):
        return  # within its reach: the workspace's own members
    answer = client.generic(method, f"/api/v1/{path}", json.dumps(body), "application/json")
    assert answer.status_code == 403, answer.content


def test_the_profile_is_read_and_changed(api, owner):
    answer = api("PATCH", "me/", {"full_name": "Olga", "time_zone": "Asia/Tokyo", "theme": "dark"})
    assert answer.json()["profile"] | {"full_name": "Olga", "theme": "dark"} == answer.json()["profile"]
    assert api("PATCH", "me/", {"email": "o@example.org"}).status_code == 403
    assert api("PATCH", "me/", {"email": "o@example.org", "password": make.PASSWORD}).status_code == 200
    assert api("PATCH", "me/", {"theme": "pink"}).status_code == 400


def test_a_new_address_waits_and_may_be_taken_back(api, owner, settings):
    settings.EMAIL_HOST = "smtp.example.org"
    profile = api("PATCH", "me/", {"email": "o@example.org", "password": make.PASSWORD}).json()["profile"]
    assert (profile["email"], profile["waiting_email"]) == ("", "o@example.org")
    assert api("POST", "me/email/").status_code == 202
    for _ in range(2):
        assert api("DELETE", "me/email/").status_code == 204
    assert api("GET", "me/").json()["profile"]["waiting_email"] == ""
    assert api("POST", "me/email/").status_code == 409


def test_a_person_joins_by_the_token_of_an_invitation(api_of, workspace, owner, stranger):
    from runs.actions.invitations import create_invitation

    token, sven = create_invitation(workspace, "contributor", by=owner).token, api_of(stranger)
    assert api_of(stranger, scope="read")("POST", "me/invitations/", {"token": token}).status_code == 403
    assert sven("POST", "me/invitations/", {"token": "wrong"}).status_code == 404
    joined = sven("POST", "me/invitations/", {"token": token})
    assert joined.status_code == 201
    assert (joined.json()["name"], joined.json()["role"]) == ("vision", "contributor")
    assert sven("POST", "me/invitations/", {"token": token}).status_code == 404


def test_a_password_takes_the_old_one_and_ends_sessions(api, owner, client_of):
    browser = client_of(owner)
    new = "a wholly different one"
    assert api("POST", "me/password/", {"old": "wrong", "new": new}).status_code == 403
    assert api("POST", "me/password/", {"old": make.PASSWORD, "new": "short"}).status_code == 400
    assert browser.get("/w/vision/runs/").status_code == 200
    assert api("POST", "me/password/", {"old": make.PASSWORD, "new": new}).status_code == 204
    assert browser.get("/w/vision/runs/").status_code == 302


def test_a_token_does_not_choose_the_first_password(api_of, db):
    from runs.actions.workspace import create_user

    answer = api_of(create_user("ada"))("POST", "me/password/", {"old": "", "new": "a wholly different one"})
    assert answer.status_code == 403 and "in the browser" in error(answer)


def test_the_history_is_the_owners(api, workspace, reader):
    api("PUT", "workspaces/vision/members/rita/", {"role": "contributor"})
    first = api("GET", "workspaces/vision/events/").json()["results"][0]
    assert (first["kind"], first["by"], first["details"]["after"]) == ("role changed", "olga", "contributor")


def test_the_history_is_paged(api, workspace):
    WorkspaceEvent.objects.bulk_create(
        WorkspaceEvent(workspace=workspace, kind="invited", at=workspace.created_at) for _ in range(150)
    )
    page = api("GET", "workspaces/vision/events/").json()
    rest = api("GET", page["next"].removeprefix("/api/v1/")).json()
    assert len(page["results"]) == 100 and rest["next"] is None and len(rest["results"]) > 50
    seen = [event["id"] for event in page["results"] + rest["results"]]
    assert seen == sorted(seen, reverse=True) and len(set(seen)) == len(seen)


def test_an_owner_makes_a_password_link(api, owner, reader, settings):
    url = api("POST", "workspaces/vision/members/rita/password-link/").json()["url"]
    assert url.startswith(f"{settings.PUBLIC_URL}/login/reset/")
    assert Client().get(url.removeprefix(settings.PUBLIC_URL)).status_code == 200

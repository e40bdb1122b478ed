"""Settings, invitations and forgotten passwords: what the pages say, to whom, and what they keep to themselves."""

import logging
import re

import pytest
from django.test import Client

from runs.actions.experiment import rename_experiment
from runs.actions.experiment_trash import trash_experiment, untrash_experiment
from runs.actions.invitations import create_invitation
from runs.actions.members import change_role
from runs.actions.passwords import make_reset
from runs.actions.workspace import create_user, edit_workspace
from runs.client_address import client_address
from runs.models import ApiToken, Invitation, Member, SignInFailure, User
from studio.log_filter import NoTokens, without_tokens
from tests import make

NEW = "a wholly different one"
S = "/w/vision/settings/"


def text(answer):
    return answer.content.decode()


def test_an_owner_gets_the_link_once(client_of, owner, workspace, settings):
    client = client_of(owner)
    page = text(client.post(S + "invite/", {"role": "reader"}))
    link = re.search(re.escape(settings.PUBLIC_URL) + r"/invite/[\w-]+/", page)
    assert link and link[0] not in text(client.get(S + "members/"))


def test_readers_see_members_and_no_way_to_change_them(client_of, reader, owner):
    User.objects.filter(pk=owner.pk).update(email="olga@example.org")
    page = text(client_of(reader).get(S + "members/"))
    assert (
        "olga" in page and "<select" not in page and "Remove" not in page and "olga@example.org" not in page
    )
    assert S + "activity/" not in page


def test_the_last_owner_is_told_so(client_of, owner):
    for path, form in (
        ("members/", {"member": "olga", "role": "reader"}),
        ("members/remove/", {"member": "olga"}),
    ):
        answer = client_of(owner).post(S + path, form)
        assert answer.status_code == 409 and "last owner of vision" in text(answer)


def test_a_new_person_joins_and_is_signed_in(workspace, owner):
    made = create_invitation(workspace, "contributor", by=owner)
    client, path = Client(), f"/invite/{made.token}/"
    page = client.get(path)
    assert "Join vision" in text(page) and "olga" in text(page)
    assert page["Referrer-Policy"] == "strict-origin" and "no-store" in page["Cache-Control"]
    form = {"do": "join", "username": "nina", "new": NEW, "again": NEW}
    assert client.post(path, form)["Location"] == "/w/vision/"
    assert client.get("/w/vision/runs/").status_code == 200
    assert "has been used" in text(Client().get(path))


def test_a_known_person_signs_in_there_and_joins(workspace, owner, stranger):
    path = f"/invite/{create_invitation(workspace, 'reader', by=owner).token}/"
    client = Client()
    wrong = client.post(path, {"do": "sign-in", "username": "sven", "password": "no"})
    assert wrong.status_code == 403 and "do not belong together" in text(wrong)
    assert (
        client.post(path, {"do": "sign-in", "username": "sven", "password": make.PASSWORD})["Location"]
        == path
    )
    assert not Member.objects.filter(workspace=workspace, user=stranger).exists()
    client.post(path)
    assert Member.objects.get(workspace=workspace, user=stranger).role == "reader"


def test_a_member_is_not_asked_to_join(client_of, workspace, owner, reader):
    path = f"/invite/{create_invitation(workspace, 'contributor', by=owner).token}/"
    page = text(client_of(reader).get(path))
    assert "You are a member of vision" in page and "Your role there is reader." in page
    assert "<form" not in page and 'href="/w/vision/"' in page
    assert Invitation.objects.get().used_at is None


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "join"},
        {"username": "n", "new": "a", "again": "b"},
        {"username": "\x00", "new": NEW, "again": NEW},
    ],
)
def test_a_half_filled_form_is_told_and_uses_nothing_up(workspace, owner, form):
    path = f"/invite/{create_invitation(workspace, 'reader', by=owner).token}/"
    answer = Client().post(path, form)
    assert answer.status_code in (400, 403, 409) and 'role="alert"' in text(answer)
    assert Invitation.objects.get().used_at is None


def test_tokens_stay_out_of_the_log(settings):
    for place in ("invite", "login/link", "login/reset"):
        assert without_tokens(f"Not Found: /{place}/s3cret-x/?x=1") == f"Not Found: /{place}/…/?x=1"
    assert "secretsecret" not in without_tokens("Authorization: studio_12_secretsecret")
    record = logging.LogRecord(
        "x", logging.WARNING, "", 0, "%s: %s", ("Bad Request", "/invite/s3cret/"), None
    )
    assert NoTokens().filter(record) and record.getMessage() == "Bad Request: /invite/…/"
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["no_tokens"]


def test_a_password_change_ends_other_sessions_and_keeps_this_one(client_of, owner):
    here, there = client_of(owner), client_of(owner)
    answer = here.post(S + "password/", {"old": make.PASSWORD, "new": NEW, "again": NEW})
    assert answer.status_code == 302
    assert "signed out everywhere else" in text(here.get(S + "password/"))
    assert there.get("/w/vision/runs/").status_code == 302


def test_signing_out_everywhere_keeps_this_browser_and_tokens(client_of, owner, api_of):
    here, there, script = client_of(owner), client_of(owner), api_of(owner)
    here.post(S + "sessions/")
    assert here.get("/w/vision/runs/").status_code == 200
    assert there.get("/w/vision/runs/").status_code == 302
    assert script("GET", "me/").status_code == 200


def test_the_first_password_is_chosen_without_an_old_one(client_of, db):
    ada = create_user("ada")
    make.workspace("hers", owner=ada)
    client = client_of(ada)
    assert "no password yet" in text(client.get("/w/hers/settings/password/"))
    assert client.post("/w/hers/settings/password/", {"new": NEW, "again": NEW}).status_code == 302
    assert User.objects.get(pk=ada.pk).check_password(NEW)


def test_a_token_is_shown_once_with_the_line_that_uses_it(client_of, owner, settings):
    client = client_of(owner)
    page = text(client.post(S + "tokens/", {"name": "<b>x", "days": "30"}))
    token = re.search(r"studio_\d+_[\w-]{43}", page)
    assert token and f"studio login {settings.PUBLIC_URL} -w vision" in page and "<b>x" not in page
    assert token[0] not in text(client.get(S + "tokens/"))
    number = ApiToken.objects.get(user=owner).pk
    client.post(S + "tokens/", {"do": "revoke", "token": number})
    assert ApiToken.objects.get(pk=number).revoked_at is not None


@pytest.mark.parametrize("days", ["31", "x", "-1", "9" * 30])
def test_a_wrong_lifetime_is_told(client_of, owner, days):
    assert client_of(owner).post(S + "tokens/", {"name": "x", "days": days}).status_code == 400


def test_a_reset_page_sets_the_password_and_signs_in(owner):
    client, path = Client(), f"/login/reset/{make_reset(owner)}/"
    assert "olga" in text(client.get(path))
    assert client.post(path, {"new": NEW, "again": "other"}).status_code == 400
    assert client.post(path, {"new": NEW, "again": NEW}).status_code == 302
    assert client.get("/w/vision/runs/").status_code == 200


def test_asking_reads_the_same_for_everybody(owner, settings):
    User.objects.filter(pk=owner.pk).update(email="olga@example.org")
    assert "sends no mail" in text(Client().get("/login/forgotten/"))
    assert Client().post("/login/forgotten/", {"email": "olga@example.org"}).status_code == 409
    settings.EMAIL_HOST = "mail.example.org"
    pages = [
        Client().post("/login/forgotten/", {"email": e})
        for e in ("olga@example.org", "no@example.org", "\x00")
    ]
    assert len({(p.status_code, p.content) for p in pages}) == 1 and "If somebody here" in text(pages[0])


def test_a_guessing_proxy_client_is_counted_by_its_own_address(workspace, settings):
    settings.BEHIND_PROXY = True
    headers = {"X-Forwarded-For": "1.2.3.4, 203.0.113.9"}
    Client(headers=headers).post("/login/", {"username": "olga", "password": "no"})
    assert SignInFailure.objects.filter(subject="address:203.0.113.9").count() == 1


@pytest.mark.parametrize(
    ("meta", "behind", "expected"),
    [
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "9.9.9.9"}, False, "10.0.0.1"),
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 9.9.9.9"}, True, "9.9.9.9"),
        ({"REMOTE_ADDR": "10.0.0.1"}, True, "10.0.0.1"),
        ({"REMOTE_ADDR": "2001:db8::1:2:3:4"}, False, "2001:db8::/64"),
        ({"REMOTE_ADDR": "::ffff:10.0.0.1"}, False, "10.0.0.1"),
        ({"REMOTE_ADDR": ""}, False, ""),
    ],
)
def test_where_a_request_comes_from(meta, behind, expected):
    assert client_address(meta, behind_proxy=behind) == expected


def test_a_browser_that_knows_the_person_is_not_locked_out_by_strangers(workspace, owner):
    known = Client()
    known.post("/login/", {"username": "olga", "password": make.PASSWORD})
    known.post("/logout/")
    for _ in range(10):
        Client(REMOTE_ADDR="203.0.113.5").post("/login/", {"username": "olga", "password": "no"})
    form = {"username": "olga", "password": make.PASSWORD}
    assert Client().post("/login/", form).status_code == 403
    assert known.post("/login/", form).status_code == 302


def test_the_last_workspace_opens_first_and_the_switcher_keeps_the_kind(client_of, owner):
    make.workspace("another", owner=owner)
    client = client_of(owner)
    page = text(client.get("/w/vision/runs/"))
    assert client.get("/")["Location"] == "/w/vision/" and "/w/another/runs/" in page
    assert "/w/another/settings/members/" in text(client.get(S + "members/"))
    client.get("/w/another/runs/")
    assert client.get("/")["Location"] == "/w/another/"


def test_only_the_owner_of_the_installation_makes_workspaces(client_of, owner, db):
    assert client_of(owner).get("/workspaces/new/").status_code == 403
    root = client_of(make.user("root", is_owner=True))
    assert root.post("/workspaces/new/", {"name": "No Good"}).status_code == 400
    assert root.post("/workspaces/new/", {"name": "vision"}).status_code in (302, 409)
    assert root.post("/workspaces/new/", {"name": "third"})["Location"] == "/w/third/"


def test_hostile_names_are_words(client_of, owner, workspace):
    User.objects.filter(pk=owner.pk).update(first_name="<script>alert(1)</script>", email="a@b.org")
    for path in ("", "members/", "profile/", "activity/", "tokens/"):
        assert "<script>alert" not in text(client_of(owner).get(S + path))


def test_times_are_shown_in_the_person_s_zone(client_of, owner):
    User.objects.filter(pk=owner.pk).update(time_zone="Asia/Tokyo")
    page = text(client_of(owner).get(S))
    assert 'data-time-zone="Asia/Tokyo"' in page and "JST" in page


def test_leaving_asks_once(client_of, reader):
    client = client_of(reader)
    assert "Leave vision?" in text(client.get(S + "leave/"))
    client.post(S + "leave/")
    assert client.get(S).status_code == 404


def test_a_new_address_is_shown_to_wait(client_of, reader, settings):
    settings.EMAIL_HOST = "smtp.example.org"
    User.objects.filter(pk=reader.pk).update(email="old@example.org")
    client, url = client_of(reader), "/w/vision/settings/profile/"
    form = {"username": "rita", "full_name": "", "email": "new@example.org", "password": make.PASSWORD}
    html = client.post(url, form, follow=True).content.decode()
    assert "Open the link that was mailed to new@example.org" in html
    assert "waits to be confirmed" in html and "old@example.org" in html and 'value="new@example.org"' in html
    client.post(url, form | {"password": "", "full_name": "Rita"})
    assert User.objects.get(pk=reader.pk).waiting_email == "new@example.org"
    assert (
        "on its way" in client.post("/w/vision/settings/email/", {"do": "mail"}, follow=True).content.decode()
    )
    client.post("/w/vision/settings/email/", {"do": "withdraw"})
    assert "waits to be confirmed" not in client.get(url).content.decode()
    settings.EMAIL_HOST = ""
    assert "sends no mail yet" in client.post(url, form, follow=True).content.decode()
    answer = client.post("/w/vision/settings/email/", {"do": "mail"})
    assert answer.status_code == 409 and "sends no mail" in answer.content.decode()


def test_an_owner_says_when_a_silent_run_has_failed(client_of, owner, reader, workspace):
    browser = client_of(owner)
    assert '<option value="86400" selected>a day</option>' in text(browser.get(S))
    assert browser.post(S, {"description": "pictures", "lost_after_s": "3600"}).status_code == 302
    workspace.refresh_from_db()
    assert (workspace.description, workspace.lost_after_s) == ("pictures", 3600)
    assert "has silent runs fail after an hour" in text(browser.get(S + "activity/"))
    page = text(client_of(reader).get(S))
    assert "an hour" in page and "<select" not in page


@pytest.mark.parametrize("given", ["599", "2592001", "soon", "-1", "9" * 30])
def test_a_silence_that_is_too_short_too_long_or_no_number_is_refused(client_of, owner, workspace, given):
    answer = client_of(owner).post(S, {"description": "lost", "lost_after_s": given})
    assert answer.status_code == 400 and "after 10 minutes at the earliest" in text(answer)
    workspace.refresh_from_db()
    assert (workspace.description, workspace.lost_after_s) == ("", 24 * 3600)


def test_a_silence_that_was_set_over_rest_can_be_chosen(client_of, owner, workspace, api_of):
    speaking = api_of(owner)
    answer = speaking("PATCH", "workspaces/vision/", {"lost_after_s": 7200})
    assert (answer.status_code, answer.json()["lost_after_s"]) == (200, 7200)
    assert '<option value="7200" selected>2h 00m</option>' in text(client_of(owner).get(S))
    assert speaking("PATCH", "workspaces/vision/", {"lost_after_s": 1}).status_code == 400
    assert (
        speaking("PATCH", "workspaces/vision/", {"description": "only this"}).json()["lost_after_s"] == 7200
    )


def test_a_changed_role_and_a_limit_are_both_told(client_of, owner, workspace, contributor):
    change_role(workspace, contributor, "reader", by=owner)
    edit_workspace(workspace, by=owner, lost_after_s=3600)
    page = text(client_of(owner).get(S + "activity/"))
    assert f"changed {contributor.username} from contributor to reader" in page
    assert "has silent runs fail after an hour" in page


def test_what_happened_to_whole_experiments_is_told(client_of, workspace, owner):
    made = make.run(workspace, "digits").experiment
    rename_experiment(made, "letters", by=owner)
    trash_experiment(made, by=owner, active=True)
    untrash_experiment(made, by=owner)
    page = text(client_of(owner).get(S + "activity/"))
    for sentence in (
        "renamed the experiment “digits” to “letters”",
        "moved the experiment “letters” to the trash, with 1 run",
        "restored the experiment “letters” from the trash, with 1 run",
    ):
        assert sentence in page


def test_an_owner_says_whether_scripts_of_canceled_runs_are_stopped(client_of, owner, workspace, api_of):
    browser = client_of(owner)
    assert '<option value="True" selected>stop the script at its next write</option>' in text(browser.get(S))
    assert browser.post(S, {"stops_canceled": "False"}).status_code == 302
    workspace.refresh_from_db()
    assert workspace.stops_canceled is False
    assert "has scripts of canceled runs write on" in text(browser.get(S + "activity/"))
    speaking = api_of(owner)
    assert (
        speaking("PATCH", "workspaces/vision/", {"description": "as it was"}).json()["stops_canceled"]
        is False
    )
    assert speaking("PATCH", "workspaces/vision/", {"stops_canceled": True}).json()["stops_canceled"] is True
    assert "has scripts of canceled runs stopped" in text(browser.get(S + "activity/"))

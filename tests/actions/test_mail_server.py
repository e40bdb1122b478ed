"""The SMTP server in Settings: what may be set, by whom, and that its password stays where it is."""

import pytest
from django.db import IntegrityError, transaction

from runs import mail
from runs.access import Caller
from runs.access_mail import get_mail_server
from runs.actions import mail_server as actions
from runs.errors import Conflict, Invalid, NotAllowed
from runs.mail_server import in_use, server_in_use
from runs.models import ApiToken, Job, MailServer
from tests import make

SET = {
    "host": "smtp.example.org",
    "username": "studio",
    "password": "canary-of-smtp",
    "sender": "a@example.org",
}


@pytest.fixture
def boss(db):
    """The owner of the installation."""
    return make.user("bo", is_owner=True)


@pytest.fixture
def change(boss):
    """Change the settings, as the owner of the installation."""

    def to(own_password=make.PASSWORD, **sent):
        row = get_mail_server(Caller(boss))
        return actions.change_mail_server(row, sent, by=boss, own_password=own_password)

    return to


def test_what_settings_hold_is_used_with_tls(change):
    assert not mail.can_send()
    change(**SET)
    server = server_in_use()
    assert (server.host, server.port, server.encryption) == ("smtp.example.org", 587, "starttls")
    assert (server.username, server.password, server.sender) == ("studio", "canary-of-smtp", "a@example.org")
    assert mail.can_send() and "canary" not in repr(server) + str(in_use())


def test_the_environment_goes_before_as_a_whole(change, settings, monkeypatch):
    change(**SET)
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER = "other.example.org", ""
    monkeypatch.setenv("STUDIO_SMTP_HOST", "other.example.org")
    found = in_use()
    assert found.from_environment and found.variables == {"host": "STUDIO_SMTP_HOST"}
    assert found.server.host == "other.example.org"
    assert found.server.password == ""  # the one of Settings is for another server


def test_the_sender_of_the_environment_goes_before(change, settings, monkeypatch):
    change(**SET)
    settings.MAIL_FROM = "env@example.org"
    monkeypatch.setenv("STUDIO_MAIL_FROM", "env@example.org")
    found = in_use()
    assert found.server.sender == "env@example.org" and found.variables == {"sender": "STUDIO_MAIL_FROM"}


def test_a_password_stays_unless_the_server_is_another(change):
    change(**SET)
    change(sender="Studio <b@example.org>")
    assert MailServer.objects.get().password == "canary-of-smtp"
    for sent in ({"host": "evil.example.org"}, {"port": 2525}, {"encryption": "none"}, {"username": "x"}):
        with pytest.raises(Invalid, match="Type the password of the server again") as refusal:
            change(**sent)
        assert refusal.value.field == "password" and "canary" not in str(refusal.value)
    row = MailServer.objects.get()
    assert (row.host, row.port, row.encryption) == ("smtp.example.org", 587, "starttls")
    change(host="mail.example.org", password="another")
    assert MailServer.objects.get().password == "another"
    change(username="")
    assert MailServer.objects.get().password == ""


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"host": ""}, "The host"),
        ({"host": "smtp.example.org:25"}, "host"),
        ({"host": "https://smtp.example.org"}, "host"),
        ({"host": "a b"}, "host"),
        ({"host": "a\r\nb"}, "The host"),
        ({"host": "-x"}, "host"),
        ({"host": "é.example.org"}, "host"),
        ({"host": 7}, "The host"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": "²"}, "port"),
        ({"port": True}, "port"),
        ({"encryption": "maybe"}, "encryption"),
        ({"username": "é"}, "username"),
        ({"password": "pass\nword"}, "The password"),
        ({"password": "\ud800"}, "The password"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@example.org\r\nBcc: b@example.org"}, "The sender"),
        ({"sender": '"a, b" <a@example.org>'}, "sender"),
        ({"allows_private": "yes"}, "allows_private"),
        ({"id": 2}, "id"),
    ],
)
def test_what_is_no_server_is_refused_by_name(change, sent, field):
    with pytest.raises(Invalid) as refusal:
        change(**{**SET, **sent})
    assert refusal.value.field == field and not MailServer.objects.exists()
    assert "canary" not in str(refusal.value)


@pytest.mark.parametrize(("host", "kept"), [("SMTP.Example.org", "smtp.example.org"), ("[::1]", "::1")])
def test_hosts_are_kept_as_they_are_used(change, host, kept):
    assert change(**{**SET, "host": host}).host == kept


def test_it_takes_the_owner_of_the_installation_and_their_password(change, boss, owner):
    with pytest.raises(NotAllowed, match="owner of this installation"):
        get_mail_server(Caller(owner))
    with pytest.raises(NotAllowed):
        get_mail_server(Caller(boss, ApiToken(user=boss, scope="read")))
    with pytest.raises(NotAllowed):
        change(own_password="wrong", **SET)
    assert not MailServer.objects.exists()
    change(**SET)
    with pytest.raises(NotAllowed):
        actions.forget_mail_server(MailServer.objects.get(), by=boss, own_password="wrong")
    actions.forget_mail_server(MailServer.objects.get(), by=boss, own_password=make.PASSWORD)
    assert not mail.can_send()


def test_there_is_one_row_at_most(change):
    change(**SET)
    with pytest.raises(IntegrityError), transaction.atomic():
        MailServer.objects.create(id=2, host="b.example.org")


def test_a_test_is_asked_for_once_and_forgotten_with_a_change(change, boss, settings):
    with pytest.raises(Conflict, match="No SMTP server"):
        actions.ask_test(get_mail_server(Caller(boss)), "a@example.org")
    change(**SET)
    with pytest.raises(Invalid, match="to which address"):
        actions.ask_test(get_mail_server(Caller(boss)), " ")
    row = actions.ask_test(get_mail_server(Caller(boss)), "a@example.org")
    assert actions.is_on_its_way(row) and actions.tested_now() == "a@example.org"
    with pytest.raises(Conflict, match="on its way"):
        actions.ask_test(get_mail_server(Caller(boss)), "b@example.org")
    job = Job.objects.get()
    assert job.name == "mail test" and "canary" not in str(job.payload)
    actions.note_test("other@example.org", "of an earlier one", arrived=True)
    assert actions.tested_now() == "a@example.org"
    change(sender="b@example.org")
    assert actions.tested_now() == "" and not actions.is_on_its_way(MailServer.objects.get())


def test_the_environment_s_server_is_tried_too(boss, settings):
    settings.EMAIL_HOST = "env.example.org"
    actions.ask_test(get_mail_server(Caller(boss)), "a@example.org")
    row = MailServer.objects.get()
    assert row.test_to == "a@example.org" and row.host == ""
    settings.EMAIL_HOST = ""
    assert not mail.can_send()

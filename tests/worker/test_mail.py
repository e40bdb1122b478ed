"""Mail, through a real SMTP server on loopback: who gets what, and what hostile text can not do."""

import email
import re
import smtplib
from email import policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from django.test import Client

from runs import mail
from runs.actions.invitations import create_invitation, revoke_invitation
from runs.actions.passwords import ask_reset
from runs.actions.profile import edit_profile
from runs.models import Invitation, Job, User
from runs.worker import do_next_job
from tests import make
from tests.conftest import free_port

HERE = "192.0.2.1"


class Box(Message):
    """Keeps what comes in."""

    def __init__(self):
        super().__init__()
        self.letters = []

    def handle_message(self, message):
        self.letters.append(email.message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.fixture
def box(settings):
    """A mailbox of an SMTP server that runs while the test does."""
    box, port = Box(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "studio@example.org"
    yield box
    server.stop()


def work():
    while do_next_job("test"):
        pass


def text_of(letter):
    return letter.get_body(("plain",)).get_content()


def path_in(letter, settings):
    return re.search(re.escape(settings.PUBLIC_URL) + r"(/\S+)", text_of(letter).split("\n\n", 1)[1])[1]


def test_an_invitation_arrives_and_lets_a_person_in(box, workspace, owner, settings):
    create_invitation(workspace, "contributor", by=owner, email="new@example.org")
    assert box.letters == []  # nothing leaves in the request
    work()
    letter = box.letters[0]
    assert (letter["To"], letter["Subject"]) == ("new@example.org", "olga invites you to vision")
    assert letter["From"] == "Run Studio <studio@example.org>"
    path = path_in(letter, settings)
    answer = Client().post(
        path, {"do": "join", "username": "nina", "new": make.PASSWORD, "again": make.PASSWORD}
    )
    assert answer.status_code == 302 and User.objects.get(username="nina").email == "new@example.org"
    assert Invitation.objects.get().sent_at is not None


def test_a_revoked_invitation_is_not_mailed(box, workspace, owner):
    made = create_invitation(workspace, "reader", by=owner, email="new@example.org")
    revoke_invitation(made.invitation, by=owner)
    work()
    assert box.letters == []


def test_a_reset_goes_to_the_address_of_the_profile_alone(box, owner, settings):
    User.objects.filter(pk=owner.pk).update(email="olga@example.org")
    ask_reset("OLGA@example.org", address=HERE)
    ask_reset("nobody@example.org", address=HERE)
    work()
    assert [letter["To"] for letter in box.letters] == ["olga@example.org"]
    path = path_in(box.letters[0], settings)
    client, new = Client(), "a wholly different one"
    assert client.get(path).status_code == 200
    assert client.post(path, {"new": new, "again": new}).status_code == 302
    assert User.objects.get(pk=owner.pk).check_password(new)
    assert Client().post(path, {"new": new, "again": new}).status_code == 404


def test_a_new_address_is_used_once_its_link_is_opened(box, owner, settings):
    User.objects.filter(pk=owner.pk).update(email="old@example.org")
    owner.refresh_from_db()
    edit_profile(owner, email="new@example.org", password=make.PASSWORD)
    work()
    letter = box.letters[0]
    assert letter["To"] == "new@example.org" and "olga gave this address" in text_of(letter)
    ask_reset("new@example.org", address=HERE)
    ask_reset("old@example.org", address=HERE)
    work()
    assert [letter["To"] for letter in box.letters[1:]] == ["old@example.org"]
    path, client = path_in(letter, settings), Client()
    assert client.get(path).status_code == 200
    assert User.objects.get(pk=owner.pk).email == "old@example.org"  # looking confirms nothing
    assert "new@example.org" in client.post(path).content.decode()
    assert User.objects.get(pk=owner.pk).email == "new@example.org"
    assert client.post(path).status_code == 404
    assert (
        path_in(box.letters[1], settings) and client.get(path_in(box.letters[1], settings)).status_code == 404
    )


def test_no_job_holds_what_opens_something(box, workspace, owner, settings):
    create_invitation(workspace, "reader", by=owner, email="new@example.org")
    work()
    token = path_in(box.letters[0], settings).split("/")[2]
    assert token not in str(list(Job.objects.values()) + list(Invitation.objects.values()))


@pytest.mark.parametrize(
    "subject",
    ["a\r\nBcc: evil@example.org", "a\nb", "\u202egnp.exe", "\ud800", "x\x00y", "é" * 500, "a\u2028b"],
)
def test_hostile_text_stays_in_its_header(box, subject):
    mail.send(mail.Letter("new@example.org", subject, "password_reset", {"username": "<b>x</b>", "url": "u"}))
    letter = box.letters[0]
    assert letter["Bcc"] is None and letter["Subject"] and "\n" not in letter["Subject"]
    html = letter.get_body(("html",)).get_content()
    assert "<b>x</b>" not in html and "&lt;b&gt;x" in html


def test_an_address_cannot_begin_another_header(box):
    with pytest.raises((smtplib.SMTPException, ValueError)):
        mail.send(mail.Letter("a@example.org\nBcc: evil@example.org", "s", "password_reset", {"url": "u"}))
    assert box.letters == []


def test_a_server_without_tls_is_not_spoken_to_in_clear(box, settings):
    settings.EMAIL_USE_TLS = True
    with pytest.raises(smtplib.SMTPNotSupportedError):
        mail.send(mail.Letter("new@example.org", "s", "password_reset", {"url": "u"}))
    assert box.letters == []


def test_a_server_that_is_away_is_tried_again(workspace, owner, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", free_port(), False
    create_invitation(workspace, "reader", by=owner, email="new@example.org")
    work()
    job = Job.objects.get(name="mail invitation")
    assert (job.state, job.attempts) == ("ready", 1) and "refused" in job.last_error.lower()

"""Mail, through a real SMTP server on loopback: who gets what, and what hostile text can not do."""

import base64
import email
import re
import socket
import ssl
import subprocess
import threading
import time
from contextlib import suppress
from email import policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult
from django.test import Client

from runs import mail, notifier, worker
from runs.actions.alerts import create_alert, send_test
from runs.actions.invitations import create_invitation, revoke_invitation
from runs.actions.mail_server import ask_test
from runs.actions.passwords import ask_reset
from runs.actions.profile import edit_profile
from runs.models import Invitation, Job, MailServer, User
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
    with pytest.raises((mail.NotMailed, ValueError)):
        mail.send(mail.Letter("a@example.org\nBcc: evil@example.org", "s", "password_reset", {"url": "u"}))
    assert box.letters == []


def test_a_server_without_tls_is_not_spoken_to_in_clear(box, settings):
    settings.EMAIL_USE_TLS = True
    with pytest.raises(mail.NotMailed, match="does not offer TLS"):
        mail.send(mail.Letter("new@example.org", "s", "password_reset", {"url": "u"}))
    assert box.letters == []


def test_a_server_that_is_away_is_tried_again(workspace, owner, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", free_port(), False
    create_invitation(workspace, "reader", by=owner, email="new@example.org")
    work()
    job = Job.objects.get(name="mail invitation")
    assert (job.state, job.attempts) == ("ready", 1) and "refused" in job.last_error.lower()


@pytest.fixture
def kept(box, settings, db):
    """The server of the mailbox, set up in Settings alone."""
    port, settings.EMAIL_HOST = settings.EMAIL_PORT, ""
    return MailServer.objects.create(
        host="127.0.0.1", port=port, encryption="none", allows_private=True, sender="set@example.org"
    )


def test_what_settings_hold_sends_invitations_resets_and_alerts(box, kept, workspace, owner):
    User.objects.filter(pk=owner.pk).update(email="olga@example.org")
    owner.refresh_from_db()
    create_invitation(workspace, "reader", by=owner, email="new@example.org")
    ask_reset("olga@example.org", address=HERE)
    work()
    send_test(create_alert(workspace, by=owner, fields={"statuses": ["failed"], "channel": "email"}))
    assert notifier.deliver_next("test")
    found = sorted((letter["To"], letter["From"]) for letter in box.letters)
    sender = "Run Studio <set@example.org>"
    assert found == [("new@example.org", sender), ("olga@example.org", sender), ("olga@example.org", sender)]


def tried(row):
    """Ask for a test, let the worker work, and return what is known then."""
    ask_test(row, "me@example.org")
    work()
    row.refresh_from_db()
    return row


def test_a_test_of_the_mail_arrives_and_says_so(box, kept):
    row = tried(kept)
    assert row.test_arrived and "took the mail to me@example.org" in row.test_answer
    assert [letter["To"] for letter in box.letters] == ["me@example.org"]
    assert Job.objects.get().state == "done"


def test_a_wrong_password_is_said_and_repeated_nowhere(db, caplog):
    class Parrot(Box):
        """Repeats what it was told, as text and as it was sent."""

        async def auth_PLAIN(self, server, args):
            said = args[1] + " " + base64.b64decode(args[1]).decode().split(chr(0))[2]
            await server.push(f"535 5.7.8 no: {said}")
            return AuthResult(success=False, handled=True)

    port = free_port()
    options = {"auth_required": True, "auth_require_tls": False, "auth_exclude_mechanism": ["LOGIN"]}
    server = Controller(Parrot(), hostname="127.0.0.1", port=port, **options)
    with pytest.warns(UserWarning, match="TLS"):
        server.start()
    row = MailServer.objects.create(
        host="127.0.0.1",
        port=port,
        encryption="none",
        allows_private=True,
        username="studio",
        password="canary-of-smtp",
    )
    try:
        with caplog.at_level("DEBUG"):
            answer = tried(row).test_answer
            create_invitation(make.workspace("w"), "reader", by=make.user("boss"), email="new@example.org")
            work()
    finally:
        server.stop()
    assert answer.startswith(f"127.0.0.1:{port} refuses the user name or the password: 535 5.7.8 no:")
    errors = " ".join(Job.objects.values_list("last_error", flat=True))
    coded = base64.b64encode(b"\0studio\0canary-of-smtp").decode()
    ours = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("runs"))
    for place in (answer, errors, ours):
        assert "canary" not in place and coded not in place
    assert "535" in answer and "535" in errors and "535" in ours


def listening():
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    door.listen()
    return door


def dripping(door):
    """Greets one letter at a time and never comes to an end."""
    with suppress(OSError):
        talk, _ = door.accept()
        while True:
            talk.sendall(b"2")
            time.sleep(0.05)


def test_a_server_that_drips_is_cut_off(db, monkeypatch):
    monkeypatch.setattr("runs.worker.TEST_LIMIT_S", 0.5)
    with listening() as door:
        threading.Thread(target=dripping, args=(door,), daemon=True).start()
        begun = time.monotonic()
        row = MailServer.objects.create(
            host="127.0.0.1", port=door.getsockname()[1], encryption="none", allows_private=True
        )
        answer = tried(row).test_answer
    assert "gave no whole answer within 0.5 seconds" in answer and time.monotonic() - begun < 8


def test_a_test_ends_within_ten_seconds():
    assert worker.TEST_LIMIT_S == 10


@pytest.mark.parametrize(
    ("encryption", "said"), [("ssl", "TLS failed"), ("starttls", "does not offer TLS"), ("none", "took")]
)
def test_a_server_without_tls_is_said_to_have_none(box, kept, encryption, said):
    MailServer.objects.update(encryption=encryption)
    row = tried(kept)
    assert said in row.test_answer and row.test_arrived == (encryption == "none")


def test_a_certificate_of_nobody_is_not_trusted(db, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    box, port = Box(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port, tls_context=context)
    server.start()
    row = MailServer.objects.create(host="127.0.0.1", port=port, allows_private=True)
    try:
        answer = tried(row).test_answer
    finally:
        server.stop()
    assert "TLS failed: the certificate of 127.0.0.1" in answer and box.letters == []


def test_a_server_that_refuses_the_connection_is_said(db):
    row = MailServer.objects.create(host="127.0.0.1", port=free_port(), allows_private=True)
    assert "refused the connection: are host and port right?" in tried(row).test_answer


def test_the_private_network_is_left_alone_unless_it_is_allowed(box, kept):
    MailServer.objects.update(allows_private=False)
    row = tried(kept)
    assert "lies in a private network" in row.test_answer and box.letters == []

"""Messages on their way, through a real SMTP server and a real HTTP receiver on loopback."""

import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.db import connection
from django.test import Client
from django.utils import timezone

from runs import guarded_post, mail, notifier
from runs.actions import deliveries
from runs.actions.alerts import create_alert, mute, mute_token, send_test
from runs.guarded_post import NotPosted, is_public, post
from runs.models import Alert, Delivery, User
from tests import make
from tests.conftest import free_port
from tests.worker.test_mail import Box

THREE = ["a@example.org", "b@example.org", "c@example.org"]


class Picky(Box):
    """Refuses some recipients, each with its answer."""

    def __init__(self):
        super().__init__()
        self.answers = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def box(settings):
    """A mailbox that can be told to refuse."""
    box = Picky()
    with smtp(settings, box):
        yield box


class smtp:
    """An SMTP server of the handler, which the studio is told of."""

    def __init__(self, settings, handler, **options):
        self.port = settings.EMAIL_PORT = free_port()
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        self.server = Controller(handler, hostname="127.0.0.1", port=self.port, **options)

    def __enter__(self):
        self.server.start()

    def __exit__(self, *_):
        self.server.stop()


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers as it is told."""

    status, headers_out, drips = 200, {}, False

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers_out.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"thanks " * 5000)

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    """A web server that others post to."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    server.got, server.status, server.headers_out = [], 200, {}
    server.url = f"http://127.0.0.1:{server.server_port}/hook?a=b"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def alert_of(workspace, **fields):
    fields = {"statuses": ["failed"], "channel": "list", "addresses": THREE} | fields
    by = make.owner_of(workspace)
    User.objects.filter(pk=by.pk).update(is_superuser=True)  # who may allow private addresses
    return create_alert(workspace, by=by, fields=fields)


def send(alert, *, now=None):
    """Send a test of the alert, and return it as it is then."""
    made = send_test(alert)
    notifier.deliver_next("test", now)
    made.refresh_from_db()
    return made


def again(made, *, after):
    """Let the time pass and the worker try once more."""
    notifier.deliver_next("other", timezone.now() + after)
    made.refresh_from_db()
    return made


def recipients(box):
    return [letter["To"] for letter in box.letters]


def test_each_of_a_list_gets_a_mail_of_their_own(box, workspace):
    made = send(alert_of(workspace))
    assert recipients(box) == THREE and made.sent_at is not None and made.due_at is None
    assert [letter["Subject"] for letter in box.letters] == [
        "[vision] A test of the alert All runs: failed"
    ] * 3
    assert len({letter["Message-ID"] for letter in box.letters}) == 1


def test_one_refused_of_three_stops_neither_the_others_nor_the_message(box, workspace):
    box.answers = {"b@example.org": "550 no such person"}
    made = send(alert_of(workspace))
    assert recipients(box) == ["a@example.org", "c@example.org"]
    assert made.sent_at is not None and "550 no such person" in made.answer


def test_one_that_is_refused_for_now_gets_it_later_and_the_others_not_again(box, workspace):
    box.answers = {"b@example.org": "450 greylisted"}
    made = send(alert_of(workspace))
    assert made.sent_at is None and "450 greylisted" in made.answer
    box.answers = {}
    made = again(made, after=timedelta(minutes=1))
    assert recipients(box) == ["a@example.org", "c@example.org", "b@example.org"] and made.sent_at is not None


class Crash(BaseException):
    """The process dies."""


def test_a_crash_between_sending_and_marking_sends_one_more_at_most(box, workspace, monkeypatch):
    made = send_test(alert_of(workspace))
    real = deliveries.note_reached

    def dies(delivery, address):
        if address == "b@example.org":
            raise Crash
        real(delivery, address)

    monkeypatch.setattr(deliveries, "note_reached", dies)
    with pytest.raises(Crash):
        notifier.deliver_next("dead")
    monkeypatch.setattr(deliveries, "note_reached", real)
    assert not notifier.deliver_next("test")  # the lease still holds
    made = again(made, after=timedelta(minutes=10))
    assert recipients(box) == ["a@example.org", "b@example.org", "b@example.org", "c@example.org"]
    assert made.sent_at is not None and made.attempts == 2


def test_a_webhook_crash_sends_one_more_at_most(receiver, workspace, monkeypatch):
    made = send_test(hook(workspace, receiver))
    real = deliveries.note_sent

    def dies(*_):
        raise Crash

    monkeypatch.setattr(deliveries, "note_sent", dies)
    with pytest.raises(Crash):
        notifier.deliver_next("dead")
    monkeypatch.setattr(deliveries, "note_sent", real)
    made = again(made, after=timedelta(minutes=10))
    assert len(receiver.got) == 2 and made.sent_at is not None
    assert len({headers["Studio-Delivery"] for _, headers, _ in receiver.got}) == 1


def test_a_wrong_password_is_tried_for_a_day_and_then_given_up_visibly(workspace, settings):
    def refuse(*_):
        return AuthResult(success=False, handled=False)

    box = Picky()
    options = {"authenticator": refuse, "auth_required": True, "auth_require_tls": False}
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "studio", "wrong"
    with pytest.warns(UserWarning, match="TLS"), smtp(settings, box, **options):
        made = send(alert_of(workspace, addresses=THREE[:1]))
        waits = []
        while made.due_at is not None and len(waits) < 50:
            waits.append(made.due_at)
            notifier.deliver_next("test", made.due_at)
            made.refresh_from_db()
            # As if the time had passed: the message grows older by what was waited.
            older = made.created_at - (waits[-1] - timezone.now())
            Delivery.objects.filter(pk=made.pk).update(created_at=older)
    assert box.letters == [] and made.given_up_at is not None and made.sent_at is None
    assert "535" in made.answer and 5 < made.attempts < 30
    assert "wrong" not in made.answer


def test_waits_grow_for_a_day(workspace, db):
    made = send_test(alert_of(workspace))
    now, waits = timezone.now(), []
    while (found := deliveries.take_delivery("test", now=now)) is not None:
        deliveries.note_failed(found, "away", now=now)
        found.refresh_from_db()
        if found.due_at is None:
            break
        waits.append(found.due_at - now)
        now = found.due_at
    made.refresh_from_db()
    assert waits == sorted(waits) and waits[0] <= timedelta(minutes=1)
    assert timedelta(hours=18) < sum(waits, timedelta()) <= timedelta(days=1)
    assert made.given_up_at is not None and made.answer == "away"


def test_a_server_that_is_too_slow_is_tried_again(workspace, settings, monkeypatch):
    with socket.socket() as silent:  # takes connections and never says a word
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        monkeypatch.setattr(mail, "TIMEOUT_S", 0.2)
        made = send(alert_of(workspace, addresses=THREE[:1]))
    assert made.sent_at is None and made.due_at > timezone.now() and "timed out" in made.answer


def test_a_server_that_closes_is_tried_again(workspace, settings):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        settings.EMAIL_HOST, settings.EMAIL_PORT = door.getsockname()
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        closer = threading.Thread(target=lambda: door.accept()[0].close())
        closer.start()
        made = send(alert_of(workspace, addresses=THREE[:1]))
        closer.join(20)
    assert made.sent_at is None and made.due_at is not None and made.answer


def test_without_smtp_the_message_is_kept_in_the_studio(workspace, settings):
    settings.EMAIL_HOST = ""
    made = send(alert_of(workspace))
    assert made.sent_at is not None and made.answer == notifier.NO_SMTP and made.subject


def test_mail_to_me_goes_to_the_confirmed_address_alone(box, workspace, owner):
    alert = alert_of(workspace, channel="email", addresses=[])
    User.objects.filter(pk=owner.pk).update(waiting_email="new@example.org")
    assert send(alert).answer == notifier.NO_ADDRESS
    User.objects.filter(pk=owner.pk).update(email="olga@example.org")
    send(alert)
    assert recipients(box) == ["olga@example.org"]


def test_an_address_of_somebody_without_access_gets_nothing(box, workspace, stranger, reader):
    User.objects.filter(pk=stranger.pk).update(email="B@example.org")
    User.objects.filter(pk=reader.pk).update(email="c@example.org")
    send(alert_of(workspace))
    assert recipients(box) == ["a@example.org", "c@example.org"]


def test_who_mutes_a_list_gets_no_more_and_the_others_do(box, workspace):
    alert = alert_of(workspace)
    path = f"/alerts/mute/{mute_token(alert, 'b@example.org')}/"
    assert Client().get(path).status_code == 200
    alert.refresh_from_db()
    assert alert.muted == []  # programs that look at links in mails mute nothing
    assert Client().post(path).status_code == 200
    send(alert)
    assert recipients(box) == ["a@example.org", "c@example.org"]
    for address in ("a@example.org", "c@example.org"):
        mute(mute_token(alert, address))
    alert.refresh_from_db()
    assert alert.paused_at is not None


def test_the_link_in_a_mail_mutes_the_alert_of_one_person(box, workspace, owner, settings):
    User.objects.filter(pk=owner.pk).update(email="olga@example.org")
    alert = alert_of(workspace, channel="email", addresses=[])
    send(alert)
    text = box.letters[0].get_body(("plain",)).get_content()
    path = next(word for word in text.split() if "/alerts/mute/" in word).removeprefix(settings.PUBLIC_URL)
    assert Client().post(path).status_code == 200
    assert Alert.objects.get().paused_at is not None
    assert Client().post("/alerts/mute/not-whole/").status_code == 404


def hook(workspace, receiver, **fields):
    fields = {"channel": "webhook", "addresses": [], "url": receiver.url, "allows_private": True} | fields
    return alert_of(workspace, **fields)


def test_a_webhook_is_signed_with_its_time(receiver, workspace):
    alert = hook(workspace, receiver)
    made = send(alert)
    path, headers, body = receiver.got[0]
    signed = hmac.new(
        alert.secret.encode(), f"{headers['Studio-Timestamp']}.".encode() + body, hashlib.sha256
    )
    assert headers["Studio-Signature"] == f"v1={signed.hexdigest()}"
    assert abs(int(headers["Studio-Timestamp"]) - time.time()) < 300
    assert path == "/hook?a=b" and json.loads(body)["subject"] == made.subject
    assert made.answer.startswith("200 thanks") and len(made.answer) <= 500


@pytest.mark.parametrize("channel", ["slack", "teams", "mattermost"])
def test_a_chat_gets_what_it_reads(receiver, workspace, channel):
    send(hook(workspace, receiver, channel=channel))
    _, headers, body = receiver.got[0]
    assert "A test of the alert" in body.decode().replace("\\\\", "") and "Studio-Signature" not in headers
    assert ("text" in json.loads(body)) is (channel != "teams")


def test_a_redirect_is_not_followed(receiver, workspace):
    receiver.status, receiver.headers_out = 302, {"Location": "/elsewhere"}
    made = send(hook(workspace, receiver))
    assert [path for path, _, _ in receiver.got] == ["/hook?a=b"]
    assert made.sent_at is None and "not followed" in made.answer


def test_a_receiver_that_fails_is_tried_again_and_one_that_is_gone_is_not(receiver, workspace):
    receiver.status = 500
    made = send(hook(workspace, receiver))
    assert made.due_at is not None and made.answer.startswith("500")
    receiver.status = 410
    assert again(made, after=timedelta(minutes=1)).given_up_at is not None


def test_a_private_address_is_refused_unless_it_is_allowed(receiver, workspace):
    made = send(hook(workspace, receiver, allows_private=False))
    assert receiver.got == [] and "private network" in made.answer
    assert send(hook(workspace, receiver)).sent_at is not None


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "::1", "0.0.0.0", "169.254.169.254", "2130706433", "0x7f.1", "::ffff:127.0.0.1"),
        *("localhost", "10.1.2.3", "192.168.0.1", "100.64.0.1", "fe80::1", "fd00::1", "64:ff9b::7f00:1"),
    ],
)
def test_nothing_is_posted_into_the_private_network(host):
    with pytest.raises(NotPosted):
        guarded_post.resolve(host, 80, allows_private=False)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_public(address):
    assert is_public(address)


def test_a_name_is_looked_up_once_and_that_address_connected_to(monkeypatch):
    answers, connected = iter(["93.184.216.34", "127.0.0.1"]), []

    def look_up(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address, timeout):
        connected.append(address)
        raise OSError("unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotPosted, match="unreachable"):
        post("http://rebinding.example/", b"", {})
    assert connected == [("93.184.216.34", 80)]


def test_a_receiver_that_drips_is_cut_off():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        stopped = threading.Event()

        def drip():
            with door.accept()[0] as peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stopped.wait(0.05):
                    try:
                        peer.sendall(b"a")
                    except OSError:
                        return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        url = f"http://127.0.0.1:{door.getsockname()[1]}/"
        with pytest.raises(NotPosted, match="No whole answer within"):
            post(url, b"", {}, allows_private=True, limit_s=0.5)
        stopped.set()
        dripping.join(20)


@pytest.mark.django_db(transaction=True)
def test_several_workers_share_the_messages_without_doubles(workspace):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one worker.")
    alert = alert_of(workspace, channel="app", addresses=[])
    made = [send_test(alert) for _ in range(5)]

    def work(name):
        try:
            while notifier.deliver_next(name):
                pass
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    rows = Delivery.objects.filter(pk__in=[each.pk for each in made])
    assert [row.attempts for row in rows] == [1] * 5 and all(row.sent_at for row in rows)

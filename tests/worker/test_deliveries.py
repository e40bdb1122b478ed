"""Messages on their way, through a real SMTP server on loopback."""

import socket
import threading
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.db import connection
from django.test import Client
from django.utils import timezone

from runs import mail, notifier
from runs.actions import deliveries
from runs.actions.alerts import mute, mute_token, send_test
from runs.models import Alert, Delivery, User
from tests.conftest import free_port
from tests.worker.delivering import THREE, Crash, again, alert_of, send
from tests.worker.test_mail import Box


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
        monkeypatch.setattr(mail, "LIMIT_S", 0.3)
        made = send(alert_of(workspace, addresses=THREE[:1]))
    assert made.sent_at is None and made.due_at > timezone.now()
    assert "no whole answer within 0.3 seconds" in made.answer


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


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_mail_program_mutes_by_one_click_where_that_is_safe(box, workspace, settings, scheme):
    settings.PUBLIC_URL = f"{scheme}://studio.example.org"
    made = alert_of(workspace)
    send(made)
    letter = box.letters[0]
    url = letter["List-Unsubscribe"].strip(" <>")
    assert url.startswith(settings.PUBLIC_URL + "/alerts/mute/")
    assert letter["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if scheme == "https" else None)
    client, path = Client(enforce_csrf_checks=True), url.removeprefix(settings.PUBLIC_URL)
    assert client.get(path).status_code == 200 and client.head(path).status_code == 200
    assert client.post(path).status_code == 403  # a form of another site
    assert Alert.objects.get().muted == []
    answer = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and Alert.objects.get().muted == [letter["To"]]


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

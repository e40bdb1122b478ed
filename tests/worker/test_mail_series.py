"""Mails that follow each other through one connection: as long as the server keeps it, and no further."""

import pytest

from runs import mail, notifier
from runs.actions.alerts import send_test
from tests.worker.delivering import THREE, alert_of
from tests.worker.test_deliveries import Picky, recipients, smtp


class Counting(Picky):
    """Counts connections, and takes so many mails of one; asked further it says good-bye or just hangs up."""

    def __init__(self, most=1000, *, hangs_up=False):
        super().__init__()
        self.most, self.hangs_up, self.connections = most, hangs_up, 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name, session.taken = hostname, 0
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if session.taken >= self.most:
            return "421 so many mails and no more"
        envelope.mail_from = address
        return "250 OK"

    async def handle_NOOP(self, server, session, envelope, _argument):
        if self.hangs_up and session.taken >= self.most:
            server.transport.close()
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        session.taken += 1
        return await super().handle_DATA(server, session, envelope)


def send_all(workspace, settings, box, messages=3):
    with smtp(settings, box):
        alert = alert_of(workspace)
        for _ in range(messages):
            send_test(alert)
        notifier.deliver_all("test", lambda: False)


def test_the_mails_of_several_messages_share_a_connection(workspace, settings):
    box = Counting()
    send_all(workspace, settings, box)
    assert recipients(box) == THREE * 3 and box.connections == 1


@pytest.mark.parametrize("hangs_up", [False, True])
def test_a_server_that_takes_so_many_of_a_connection_is_called_again(workspace, settings, hangs_up):
    box = Counting(4, hangs_up=hangs_up)
    send_all(workspace, settings, box)
    assert recipients(box) == THREE * 3 and box.connections == 3


def test_who_is_refused_ends_no_connection(workspace, settings):
    box = Counting()
    box.answers = {"b@example.org": "550 no such person"}
    send_all(workspace, settings, box)
    assert recipients(box) == ["a@example.org", "c@example.org"] * 3 and box.connections == 1


def test_another_server_is_not_spoken_to_through_the_connection_of_the_first(db, settings):
    letters = [
        mail.Letter(address, "s", "password_reset", {"username": "n", "url": "u"}) for address in THREE
    ]
    first, second = Counting(), Counting()
    with mail.Series() as series, smtp(settings, first):
        series.send(letters[0])
        with smtp(settings, second):
            series.send(letters[1])
            series.send(letters[2])
    assert (len(first.letters), len(second.letters), second.connections) == (1, 2, 1)

"""Messages to webhooks and chats, through a real HTTP receiver on loopback."""

import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runs import guarded_http, notifier
from runs.actions import deliveries
from runs.actions.alerts import send_test
from runs.guarded_http import NoAnswer, is_public, post
from tests.worker.delivering import Crash, again, alert_of, send


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
    with pytest.raises(NoAnswer):
        guarded_http.resolve(host, 80, allows_private=False)


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
    with pytest.raises(NoAnswer, match="unreachable"):
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
        with pytest.raises(NoAnswer, match="No whole answer within"):
            post(url, b"", {}, allows_private=True, limit_s=0.5)
        stopped.set()
        dripping.join(20)


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

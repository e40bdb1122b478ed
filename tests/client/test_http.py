"""Requests: what is repeated and what is not, refusals, pages, proxies."""

import os
import threading
from urllib.parse import urlsplit

import pytest

from studio.client.connection import proxy_for
from studio.client.errors import AuthenticationException, ServiceException, UnreachableException
from studio.client.http import Client, backoff_s
from tests.client.fake_server import TOKEN, FakeStudio

NEW = {"experiment": "digits"}


@pytest.fixture
def client(studio: FakeStudio) -> Client:
    return Client(studio.url, TOKEN)


@pytest.mark.parametrize("fault", ["drop", "503", "502", "429", "lost"])
def test_reading_is_repeated(studio: FakeStudio, client: Client, fault: str) -> None:
    studio.misbehave(fault, 2)
    assert client.get("me/")["user"] == "ada"
    assert len(studio.asked) == 3


def test_a_post_is_repeated_only_with_a_key(studio: FakeStudio, client: Client) -> None:
    studio.misbehave("lost", 1)
    with pytest.raises(UnreachableException):
        client.post("workspaces/default/runs/", NEW)
    assert len(studio.runs) == 1
    studio.misbehave("lost", 1)
    again = client.post("workspaces/default/runs/", NEW, key="once")
    assert len(studio.runs) == 2 and again["id"] in studio.runs


def test_a_studio_that_stays_away_is_said_in_a_sentence(studio: FakeStudio, client: Client) -> None:
    studio.stop()
    with pytest.raises(UnreachableException) as failure:
        client.get("me/")
    assert str(failure.value) == f"The studio at {studio.url} does not answer (nothing listens there)."


def test_a_studio_that_hangs_is_not_waited_for_long(studio: FakeStudio) -> None:
    studio.misbehave("hang", 1)
    with pytest.raises(UnreachableException, match="took too long"):
        Client(studio.url, TOKEN, timeout_s=0.05, attempts=1).get("me/")


def test_a_refusal_carries_the_sentence_the_code_and_the_field(client: Client) -> None:
    client.post("workspaces/default/runs/", {**NEW, "run_id": "mine"})
    with pytest.raises(ServiceException, match="choose another") as refusal:
        client.post("workspaces/default/runs/", {**NEW, "run_id": "mine"})
    assert (refusal.value.status_code, refusal.value.code, refusal.value.field) == (409, "conflict", "run_id")


def test_a_wrong_token_says_how_to_log_in(studio: FakeStudio) -> None:
    with pytest.raises(AuthenticationException, match=f"studio login {studio.url}"):
        Client(studio.url, "wrong").get("me/")
    assert len(studio.asked) == 1


def test_a_page_of_a_network_in_between_is_no_answer(studio: FakeStudio, client: Client) -> None:
    studio.misbehave("page", 1)
    with pytest.raises(UnreachableException, match="not a Run Studio"):
        client.get("me/")


def test_pages_are_read_as_they_are_wanted(studio: FakeStudio, client: Client) -> None:
    for number in range(5):
        client.post("workspaces/default/runs/", {**NEW, "run_id": f"run-{number}"})
    asked = len(studio.asked)
    pages = client.pages("workspaces/default/runs/")
    assert [next(pages)["id"], next(pages)["id"]] == ["run-0", "run-1"]
    assert len(studio.asked) == asked + 1
    assert [run["id"] for run in pages] == ["run-2", "run-3", "run-4"]


def test_a_connection_is_kept_and_a_closed_one_replaced(studio: FakeStudio, client: Client) -> None:
    client.get("me/")
    first = client._connections._own.connection.sock
    client.get("me/")
    assert client._connections._own.connection.sock is first
    studio.stop()
    studio.come_back()
    assert client.get("me/")["user"] == "ada"


def test_threads_have_connections_of_their_own(client: Client) -> None:
    seen: list[object] = []

    def ask() -> None:
        client.get("me/")
        seen.append(client._connections._own.connection)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(connection) for connection in seen}) == 3


def test_waiting_doubles_with_jitter_and_honours_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.client.http.BACKOFF_S", 1.0)
    waits = [[backoff_s(attempt) for _ in range(50)] for attempt in (1, 2, 3)]
    assert all(0.5 * 2**n <= wait <= 1.5 * 2**n for n, some in enumerate(waits) for wait in some)
    assert backoff_s(1, 7.0) == 7.0
    assert backoff_s(1, 10_000) == 60.0


PROXY = {"http_proxy": "http://proxy:3128", "https_proxy": "proxy:3129", "no_proxy": "intern.org,.lab"}


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://example.org", "proxy:3128"),
        ("https://example.org", "proxy:3129"),
        ("http://127.0.0.1:8080", None),
        ("http://localhost", None),
        ("http://[::1]:80", None),
        ("https://studio.intern.org", None),
        ("https://gpu.lab", None),
        ("https://notintern.org", "proxy:3129"),
    ],
)
def test_proxies_come_from_the_environment_except_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in PROXY.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(urlsplit(url))
    assert (found.netloc if found else None) == proxy


def test_a_proxy_sees_the_whole_address_and_its_own_password(
    studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:pass@127.0.0.1:{studio.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    client = Client("http://studio.example/prefix", TOKEN, attempts=1)
    with pytest.raises(ServiceException):
        client.get("me/")
    assert studio.asked[0][1] == "http://studio.example/prefix/api/v1/me/"
    assert client._connections.headers() == {"Proxy-Authorization": "Basic dXNlcjpwYXNz"}

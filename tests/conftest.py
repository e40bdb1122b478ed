"""Fixtures: four people of one workspace, clients that speak for them, and a real server."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings

from runs.models import User, Workspace
from tests import make

ROOT = Path(__file__).resolve().parent.parent

# How long an example takes says something about the machine, not about the code.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

# A shell that starts the tests in the background lets them ignore Ctrl-C, and so would every script they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What is tested there are processes, threads, sockets and browsers.
WITH_PROCESSES = {"browser", "client", "compute", "examples", "start"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A machine that is shared may stall a process for seconds: what has some is tried again, and named by `-r R`.

    Tests of actions, queries and doors depend on nothing outside: they have one attempt.
    """
    for item in items:
        if WITH_PROCESSES & {*item.path.relative_to(ROOT).parts[:2]}:
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))


@pytest.fixture
def workspace(db: None) -> Workspace:
    """A workspace named `vision`, owned by Olga."""
    return make.workspace("vision", owner=make.user("olga"))


@pytest.fixture
def owner(workspace: Workspace) -> User:
    """Olga, the owner of `vision`."""
    return make.owner_of(workspace)


@pytest.fixture
def contributor(workspace: Workspace) -> User:
    """Carl, a contributor of `vision`."""
    return make.member(workspace, "contributor", "carl")


@pytest.fixture
def reader(workspace: Workspace) -> User:
    """Rita, a reader of `vision`."""
    return make.member(workspace, "reader", "rita")


@pytest.fixture
def stranger(db: None) -> User:
    """Sven, owner of another workspace."""
    sven = make.user("sven")
    make.workspace("elsewhere", owner=sven)
    return sven


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """Makes a browser that is signed in as the person."""

    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return signed_in


@pytest.fixture
def reads(db: None) -> Callable[..., AbstractContextManager[None]]:
    """Checks how many times the database is read: statements that only begin or end something do not count."""

    @contextmanager
    def counted(*, at_most: int) -> Iterator[None]:
        with CaptureQueriesContext(connection) as captured:
            yield
        found = make.reads_of(captured)
        assert len(found) <= at_most, "\n".join(found)

    return counted


class Api:
    """Speaks JSON to the REST API with a token."""

    def __init__(self, token: str | None) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"} if token else {})

    def __call__(self, method: str, path: str, body: object = None, **headers: str):
        """Send the body as JSON (bytes as they are) to a path below /api/v1/."""
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, f"/api/v1/{path}", sent, content_type=kind, headers=extra)


@pytest.fixture
def api_of() -> Callable[..., Api]:
    """Makes a script that speaks for the person; None is nobody."""

    def speaking(person: User | None, **options: object) -> Api:
        return Api(make.token(person, **options) if person else None)

    return speaking


@dataclass
class Studio:
    """A running server: its address, a token of its first user, its workspace, its data folder."""

    url: str
    token: str
    workspace: str
    data: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Django command beside the server."""
        command = [sys.executable, "-m", "django", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        )


@pytest.fixture(scope="session")
def live_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A real server (granian) on a free port, with a database of its own."""
    data = tmp_path_factory.mktemp("studio")
    port = free_port()
    environment = {
        **os.environ,
        "STUDIO_DATA": str(data),
        "STUDIO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "STUDIO_THREADS": "16",
        "DJANGO_SETTINGS_MODULE": "studio.settings",
        "PYTHONPATH": str(ROOT),
    }
    if environment.get("DATABASE_URL"):
        environment["DATABASE_URL"] = own_database(environment["DATABASE_URL"])
    studio = Studio(f"http://127.0.0.1:{port}", "", "default", data, environment)
    studio.command("migrate", "--verbosity", "0")
    studio.command("collectstatic", "--noinput", "--verbosity", "0")
    studio.token = studio.command("shell", "--verbosity", "0", "-c", FIRST_TOKEN).stdout.split()[-1]
    with serving(studio):
        yield studio


@contextmanager
def serving(studio: Studio) -> Iterator[None]:
    """Run the web server of the studio at its address."""
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "studio.wsgi:application"]
    port = str(urlsplit(studio.url).port)
    options = ["--host", "127.0.0.1", "--port", port, "--workers", "1", "--blocking-threads", "16"]
    server = subprocess.Popen(
        [*granian, *options, "--no-ws"],
        cwd=ROOT,
        env=studio.environment,
        stdout=(studio.data / f"server-{port}.log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until_ready(studio.url, server, studio.data / f"server-{port}.log")
        yield
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


FIRST_TOKEN = (
    "from runs.actions.workspace import *; "
    "user, space, _ = ensure_first_user('ada'); "
    "print(create_token(user, name='tests', workspace=None)[1])"
)


def free_port() -> int:
    """A port on loopback that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def own_database(url: str) -> str:
    """A new database on the same PostgreSQL server."""
    import psycopg

    name = f"live_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def wait_until_ready(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return when the server answers; fail with its output when it does not within 60 seconds."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2).read()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"The server did not start:\n{log.read_text()[-4000:]}")

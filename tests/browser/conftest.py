"""A real Chromium that watches itself: an error in the console or a breach of the CSP fails the journey."""

import json
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

# What is waited for comes; how soon says something about the machine.
expect.set_options(timeout=20_000)

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a browser test."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; the tests are skipped where there is none, unless it is required."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        words = "No Chromium is found on this machine; install the package `chromium`."
        pytest.fail(words) if os.environ.get("STUDIO_REQUIRE_BROWSER") == "1" else pytest.skip(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Api:
    """Speaks to the live studio with its first user's token, as a script does."""

    def __init__(self, studio: Any) -> None:
        self.studio = studio

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """The JSON answer. Bytes are sent as they are."""
        is_raw = isinstance(body, bytes)
        sent = body if is_raw else None if body is None else json.dumps(body).encode()
        kind = "application/octet-stream" if is_raw else "application/json"
        headers = {"Authorization": f"Bearer {self.studio.token}", "Content-Type": kind}
        request = urllib.request.Request(
            f"{self.studio.url}/api/v1/{path}", data=sent, headers=headers, method=method
        )
        return json.load(urllib.request.urlopen(request, timeout=30))

    def run(self, **fields: object) -> Any:
        """A running run of the experiment `digits`, unless told otherwise."""
        new = {"experiment": "digits", "start": True, "heartbeat": True, **fields}
        return self("POST", f"workspaces/{self.studio.workspace}/runs/", new)

    def log(self, run: Any, **metrics: list[float | str]) -> None:
        """Log the values under their names."""
        series = [{"name": name, "value": values} for name, values in metrics.items()]
        self("POST", f"runs/{run['id']}/metrics/", {"series": series})


@pytest.fixture(scope="session")
def api(live_studio: Any) -> Api:
    """A script beside the live studio."""
    return Api(live_studio)


@pytest.fixture(scope="session")
def signed_in(chromium: Browser, live_studio: Any) -> Any:
    """The cookies of the first user, who came in by a link."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(new_link(live_studio))
    page.wait_for_url("**/w/*/")
    state = context.storage_state()
    context.close()
    return state


def new_link(studio: Any) -> str:
    """A link that signs the first user in, once."""
    code = (
        "from runs.actions.workspace import create_login_link; from runs.models import User; "
        "print(create_login_link(User.objects.get(username='ada')))"
    )
    token = studio.command("shell", "--verbosity", "0", "-c", code).stdout.split()[-1]
    return f"{studio.url}/login/link/{token}/"


def is_left(text: str) -> bool:
    """Whether htmx only tells that a page was left, or closed, before an answer had come."""
    return text.startswith(("htmx:sendAbort", "htmx:afterRequest"))


@pytest.fixture
def open_page(chromium: Browser, live_studio: Any, signed_in: Any) -> Iterator[Callable[..., Page]]:
    """Opens a page of the studio in a window of its own; at the end nothing may have gone wrong in any."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []
    expected: list[str] = []

    def note(path: str, text: str) -> None:
        # An answer that says 404 or 400 is one line of the console, too.
        if not (path in expected and text.startswith("Failed to load resource")) and not is_left(text):
            faults.append(f"{path}: {text}")

    def opened(
        path: str,
        *,
        width: int = 1280,
        theme: str = "light",
        signed: bool = True,
        expect_error: bool = False,
        **options: Any,
    ) -> Page:
        state = signed_in if signed else None
        expected.extend([path] if expect_error else [])
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, storage_state=state, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{path}: {error}"))
        page.on("console", lambda m: note(path, m.text) if m.type == "error" else None)
        page.goto(path if path.startswith("http") else live_studio.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults, "\n".join(faults)

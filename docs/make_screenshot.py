"""Makes docs/screenshot.png: starts a studio of its own, lets the demo train, and photographs the runs page.

    .venv/bin/python docs/make_screenshot.py

Needs Chromium and a few minutes, because the trainings are real.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGE = (
    "?include_children=true&columns=name,status,experiment,tags,"
    "metrics.test_accuracy,metrics.test_loss,metrics.train_loss,created,duration,created_by"
)
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
]
# The demo has come this far: the sweep is through, one run has failed, a slow one is under way.
SEEN = ["Failed", "Running", "Completed"]
PATIENCE_S = 900


def main() -> None:
    """Start, wait, photograph, stop."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "manage.py",
            "up",
            "--demo",
            "--no-browser",
            "--port",
            "0",
            "--data",
            folder,
        ]
        studio = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            photograph(sign_in_link(studio))
        finally:
            studio.terminate()
            studio.wait(30)


def sign_in_link(studio: "subprocess.Popen[str]") -> str:
    """The link that the studio prints when it is ready."""
    for line in studio.stdout or ():
        if found := re.search(r"https?://\S+/login/link/\S+", line):
            return found[0]
    raise SystemExit("The studio ended before it was ready.")


def photograph(link: str) -> None:
    """Sign in, wait until the demo has something of everything, take the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
        page.goto(link)
        page.wait_for_url("**/w/default/**")
        wait_for_runs(page, link.split("/login/")[0] + "/w/default/runs/" + PAGE)
        page.screenshot(path=ROOT / "docs" / "screenshot.png")
        browser.close()


def wait_for_runs(page: Page, url: str) -> None:
    """Load the page until every status is on it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        page.goto(url)
        text = page.inner_text("main")
        if all(word in text for word in SEEN):
            page.wait_for_timeout(500)
            return
        time.sleep(5)
    raise SystemExit("The demo did not come far enough in time.")


if __name__ == "__main__":
    main()

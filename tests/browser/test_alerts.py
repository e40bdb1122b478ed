"""From the bell to the mail: a run fails, a real SMTP server gets the letter, the studio counts what is unread."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.test_mailed import Mailing, mailing
from tests.conftest import ROOT

__all__ = ["mailing"]
ADDRESS = "from runs.models import User; User.objects.filter(username='ada').update(email='ada@example.org')"
LONG = "an_unusually_long_name_that_somebody_made_of_all_settings_" * 3
# How much wider than the window the page is, and a table than its box.
EXTRA = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
TABLE = "Math.max(0, ...[...document.querySelectorAll('.table')].map(e => e.scrollWidth - e.clientWidth))"


@pytest.fixture(scope="module")
def worker(mailing: Mailing) -> Iterator[Mailing]:
    """A worker beside the studio that sends mail."""
    mailing.studio.command("shell", "--verbosity", "0", "-c", ADDRESS)
    process = subprocess.Popen(
        [sys.executable, "-m", "runs.worker"],
        cwd=ROOT,
        env=mailing.studio.environment,
        stdout=(mailing.studio.data / "worker.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    yield mailing
    process.terminate()
    process.wait(20)


@pytest.fixture
def long_alert(api):
    """An alert with much to say in every column."""
    sent = {
        "name": LONG,
        "experiment": api.run(experiment=LONG[:120])["experiment"],
        "statuses": ["failed", "canceled", "completed", "not responding", "started"],
        "channel": "app",
        "timing": "hourly",
        "quiet_from": "22:00",
        "quiet_until": "07:00",
    }
    return api("POST", "workspaces/default/alerts/", sent)


def letters(mailing: Mailing, word: str, *, within_s: float = 60) -> list:
    """The letters whose subject has the word, once there are any."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if found := [each for each in mailing.box.letters if word in each["Subject"]]:
            return found
        time.sleep(0.2)
    raise AssertionError([each["Subject"] for each in mailing.box.letters])


def test_the_bell_of_a_run_that_fails_becomes_a_mail(open_page, api, worker):
    run = api.run(experiment="watched", display_name="the watched one")
    page = open_page(f"/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Alert me…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Tell me about")).to_be_visible()
    expect(dialog.get_by_label("Where")).to_have_value("email")
    dialog.get_by_role("button", name="Tell me").click()
    expect(page.get_by_text("watches from now on")).to_be_visible()

    api("POST", f"runs/{run['id']}/logs/user_logs/std_log.txt?offset=0", b"epoch 1\nout of memory\n")
    api("POST", f"runs/{run['id']}/fail/", {"message": "CUDA out of memory"})
    letter = letters(worker, "watched / run")[0]
    assert letter["To"] == "ada@example.org"
    assert letter["Subject"] == f"[default] watched / run {run['number']} failed"
    text = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    assert "CUDA out of memory" in text and "out of memory" in html and run["id"] in text

    page.goto(page.url.split("/w/")[0] + "/w/default/")
    expect(page.get_by_role("link", name="Alerts").first).to_contain_text("1")
    page.goto(page.url.split("/w/")[0] + "/w/default/alerts/messages/")
    page.get_by_role("link", name=letter["Subject"]).click()
    expect(page.get_by_text("CUDA out of memory").first).to_be_visible()
    page.goto(page.url.split("/w/")[0] + "/w/default/alerts/messages/")
    expect(page.get_by_text("New:")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_alerts_their_dialog_and_mail(open_page, api, long_alert, worker, theme):
    run, found = api.run(), {}
    page = open_page(f"/w/default/runs/{run['id']}/", theme=theme)
    page.get_by_role("link", name="Alert me…").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Tell me")).to_be_visible()
    found["dialog"] = named(page)
    base = page.url.split("/w/")[0]
    for origin in (base, worker.studio.url):  # without mail, and with that of the environment
        for place in ("alerts/", "alerts/messages/", f"alerts/{long_alert['id']}/", "settings/mail/"):
            page.goto(f"{origin}/w/default/{place}")
            found[origin, place] = named(page)
    assert {place: faults for place, faults in found.items() if faults} == {}


def named(page):
    return [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in violations(page)]


def test_nothing_of_alerts_is_wider_than_a_phone(open_page, long_alert):
    page = open_page("/w/default/alerts/", width=390)
    for place in ("alerts/", "alerts/messages/", f"alerts/{long_alert['id']}/", "settings/mail/"):
        page.goto(page.url.split("/w/")[0] + f"/w/default/{place}")
        assert (place, page.evaluate(EXTRA), page.evaluate(TABLE)) == (place, 0, 0)

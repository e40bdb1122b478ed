"""Mail set up in Settings alone, a bell, a run that fails, and the letter: what an owner does in their first minute."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import expect

from tests.browser.test_alerts import ADDRESS, letters
from tests.browser.test_mailed import Mailing
from tests.conftest import ROOT, Studio, free_port
from tests.worker.test_mail import Box


@pytest.fixture
def server(live_studio: Studio) -> Iterator[tuple[Mailing, int]]:
    """An SMTP server that the studio knows nothing of, its port, and a worker of the studio."""
    assert not [name for name in live_studio.environment if name.startswith("STUDIO_SMTP")]
    box, port = Box(), free_port()
    smtp = Controller(box, hostname="127.0.0.1", port=port)
    smtp.start()
    live_studio.command("shell", "--verbosity", "0", "-c", ADDRESS)
    worker = subprocess.Popen(
        [sys.executable, "-m", "runs.worker"],
        cwd=ROOT,
        env=live_studio.environment,
        stdout=(live_studio.data / "worker.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    yield Mailing(live_studio, box), port
    worker.terminate()
    worker.wait(20)
    smtp.stop()


def test_from_an_empty_page_of_mail_to_the_letter_about_a_failure(open_page, api, server):
    mailing, port = server
    run = api.run(experiment="first minute")
    page = open_page(f"/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Alert me…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("sends no mail yet")).to_be_visible()
    dialog.get_by_role("link", name="Set up its mail").click()

    expect(page.get_by_text("This studio sends no mail yet")).to_be_visible()
    page.get_by_label("SMTP server").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(port))
    page.get_by_label("Encryption").select_option("none")
    page.get_by_label("Sender").fill("Run Studio <studio@example.org>")
    page.get_by_label("private network").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The mail server is saved")).to_be_visible()
    page.get_by_label("To", exact=True).fill("ada@example.org")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The server took the mail to ada@example.org")).to_be_visible()
    assert letters(mailing, "A test of")

    page.goto(f"{mailing.studio.url}/w/default/runs/{run['id']}/")
    page.get_by_role("link", name="Alert me…").click()
    expect(dialog.get_by_role("heading", name="Tell me about")).to_be_visible()
    expect(dialog.get_by_text("sends no mail yet")).to_have_count(0)
    dialog.get_by_role("button", name="Tell me").click()
    expect(page.get_by_text("watches from now on")).to_be_visible()
    api("POST", f"runs/{run['id']}/fail/", {"message": "CUDA out of memory"})

    letter = letters(mailing, "first minute / run")[0]
    assert letter["Subject"] == f"[default] first minute / run {run['number']} failed"
    assert (letter["To"], letter["From"]) == ("ada@example.org", "Run Studio <studio@example.org>")
    text = letter.get_body(("plain",)).get_content()
    assert f"{mailing.studio.url}/w/default/runs/{run['id']}/" in text and "CUDA out of memory" in text
    page.goto(f"{mailing.studio.url}/w/default/alerts/messages/")
    page.get_by_role("link", name=letter["Subject"]).click()
    expect(page.get_by_text("CUDA out of memory").first).to_be_visible()

    page.goto(f"{mailing.studio.url}/w/default/settings/mail/")
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("The mail server is forgotten")).to_be_visible()

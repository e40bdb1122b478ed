"""What is mailed, as a person meets it: an address that is confirmed, a password that was forgotten; and who may go."""

import re
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import expect

from tests.browser.test_views import MAKE
from tests.conftest import Studio, free_port, serving
from tests.worker.test_mail import Box

PASSWORD = "correct horse battery staple"
WORK = "from runs.worker import do_next_job\nwhile do_next_job('test'): pass"


class Mailing:
    """A second server of the live studio, which sends mail, and its worker when it is asked to work."""

    def __init__(self, studio: Studio, box: Box) -> None:
        self.studio, self.box = studio, box

    def path(self) -> str:
        """Let the worker work, and return the path of the link in the newest letter."""
        self.studio.command("shell", "--verbosity", "0", "-c", WORK)
        text = self.box.letters[-1].get_body(("plain",)).get_content()
        return re.search(r"/login/(?:email|reset)/\S+", text)[0]


@pytest.fixture(scope="module")
def mailing(live_studio: Studio) -> Iterator[Mailing]:
    """A studio with an SMTP server beside it."""
    box, smtp_port, port = Box(), free_port(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=smtp_port)
    server.start()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **live_studio.environment,
        "STUDIO_PUBLIC_URL": url,
        "STUDIO_SMTP_HOST": "127.0.0.1",
        "STUDIO_SMTP_PORT": str(smtp_port),
        "STUDIO_SMTP_TLS": "none",
    }
    studio = Studio(url, live_studio.token, "default", live_studio.data, environment)
    with serving(studio):
        yield Mailing(studio, box)
    server.stop()


def test_an_address_is_confirmed_and_a_password_reset(open_page, mailing):
    studio = mailing.studio
    token = studio.command("shell", "--verbosity", "0", "-c", MAKE.format(name="mailed", role="reader"))
    page = open_page(f"{studio.url}/login/link/{token.stdout.split()[-1]}/", signed=False, expect_error=True)
    page.wait_for_url("**/w/*/")
    page.goto(f"{studio.url}/w/default/settings/profile/")
    page.get_by_label("E-mail").fill("mailed@example.org")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Open the link that was mailed to mailed@example.org")).to_be_visible()
    expect(page.get_by_text("mailed@example.org waits to be confirmed")).to_be_visible()
    page.goto(studio.url + mailing.path())
    expect(page.get_by_role("heading", name="Is this your address?")).to_be_visible()
    page.get_by_role("button", name="Yes, it is mine").click()
    expect(page.get_by_role("heading", name="The address is confirmed")).to_be_visible()

    other = open_page(f"{studio.url}/login/forgotten/", signed=False, expect_error=True)
    other.get_by_label("E-mail").fill("mailed@example.org")
    other.get_by_role("button", name="Send me a link").click()
    expect(other.get_by_text("a link is on its way")).to_be_visible()
    link = mailing.path()
    other.goto(studio.url + link)
    for label in ("New password", "The same again"):
        other.get_by_label(label).fill(PASSWORD)
    other.get_by_role("button", name="Set the password").click()
    expect(other.get_by_text("Your password is set.")).to_be_visible()
    page.goto(f"{studio.url}/w/default/")  # the session of before has ended
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("User name").fill("mailed")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not belong together")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/default/")
    other.goto(studio.url + link)
    expect(other.get_by_role("heading", name="This link does not work any more")).to_be_visible()


def test_the_last_owner_stays(open_page, live_studio, api):
    """In a workspace of her own: other tests make other people owners of the first one."""
    api("POST", "workspaces/", {"name": "of-one-owner"})
    page = open_page("/w/of-one-owner/settings/members/", expect_error=True)
    page.get_by_label("Role of ada").select_option("reader")
    expect(page.get_by_text("last owner").first).to_be_visible()
    page.goto(f"{live_studio.url}/w/of-one-owner/settings/leave/")
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("last owner").first).to_be_visible()
    page.goto(f"{live_studio.url}/w/of-one-owner/settings/members/")
    expect(page.get_by_label("Role of ada")).to_have_value("owner")

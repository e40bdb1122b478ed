"""A change of so many runs that it goes on after the request: stopped in between, and watched to its end."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.conftest import ROOT

# More than are canceled in the second for which the request goes on by itself; so many are made in one call.
RUNS, PART = 400, 100


@pytest.fixture(scope="module")
def grown(api):
    """A run with that many children that go on."""
    top = api.run(experiment="bulk", display_name="grown", heartbeat=False)
    for start in range(0, RUNS, PART):
        children = [{"run_id": f"bulk-{n}"} for n in range(start, start + PART)]
        api("POST", f"runs/{top['id']}/children/", {"children": children})
    return top


@pytest.fixture
def begin(open_page, grown):
    """Begins to cancel all children, and opens the page of that change."""

    def begun():
        page = open_page(f"/w/default/runs/{grown['id']}/children/")
        page.get_by_label("Select all on this page").check()
        page.get_by_label(f"All {RUNS:,} runs").check()
        page.locator("#bulk summary", has_text="Cancel").click()
        page.get_by_role("button", name="Cancel these runs").click()
        expect(page.locator("#report").get_by_role("progressbar")).to_be_visible()
        page.locator("#report").get_by_role("link", name="Details").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("A change of 400 runs")
        return page

    return begun


def test_it_looks_well_while_it_goes_on_and_stops_when_told(begin, grown):
    page = begin()
    report = page.locator("#report")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert violations(page) == []
    expect(report).to_contain_text(re.compile(r"[\d,]+ of 400 asked to stop"))
    page.get_by_role("button", name="Stop").click()
    expect(report).to_contain_text(
        re.compile(r"Asked \d+ runs to stop\. Stopped: \d+ were left as they are\.")
    )
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert violations(page) == []
    page.get_by_role("link", name="Back to the runs").click()
    expect(page).to_have_url(re.compile(rf"/runs/{re.escape(grown['id'])}/children/"))
    expect(page.locator("[data-table] tr[data-id]").first).to_be_visible()


def test_it_tells_its_end_by_itself(begin, live_studio):
    page = begin()
    worker = subprocess.Popen([sys.executable, "-m", "runs.worker"], cwd=ROOT, env=live_studio.environment)
    try:
        # Those that the first change asked to stop are so already.
        expect(page.locator("#report")).to_contain_text(
            re.compile(r"Asked \d+ runs to stop\. \d+ were so already\."), timeout=90_000
        )
        expect(page.get_by_role("progressbar")).to_have_count(0)
    finally:
        worker.terminate()
        worker.wait(30)

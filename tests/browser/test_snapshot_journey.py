"""Two real scripts keep their sources; they are looked through and compared in Chromium."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from studio import Experiment, Workspace

def rate():
    return {rate}

with Experiment(Workspace.from_config(), "sources").start_logging(name="rate {rate}") as run:
    run.log("loss", rate())
print("RUN", run.id)
"""


def trained(studio: Any, folder: Path, rate: str) -> str:
    """Run the script as its user would; returns the run's id."""
    (folder / "train.py").write_text(SCRIPT.format(rate=rate))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    environment = {
        **kept,
        "PYTHONPATH": str(ROOT),
        "STUDIO_URL": studio.url,
        "STUDIO_TOKEN": studio.token,
        "XDG_STATE_HOME": str(folder.parent / "state"),
    }
    words = [sys.executable, "train.py", "--rate", rate]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.rsplit("RUN ", 1)[1].split()[0]


def axe_finds_nothing(page: Any) -> None:
    found = violations(page)
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_two_trainings_are_compared_by_their_sources(open_page, live_studio, tmp_path, theme):
    folder = tmp_path / "program"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "data.py").write_text(f"rows = []  # {theme}\n")
    (folder / "README.md").write_text("# A **program**\n")
    first = trained(live_studio, folder, "0.1")
    (folder / "lib" / "more.py").write_text("more = 1\n")
    second = trained(live_studio, folder, "0.2")

    page = open_page(f"/w/default/runs/{second}/", theme=theme)
    page.get_by_role("navigation", name="Run", exact=True).get_by_role("link", name="Snapshot").click()
    viewer = page.get_by_role("region", name="train.py", exact=True).first
    expect(viewer).to_contain_text("def rate():")
    page.get_by_role("link", name="README.md").click()
    expect(page.get_by_role("heading", name="A program")).to_be_visible()
    axe_finds_nothing(page)
    page.get_by_role("link", name="Differences").click()
    expect(page.locator(".with-line")).to_contain_text("1 added, 1 changed")
    page.get_by_role("navigation", name="Changed files").get_by_role("link", name="train.py").click()
    changes = page.get_by_role("region", name="Changes of train.py")
    expect(changes).to_contain_text("return 0.1")
    expect(changes).to_contain_text("return 0.2")
    page.get_by_role("link", name="Side by side").click()
    expect(page).to_have_url(re.compile("look=split"))
    axe_finds_nothing(page)
    page.get_by_role("link", name="Resubmit", exact=True).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text(f"studio run resubmit -r {second} -- --rate 0.2")
    expect(dialog).to_contain_text("runs them on your machine, with the same arguments")
    axe_finds_nothing(page)
    page = open_page(f"/w/default/compare/?run={first}&run={second}", theme=theme)
    sources = page.get_by_role("region", name="Sources")
    expect(sources).to_contain_text("1 added, 1 changed")
    sources.get_by_role("link", name="Show the differences").click()
    expect(page.get_by_role("region", name="Changes of")).to_be_visible()

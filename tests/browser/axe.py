"""What axe-core finds wrong on a page: everything where it is light; where it is dark, what colours do."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The same page in other colours has the same names, roles and order; looking at them twice takes minutes.
COLOURS = ["color-contrast", "link-in-text-block"]


def violations(page: Page) -> list[Any]:
    """The violations of WCAG 2.2 AA and of good practice, each with the nodes that have it."""
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    rules = {"type": "rule", "values": COLOURS} if is_dark else {"type": "tag", "values": LEVELS}
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found: list[Any] = Axe().run(page, options=options).response["violations"]
    return found

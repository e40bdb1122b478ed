"""How soon a chart stands in a real Chromium, part by part: on a first visit, and with everything cached."""

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import machine

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# Chromium keeps the compiled code of a script that it has run twice; from the fourth visit on nothing is new.
SETTLING = 3
HEADS = [
    "chart",
    "page there",
    "plotly ready",
    "content there",
    "drawing",
    "**content asked → drawn**",
    "navigation → drawn",
    "cpu of the page",
]
# Watches from inside the page: when plotly is ready, how long its drawing takes, when the picture is painted.
WATCH = """
(() => {
  let held;
  const marks = window.marks = {}, mark = (name) => { marks[name] ??= performance.now(); };
  Object.defineProperty(window, "Plotly", { configurable: true, get: () => held, set(plotly) {
    const react = plotly.react;
    plotly.react = function (...all) { mark("drawing"); return react.apply(this, all); };
    held = plotly;
    mark("ready");
  } });
  new MutationObserver(() => {
    if (!marks.drawn && document.querySelector("[data-drawn]")) requestAnimationFrame(() => setTimeout(() => {
      mark("drawn");
      document.documentElement.dataset.watched = "";
    }));
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-drawn"] });
})();
"""
READ = """() => {
  const found = (words) => performance.getEntriesByType("resource").find((each) => each.name.includes(words));
  const bundle = found("/plotly/"), content = found("/charts/data/");
  return { ...marks, page: performance.getEntriesByType("navigation")[0].responseEnd,
           bundle: bundle.startTime, asked: content.startTime, there: content.responseEnd };
}"""


def chromium() -> str | None:
    """The program, where there is one."""
    return next((found for each in CHROMIUM if (found := shutil.which(each))), None)


def tables(url: str, cookie: Mapping[str, str], charts: Mapping[str, str], visits: int) -> str:
    """Both tables, in milliseconds: the very first visit, and the median of later ones."""
    first, again = [], []
    for words, chart in charts.items():
        with _profile(cookie) as page:
            address = f"{url}/w/default/runs/?{urlencode({'chart': chart})}"
            found = [_visit(page, address) for _ in range(1 + SETTLING + visits)]
        first.append([words, *(f"{value:.0f}" for value in found[0])])
        later = zip(*found[1 + SETTLING :], strict=True)
        again.append([words, *(f"{machine.median(values):.0f}" for values in later)])
    return "\n".join(
        [
            "First visit, nothing cached, ms:\n",
            machine.table(HEADS, first),
            f"\nAgain, median of {visits} visits after {SETTLING} that fill the caches, ms:\n",
            machine.table(HEADS, again),
        ]
    )


@contextmanager
def _profile(cookie: Mapping[str, str]) -> Iterator[Any]:
    """A page of a browser as people have it: with a profile on the disk, which keeps compiled scripts."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            Path(folder),
            executable_path=chromium(),
            args=ARGUMENTS,
            viewport={"width": 1440, "height": 900},
        )
        context.add_cookies([dict(cookie)])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"{cookie['url']}/static/robots.txt")  # the process and its connection are there
        yield page
        context.close()


def _visit(page: Any, address: str) -> list[float]:
    """Of one visit what HEADS says."""
    teller = page.context.new_cdp_session(page)
    teller.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _cpu_ms(teller)
    page.goto(address, wait_until="commit")
    page.wait_for_selector("[data-watched]", state="attached", timeout=60_000)
    cpu_ms = _cpu_ms(teller) - before
    at = page.evaluate(READ)
    time.sleep(0.5)  # the browser puts its caches away
    return [
        at["page"],
        at["ready"] - at["bundle"],
        at["there"] - at["asked"],
        at["drawn"] - at["drawing"],
        at["drawn"] - at["asked"],
        at["drawn"],
        cpu_ms,
    ]


def _cpu_ms(teller: Any) -> float:
    """Processor time of the page's main thread so far."""
    metrics = {each["name"]: each["value"] for each in teller.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000

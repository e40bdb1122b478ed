"""How soon charts above the table are there: `python bench/charts.py`, 50 runs of 10,000 points each.

Server time of a chart's content in one process, and, where Chromium and playwright are installed, the time from the
navigation to the drawn chart in a real browser, the whole page with its table included.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine, server
from bench.list import open_place

RUNS, POINTS, TOGETHER = 50, 10_000, 1000
CHARTS = {
    "a line for each run": "line:metrics.loss",
    "the same, smoothed": "line:metrics.loss;smooth=0.6",
    "two metrics": "line:metrics.loss,metrics.accuracy",
    "lines by a tag, with their spread": "line:metrics.loss;by=tags.team",
    "scatter": "scatter:metrics.loss,metrics.accuracy",
    "parallel coordinates": "parallel:params.rate,metrics.loss,metrics.accuracy",
}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def main() -> None:
    """Make the runs in a folder of their own, measure, print, and tidy up."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=15, help="requests that count, of each chart (15)")
    options = parser.parse_args()
    folder = server.scratch_folder("charts")
    try:
        open_place(str(folder))
        browser = _filled()
        print(f"{machine.describe()}\n\n{RUNS} runs of {POINTS:,} points\n", flush=True)
        print(machine.table(*_contents(browser, options.requests)), flush=True)
        name = next((found for each in CHROMIUM if (found := shutil.which(each))), None)
        if name is None:
            print("\nNo Chromium here: how soon a chart is drawn was not measured.")
            return
        with server.studio(folder) as studio:
            print(f"\n{machine.table(*_drawings(studio.url, browser, name, options.requests))}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _filled() -> Any:
    """Fifty runs with two long series each; returns a browser that is signed in."""
    from django.test import Client

    from runs.actions.create import NewRun, create_run
    from runs.actions.tracking import Points, log_points
    from runs.actions.workspace import ensure_first_user

    user, workspace, _ = ensure_first_user("bench")
    random = np.random.default_rng(1)
    steps = np.arange(POINTS)
    for number in range(RUNS):
        asked = NewRun(
            experiment="curves",
            start=True,
            tags={"team": f"team-{number % 4}"},
            params={"rate": str(10.0 ** -(number % 5))},
        )
        run, _ = create_run(workspace, asked, by=user)
        loss = np.exp(-steps / (1000 + 100 * number)) + random.normal(0, 0.02, POINTS)
        for name, values in (("loss", loss), ("accuracy", 1 - loss)):
            for start in range(0, POINTS, TOGETHER):
                part = slice(start, start + TOGETHER)
                log_points(run, [Points(name=name, values=values[part], steps=steps[part])])
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    return browser


def _contents(browser: Any, requests: int) -> tuple[list[str], list[list[str]]]:
    """Of each chart: how long its content takes, and how large it is."""
    rows = []
    for words, chart in CHARTS.items():
        address = f"/w/default/charts/data/?{urlencode({'chart': chart})}"
        wall_ms, cpu_ms, size = [], [], 0
        for number in range(requests + 2):
            wall, cpu = time.perf_counter(), time.process_time()
            answer = browser.get(address)
            if number >= 2:
                wall_ms.append((time.perf_counter() - wall) * 1000)
                cpu_ms.append((time.process_time() - cpu) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answered {answer.status_code}.")
            size = len(answer.content)
        figures = (
            machine.median(wall_ms),
            machine.percentile(wall_ms, 0.95),
            machine.median(cpu_ms),
            size / 1000,
        )
        rows.append([words, *(f"{figure:.0f}" for figure in figures)])
    return ["content of a chart", "median ms", "p95 ms", "cpu ms", "kB"], rows


def _drawings(url: str, browser: Any, name: str, requests: int) -> tuple[list[str], list[list[str]]]:
    """From the navigation to the drawn chart: the first time, and when the scripts are in the browser's cache."""
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": browser.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }
    rows = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=name, args=ARGUMENTS)
        for words, chart in CHARTS.items():
            context = chromium.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([cookie])
            page = context.new_page()
            address = f"{url}/w/default/runs/?{urlencode({'chart': chart})}"
            times = [_drawn_ms(page, address) for _ in range(1 + min(requests, 7))]
            context.close()
            rows.append(
                [words, f"{times[0]:.0f}", f"{machine.median(times[1:]):.0f}", f"{max(times[1:]):.0f}"]
            )
        chromium.close()
    return ["page with a chart, in Chromium", "first ms", "again: median ms", "most"], rows


def _drawn_ms(page: Any, address: str) -> float:
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("[data-drawn]", state="attached", timeout=30_000)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()

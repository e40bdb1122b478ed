"""How soon charts above the table are there: `python bench/charts.py`, 50 runs of 10,000 points each.

Server time of a chart's content in one process, and, where Chromium and playwright are installed, how soon it is drawn
in a real browser, with its parts: the page, plotly, the content, the drawing.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.conf import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import charts_browser, machine, server
from bench.list import open_place

RUNS, POINTS, TOGETHER = 50, 10_000, 1000
CHARTS = {
    "a line for each run": "line:metrics.loss",
    "the same, smoothed": "line:metrics.loss;smooth=0.6",
    "two metrics": "line:metrics.loss,metrics.accuracy",
    "lines coloured by a tag": "line:metrics.loss;by=tags.team",
    "scatter": "scatter:metrics.loss,metrics.accuracy",
    "parallel coordinates": "parallel:params.rate,metrics.loss,metrics.accuracy",
}


def main() -> None:
    """Make the runs in a folder of their own, measure, print, and tidy up."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=15, help="requests that count, of each chart (15)")
    parser.add_argument("--visits", type=int, default=7, help="visits that count, of each chart (7)")
    options = parser.parse_args()
    folder = server.scratch_folder("charts")
    try:
        open_place(str(folder))
        browser = _filled()
        print(f"{machine.describe()}\n\n{RUNS} runs of {POINTS:,} points\n", flush=True)
        print(machine.table(*_contents(browser, options.requests)), flush=True)
        if charts_browser.chromium() is None:
            print("\nNo Chromium here: how soon a chart is drawn was not measured.")
            return
        with server.studio(folder) as studio:
            cookie = {
                "name": settings.SESSION_COOKIE_NAME,
                "value": browser.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": studio.url,
            }
            print(f"\n{charts_browser.tables(studio.url, cookie, CHARTS, options.visits)}")
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


if __name__ == "__main__":
    main()

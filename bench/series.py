"""How long a run's metrics take: `python bench/series.py`. It makes a database: a million points, 10,000 names.

Server time: the whole of Django in one process, from the request to the last byte of the answer, without the network.
Processor time stands beside it, since other work may share the machine.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import numpy as np
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine
from bench.list import measure

MILLION = 1_000_000
MANY, MOST = 1_000, 10_000


def main() -> None:
    """Fill a database, ask everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20, help="requests that count, of each kind (20)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-series-"))
    os.environ |= {"STUDIO_DATA": str(folder)}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    try:
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        print(f"{machine.describe()}\n")
        print(machine.table(*ask_all(options.requests)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ask_all(requests: int) -> tuple[list[str], list[list[str]]]:
    """The table: a line for each question."""
    from django.test import Client

    from runs.actions.workspace import ensure_first_user
    from runs.models import Workspace

    owner = ensure_first_user("bench")[0]
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner)
    rows = []
    for words, address in questions(Workspace.objects.get(name="default"), owner):
        found = measure(browser.get, address, requests)
        figures = [found["median"], found["p95"], found["cpu"], found["kb"]]
        rows.append([words, *(f"{value:.0f}" for value in figures)])
    return ["what is asked", "median ms", "p95 ms", "processor ms", "kB"], rows


def questions(space: Any, owner: Any) -> Iterator[tuple[str, str]]:
    """What a person's browser asks of three runs: in words, and the address."""
    from runs.actions.create import NewRun, create_run
    from runs.actions.tracking import Points, log_points
    from runs.actions.upkeep import merge_run

    def run(name: str) -> Any:
        return create_run(space, NewRun(experiment="bench", display_name=name, start=True), by=owner)[0]

    chance = np.random.default_rng(1)
    long = run("long")
    for start in range(0, MILLION, 50_000):
        steps = np.arange(start, start + 50_000)
        values = np.exp(-steps / 200_000) + 0.1 * chance.standard_normal(50_000)
        log_points(long, [Points("loss", values, steps, 1_700_000_000_000 + steps * 10)])
    base = f"/w/default/runs/{long.public_id}/metrics/"
    yield "1 M points as they arrived: first drawing", f"{base}data/?m=loss"
    merge_run(long.pk)
    yield "1 M points, merged: first drawing", f"{base}data/?m=loss"
    yield "the same over time", f"{base}data/?m=loss&x=time"
    yield "the same, smoothed", f"{base}data/?m=loss&smooth=0.9"
    yield "the same, without outliers", f"{base}data/?m=loss&cut=1"
    yield "a closer look at 10,000 steps", f"{base}data/?m=loss&from=500000&to=510000"
    yield "what came since: nothing", f"{base}data/?m=loss&after={MILLION}"
    yield "what came since: 100 points", f"{base}data/?m=loss&after={MILLION - 100}&held=500"
    yield "the newest 100 points as a table", f"{base}?m=loss&as=table"
    for count in (MANY, MOST):
        wide = run(f"{count} metrics")
        for start in range(0, count, 500):
            log_points(wide, [Points(f"layer_{n:05}/norm", np.ones(3)) for n in range(start, start + 500)])
        page = f"/w/default/runs/{wide.public_id}/metrics/"
        yield f"the tab of a run with {count:,} metrics", page
        yield f"a search among {count:,} metrics", f"{page}?find=77"


if __name__ == "__main__":
    main()

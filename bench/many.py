"""How long 10,000 runs at once take: `python bench/many.py PLACE`, on a database that bench/seed.py filled.

The files of an export, and a change of all that match, each with what takes it back. A PLACE: see bench/list.py. Run
it on a copy: what is tagged and archived is counted among its events.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine
from bench.list import open_place
from bench.pages import COLUMNS, RUNS

MANY = 10_000
MOST_EXPORT_S = 3
FILES = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}
CHANGES = (
    ("star", {}),
    ("unstar", {}),
    ("tag", {"key": "bench", "value": "yes"}),
    ("untag", {"key": "bench"}),
    ("archive", {}),
    ("unarchive", {}),
)


HELD: list[float] = []


def main() -> None:
    """Ask for the files, then change and change back."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("place", metavar="PLACE", help="a data folder, or DIR=postgres://…")
    parser.add_argument("--repeat", type=int, default=3, help="how often each file is asked for (3)")
    parser.add_argument("--without-changes", action="store_true", help="only read")
    parser.add_argument("--without-exports", action="store_true", help="only change")
    options = parser.parse_args()
    open_place(options.place)
    browser, asked = _signed_in(), _asked()
    print(f"{machine.describe()}\n")
    if not options.without_exports:
        print(machine.table(*_exports(browser, asked, options.repeat)), flush=True)
    if not options.without_changes:
        _note_held()
        print(f"\n{machine.table(*_changes(browser, asked))}")


def _signed_in() -> Any:
    from django.test import Client

    from runs.models import Member

    owner = Member.objects.filter(workspace__name="default", role="owner").select_related("user")[0].user
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner)
    return browser


def _asked() -> dict[str, str]:
    """A filter that just so many runs fulfil."""
    from runs.models import Metric

    values = Metric.objects.filter(name__text="accuracy", last__isnull=False, run__archived_at=None)
    # The 10,000th, or the last where there are fewer.
    bound = list(values.order_by("-last").values_list("last", flat=True)[:MANY])[-1]
    return {"filter": f"metrics.accuracy >= {bound!r}", "include_children": "true"}


def _exports(browser: Any, asked: dict[str, str], repeat: int) -> tuple[list[str], list[list[str]]]:
    rows = []
    for kind, words in FILES.items():
        address = f"/w/default/export/?{urlencode({**asked, 'columns': COLUMNS, 'format': kind})}"
        timed = [_timed(lambda at=address: _read(browser.get(at))) for _ in range(repeat)]
        size = _read(browser.get(address))
        wall_s, cpu_s = (machine.median([each[place] for each in timed]) for place in (0, 1))
        marked = f"**{wall_s:.1f}**" if wall_s > MOST_EXPORT_S else f"{wall_s:.1f}"
        rows.append([words, marked, f"{cpu_s:.1f}", f"{size / 1e6:.1f}"])
    return [f"{MANY:,} rows of 12 columns as", "s", "cpu s", "MB"], rows


def _read(answer: Any) -> int:
    """The whole answer's size in bytes."""
    if answer.status_code != 200:
        raise RuntimeError(f"An export answered {answer.status_code}.")
    return sum(len(part) for part in answer.streaming_content)


def _changes(browser: Any, asked: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    rows = []
    for action, more in CHANGES:
        shown = {**asked, "archived": "true"} if action == "unarchive" else asked
        form = {"action": action, "all": "true", "at": f"{RUNS}?{urlencode(shown)}", **more}
        answered_s, first_cpu_s = _timed(lambda sent=form: _changed(browser, sent))
        rest_s, cpu_s = _timed(_work)
        times = [answered_s, answered_s + rest_s, first_cpu_s + cpu_s]
        rows.append([action, *(f"{each:.1f}" for each in times), f"{max(HELD) * 1000:.0f}"])
        print(f"{action}: {times[1]:.0f} s", file=sys.stderr, flush=True)
        HELD.clear()
    return [
        f"a change of {MANY:,} runs",
        "answered after s",
        "all done after s",
        "cpu s",
        "longest transaction ms",
    ], rows


def _changed(browser: Any, form: dict[str, str]) -> None:
    answer = browser.post("/w/default/bulk/", form)
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"{form['action']} answered {answer.status_code}.")


def _work() -> None:
    """What the worker does of it, one job after the other."""
    from runs.models import BulkChange
    from runs.worker import do_next_job

    while BulkChange.objects.filter(ended_at=None).exists():
        if not do_next_job("bench"):
            raise RuntimeError("The change was left undone.")


def _note_held() -> None:
    """Measure how long each part holds the database."""
    from runs.actions import bulk

    take = bulk.take_part

    def timed(change: Any) -> Any:
        began = time.perf_counter()
        found = take(change)
        HELD.append(time.perf_counter() - began)
        return found

    bulk.take_part = timed


def _timed(act: Callable[[], Any]) -> tuple[float, float]:
    """Wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()

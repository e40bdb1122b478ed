"""How long pages of runs take: `python bench/list.py PLACE...`, on databases that bench/seed.py filled.

A PLACE is a data folder, or a data folder and a PostgreSQL, `DIR=postgres://user@host/name`. Several are measured one
after the other; those of one kind of database are compared: how much slower the largest is than the smallest.

Server time: the whole of Django in one process, from the request to the last byte of the answer, without the network.
The processor time, PostgreSQL's on this machine included, tells what is ours from what others on the machine cause.
With MLflow's Python, the runs of the first place go into `mlflow server` too, and both are asked over HTTP.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine, mlflow_server, server

WARM_UP = 3
MOST_MS, MOST_KB, MOST_READS, MOST_GROWTH = 100, 150, 12, 2.0
LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
# What only begins or ends a transaction reads nothing.
AROUND = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
Figures = dict[str, Any]


def main() -> None:
    """Ask everything of every place and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="+", metavar="PLACE", help="a data folder, or DIR=postgres://…")
    parser.add_argument("--requests", type=int, default=40, help="requests that count, of each page (40)")
    parser.add_argument("--only", default="", help="only pages whose words hold this")
    parser.add_argument("--mlflow-python", type=Path, help="the Python of an environment with MLflow")
    parser.add_argument("--as-json", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_json:
        open_place(options.places[0])
        print(json.dumps(ask_all(options.requests, options.only)))
        return
    print(f"{machine.describe()}\n", flush=True)
    found = [in_a_process(place, options.requests, options.only) for place in options.places]
    for vendor in dict.fromkeys(each["vendor"] for each in found):
        ours = sorted((each for each in found if each["vendor"] == vendor), key=lambda each: each["runs"])
        print(
            f"{vendor}, {ours[-1]['runs']:,} runs, load {ours[-1]['load']}\n\n{table_of(ours[-1], ours[0])}\n"
        )
    if options.mlflow_python:
        open_place(options.places[0])
        print(f"Over HTTP, beside MLflow {mlflow_server.version(options.mlflow_python)}:\n")
        data = Path(options.places[0].partition("=")[0])
        print(machine.table(*ask_both(data, options.mlflow_python, options.requests)))


def open_place(place: str) -> None:
    """Let Django use this folder and its database, brought up to date."""
    folder, _, database = place.partition("=")
    os.environ["STUDIO_DATA"] = str(Path(folder).resolve())
    if database:
        os.environ["DATABASE_URL"] = database
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def in_a_process(place: str, requests: int, only: str) -> Figures:
    """Measure one place: a process of Django knows one database."""
    command = [sys.executable, __file__, place, "--as-json", "--requests", str(requests), "--only", only]
    found = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(found.stdout.decode().splitlines()[-1]))


def ask_all(requests: int, only: str) -> Figures:
    """Every page: wall and processor time of each request, its reads, its size."""
    from django.db import connection
    from django.test import Client

    from bench.pages import landmarks, questions
    from runs.models import Member, Run

    owner = Member.objects.filter(workspace__name="default", role="owner").select_related("user")[0].user
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(owner)
    import_module("studio.wsgi")  # a server's process does what is done there before its first request
    asked = [question for question in questions(landmarks()) if only in question.words]
    lines = {}
    for question in asked:
        lines[question.words] = measure(lambda at: browser.get(at), question.address, requests)
        print(f"{question.words}: {lines[question.words]['median']:.0f} ms", file=sys.stderr, flush=True)
    return {
        "vendor": connection.display_name,
        "runs": Run.objects.count(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "lines": lines,
    }


def measure(get: Callable[[str], Any], address: str, requests: int) -> Figures:
    """Milliseconds, reads and kilobytes of one page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    wall_ms, cpu_ms = [], []
    answer = None
    for number in range(WARM_UP + requests):
        wall, cpu = time.perf_counter(), spent_s()
        answer = get(address)
        if number >= WARM_UP:
            wall_ms.append((time.perf_counter() - wall) * 1000)
            cpu_ms.append((spent_s() - cpu) * 1000)
        if answer.status_code not in (200, 204):  # 204: a chart has nothing newer
            raise RuntimeError(f"{address} answered {answer.status_code}.")
    with CaptureQueriesContext(connection) as captured:
        get(address)
    return {
        "median": machine.median(wall_ms),
        "p95": machine.percentile(wall_ms, 0.95),
        "cpu": machine.median(cpu_ms),
        "cpu95": machine.percentile(cpu_ms, 0.95),
        "reads": sum(not statement["sql"].startswith(AROUND) for statement in captured),
        "kb": len(answer.content) / 1000 if answer else 0,
        "rows": answer.content.count(b"<tr") if answer else 0,
    }


def spent_s() -> float:
    """Our processor time, and that of PostgreSQL's process for us where it runs on this machine.

    It grows little when others use the machine: a request that is slow by the clock alone waited for them.
    """
    from django.db import connection

    is_here = connection.vendor == "postgresql" and connection.settings_dict["HOST"] in LOOPBACK
    if not is_here or connection.connection is None:
        return time.process_time()
    return time.process_time() + machine.cpu_of_s(connection.connection.info.backend_pid)


def table_of(large: Figures, small: Figures) -> str:
    """The figures of the largest place as a table; what misses a target is set in bold.

    A page that has less to show in the small place is shorter, not quicker: the two are not compared.
    """
    alone = large is small
    head = ["page", "median ms", "p95 ms", "cpu ms", "cpu p95 ms", "reads", "kB"]
    head += [] if alone else [f"median at {small['runs']:,}", "grows"]
    rows = []
    for words, line in large["lines"].items():
        row = [words, f"{line['median']:.0f}", _marked(line["p95"], MOST_MS), f"{line['cpu']:.0f}"]
        row.append(_marked(line["cpu95"], MOST_MS))
        row += [_marked(line["reads"], MOST_READS), _marked(line["kb"], MOST_KB)]
        if not alone:
            before = small["lines"][words]
            grows = _marked(line["median"] / before["median"], MOST_GROWTH, digits=1)
            row += [f"{before['median']:.0f}", grows if before["rows"] == line["rows"] else "–"]
        rows.append(row)
    return machine.table(head, rows)


def _marked(value: float, most: float, *, digits: int = 0) -> str:
    text = f"{value:.{digits}f}"
    return f"**{text}**" if value > most else text


def ask_both(data: Path, python: Path, requests: int) -> tuple[list[str], list[list[str]]]:
    """The table of both servers: one sitting, the same runs, one client."""
    from bench import mlflow_lists
    from bench.pages import landmarks

    found = landmarks()
    folder = server.scratch_folder("list")
    try:
        with mlflow_server.mlflow(python, folder) as peer, server.studio(data) as studio:
            mlflow_lists.copy_runs(folder / "mlflow.db")
            asked = mlflow_lists.questions(found.largest, found.half, found.best)
            rows = mlflow_lists.compare(studio, peer, asked, requests)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    head = ["list of 50 runs", "Run Studio median ms", "most", "MLflow median ms", "most", "times faster"]
    return head, rows


if __name__ == "__main__":
    main()

"""The same runs in MLflow's database, and the same questions to both servers over HTTP."""

import http.client
import json
import sqlite3
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from bench import machine
from bench.mlflow_server import MlflowServer
from bench.server import Studio
from runs.models import Experiment, Metric, Param, Run, Tag

WARM_UP = 1
# How long an answer is waited for; what takes longer stands in the table with this time.
PATIENCE_S = 60.0
STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED", "Running": "RUNNING"}

PAIR = ("key", "value", "run_uuid")
RUN_COLUMNS = (
    "run_uuid",
    "name",
    "source_type",
    "source_name",
    "entry_point_name",
    "user_id",
    "status",
    "start_time",
    "end_time",
    "source_version",
    "lifecycle_stage",
    "artifact_uri",
    "experiment_id",
)

# A table, its columns and its rows.
Table = tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]


def copy_runs(target: Path | str) -> None:
    """Write the runs of our database, with their last metrics, params and tags, into MLflow's tables.

    `target`: the file of its SQLite, or the address of its PostgreSQL.
    """
    runs = Run.objects.order_by("id")
    ids = {pk: public_id.replace("-", "") for pk, public_id in runs.values_list("id", "public_id")}
    write = _to_sqlite if isinstance(target, Path) else _to_postgres
    write(target, _tables(ids))


def _to_sqlite(target: Any, tables: Iterator[Table]) -> None:
    with sqlite3.connect(target) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for table, columns, rows in tables:
            marks = ", ".join("?" for _ in columns)
            sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            while batch := list(islice(rows, 50_000)):
                connection.executemany(sql, batch)


def _to_postgres(target: Any, tables: Iterator[Table]) -> None:
    import psycopg

    with psycopg.connect(target, autocommit=True) as connection, connection.cursor() as cursor:
        for table, columns, rows in tables:
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        cursor.execute("ANALYZE")


def _tables(ids: dict[int, str]) -> Iterator[Table]:
    experiments = Experiment.objects.exclude(number=0).values_list("number", "name")
    yield (
        "experiments",
        ("experiment_id", "name", "artifact_location", "lifecycle_stage", "workspace"),
        ((number, name, f"mlflow-artifacts:/{number}", "active", "default") for number, name in experiments),
    )
    yield "runs", RUN_COLUMNS, _runs(ids)
    for table in ("latest_metrics", "metrics"):
        metrics = Metric.objects.values_list("name__text", "last", "last_time", "run_id").iterator()
        yield (
            table,
            ("key", "value", "timestamp", "step", "is_nan", "run_uuid"),
            ((key, value, at, 0, False, ids[run]) for key, value, at, run in metrics),
        )
    for table, model in (("params", Param), ("tags", Tag)):
        values = model.objects.values_list("name__text", "value", "run_id").iterator()
        yield table, PAIR, ((key, value or "", ids[run]) for key, value, run in values)
    names = Run.objects.values_list("display_name", "id").iterator()
    yield "tags", PAIR, (("mlflow.runName", name, ids[run]) for name, run in names)


def _runs(ids: dict[int, str]) -> Iterator[tuple[Any, ...]]:
    columns = (
        "id",
        "display_name",
        "created_by__username",
        "status",
        "created_at",
        "ended_at",
        "experiment__number",
    )
    for pk, name, user, status, created_at, ended_at, experiment in Run.objects.values_list(
        *columns
    ).iterator():
        ended = int(ended_at.timestamp() * 1000) if ended_at else None
        created = int(created_at.timestamp() * 1000)
        state, at = STATUSES.get(status, "SCHEDULED"), f"mlflow-artifacts:/{ids[pk]}"
        yield (
            ids[pk],
            name,
            "LOCAL",
            "train.py",
            "",
            user,
            state,
            created,
            ended,
            "",
            "active",
            at,
            experiment,
        )


def questions(largest: str, half: float, best: float) -> list[tuple[str, str, dict[str, Any]]]:
    """What both can be asked: in words, as parameters of ours, and as MLflow's search wants it."""
    bound = "metrics.accuracy > "
    tagged = "tags.team = 'team-4'"
    three = f"{tagged} and {bound}{half!r} and params.optimizer = 'adam'"
    newest = {"order_by": ["attributes.start_time DESC"]}
    one = {"experiment_ids": [str(Experiment.objects.get(name=largest).number)]}
    return [
        ("newest", "", newest),
        ("newest of the largest experiment", f"experiment={largest}", {**newest, **one}),
        ("a tag of 10 % of the runs", f"filter={tagged}", {**newest, "filter": tagged}),
        (
            "a tag of about 50 runs",
            "filter=tags.ticket = 'ML-7'",
            {**newest, "filter": "tags.ticket = 'ML-7'"},
        ),
        (
            "a metric's bound, half of the runs",
            f"filter={bound}{half!r}",
            {**newest, "filter": f"{bound}{half!r}"},
        ),
        ("a metric's bound, 100 runs", f"filter={bound}{best!r}", {**newest, "filter": f"{bound}{best!r}"}),
        ("sorted by a metric", "sort=-metrics.accuracy", {"order_by": ["metrics.accuracy DESC"]}),
        (
            "tag, bound and param, sorted by another metric",
            f"filter={three}&sort=metrics.val_loss",
            {"filter": three, "order_by": ["metrics.val_loss ASC"]},
        ),
    ]


def compare(
    studio: Studio, peer: MlflowServer, asked: list[tuple[str, str, dict[str, Any]]], requests: int
) -> list[list[str]]:
    """Ask both in turns, over a connection that is kept; median and p95 in milliseconds, and the ratio."""
    everything = all_experiments()
    rows = []
    for words, ours, theirs in asked:
        found = [
            _time_ours(studio, quote(ours, safe="=&"), requests),
            _time_theirs(peer, {"experiment_ids": everything, "max_results": 50, **theirs}, requests),
        ]
        medians = [machine.median(times) for times in found]
        figures = [f"{figure:.1f}" for times in found for figure in (machine.median(times), max(times))]
        rows.append([words, *figures, f"{medians[1] / medians[0]:.1f}"])
    return rows


def compare_searches(
    studio: Studio,
    peer: MlflowServer,
    asked: list[tuple[str, str, dict[str, Any]]],
    requests: int,
    page: int,
) -> list[list[str]]:
    """Ask both in turns by MLflow's protocol for pages of so many runs; medians in milliseconds, and the ratio."""
    everything = all_experiments()
    rows = []
    for words, _, theirs in asked:
        body = json.dumps({"experiment_ids": everything, "max_results": page, **theirs}).encode()
        ours = machine.median(
            _time_searches(studio.url, f"/w/{studio.workspace}", studio.token, body, requests)
        )
        peers = machine.median(_time_searches(peer.url, "", "", body, requests))
        more = "over " if peers >= PATIENCE_S * 1000 else ""
        rows.append([words, f"{page:,}", f"{ours:.1f}", f"{more}{peers:.1f}", f"{more}{peers / ours:.1f}"])
    return rows


def all_experiments() -> list[str]:
    """The ids by which both know the experiments."""
    return [str(number) for number in Experiment.objects.values_list("number", flat=True)]


def _time_searches(url: str, base: str, token: str, body: bytes, requests: int) -> list[float]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    return _times(url, "POST", f"{base}/api/2.0/mlflow/runs/search", body, headers, requests)


def _time_ours(studio: Studio, asked: str, requests: int) -> list[float]:
    path = f"/api/v1/workspaces/{studio.workspace}/runs/?include_children=true&{asked}"
    return _times(studio.url, "GET", path, b"", {"Authorization": f"Bearer {studio.token}"}, requests)


def _time_theirs(peer: MlflowServer, asked: dict[str, Any], requests: int) -> list[float]:
    body = json.dumps(asked).encode()
    headers = {"Content-Type": "application/json"}
    return _times(peer.url, "POST", "/api/2.0/mlflow/runs/search", body, headers, requests)


def _times(
    url: str, method: str, path: str, body: bytes, headers: dict[str, str], requests: int
) -> list[float]:
    """Milliseconds of each request after the warm-up."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE_S)
    times = []
    for number in range(WARM_UP + requests):
        before = time.perf_counter()
        connection.request(method, path, body, headers)
        try:
            response = connection.getresponse()
        except http.client.RemoteDisconnected:  # MLflow restarts a worker that was busy for too long
            connection.close()
            continue
        except TimeoutError:  # it takes at least so long; the next question meets a server that is busy still
            connection.close()
            times.append(PATIENCE_S * 1000)
            return times
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {answer[:300]!r}")
        if number >= WARM_UP:
            times.append((time.perf_counter() - before) * 1000)
    return times

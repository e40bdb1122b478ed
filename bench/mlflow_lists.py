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

WARM_UP = 3
STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED", "Running": "RUNNING"}

Statement = tuple[str, Iterator[tuple[Any, ...]]]


def copy_runs(target: Path) -> None:
    """Write the runs of our database, with their last metrics, params and tags, into MLflow's tables."""
    runs = Run.objects.order_by("id").select_related("created_by")
    ids = {pk: public_id.replace("-", "") for pk, public_id in runs.values_list("id", "public_id")}
    with sqlite3.connect(target) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for sql, rows in _statements(ids):
            while batch := list(islice(rows, 50_000)):
                connection.executemany(sql, batch)


def _statements(ids: dict[int, str]) -> Iterator[Statement]:
    experiments = Experiment.objects.values_list("id", "name")
    yield (
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, workspace) "
        "VALUES (?, ?, 'mlflow-artifacts:/' || ?1, 'active', 'default')",
        iter(experiments),
    )
    yield (
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, "
        "end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) "
        "VALUES (?, ?, 'LOCAL', 'train.py', '', ?, ?, ?, ?, '', 'active', 'mlflow-artifacts:/' || ?1, ?)",
        _runs(ids),
    )
    for table in ("latest_metrics", "metrics"):
        metrics = Metric.objects.values_list("name__text", "last", "last_time", "run_id").iterator()
        yield (
            f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, 0, 0, ?)",
            ((key, value, at, ids[run]) for key, value, at, run in metrics),
        )
    for table, model in (("params", Param), ("tags", Tag)):
        values = model.objects.values_list("name__text", "value", "run_id").iterator()
        yield (
            f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)",
            ((key, value or "", ids[run]) for key, value, run in values),
        )
    names = Run.objects.values_list("display_name", "id").iterator()
    yield (
        "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)",
        ((name, ids[run]) for name, run in names),
    )


def _runs(ids: dict[int, str]) -> Iterator[tuple[Any, ...]]:
    columns = (
        "id",
        "display_name",
        "created_by__username",
        "status",
        "created_at",
        "ended_at",
        "experiment_id",
    )
    for pk, name, user, status, created_at, ended_at, experiment in Run.objects.values_list(
        *columns
    ).iterator():
        ended = int(ended_at.timestamp() * 1000) if ended_at else None
        created = int(created_at.timestamp() * 1000)
        yield ids[pk], name, user, STATUSES.get(status, "SCHEDULED"), created, ended, experiment


def questions(largest: str, half: float, best: float) -> list[tuple[str, str, dict[str, Any]]]:
    """What both can be asked: in words, as parameters of ours, and as MLflow's search wants it."""
    bound = "metrics.accuracy > "
    tagged = "tags.team = 'team-4'"
    three = f"{tagged} and {bound}{half!r} and params.optimizer = 'adam'"
    newest = {"order_by": ["attributes.start_time DESC"]}
    one = {"experiment_ids": [str(Experiment.objects.get(name=largest).pk)]}
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
    everything = [str(pk) for pk in Experiment.objects.values_list("pk", flat=True)]
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
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=300)
    times = []
    for number in range(WARM_UP + requests):
        before = time.perf_counter()
        connection.request(method, path, body, headers)
        try:
            response = connection.getresponse()
        except http.client.RemoteDisconnected:  # MLflow restarts a worker that was busy for too long
            connection.close()
            continue
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {answer[:300]!r}")
        if number >= WARM_UP:
            times.append((time.perf_counter() - before) * 1000)
    return times

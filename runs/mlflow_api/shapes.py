"""Runs and experiments as MLflow's clients read them."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from runs.lifecycle import Status
from runs.models import Experiment, ExperimentTag, Metric, Param, Run, Tag
from runs.query.literals import MLFLOW_STATUSES

NAME, NOTE, PARENT, USER = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId", "mlflow.user"
# What MLflow keeps as tags and a run here has itself.
OWN_TAGS = (NAME, NOTE)
_STATUS = {status: word for word, statuses in MLFLOW_STATUSES.items() for status in statuses}
_LARGEST = 1.7976931348623157e308
_SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def number(value: float) -> float | str:
    """A number on the wire: NaN as text, infinities as the largest numbers."""
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else math.copysign(_LARGEST, value)


def pairs(values: dict[str, str]) -> list[dict[str, str]]:
    """Keys and values."""
    return [{"key": key, "value": value} for key, value in values.items()]


def experiment_shape(experiment: Experiment) -> dict[str, Any]:
    """An experiment with its tags; its description is one of them."""
    rows = ExperimentTag.objects.filter(experiment=experiment).order_by("key") if experiment.pk else []
    tags = {tag.key: tag.value or "" for tag in rows}
    if experiment.description:
        tags[NOTE] = experiment.description
    created = ms(experiment.created_at)
    return {
        "experiment_id": str(experiment.number),
        "name": experiment.name,
        "artifact_location": f"mlflow-artifacts:/{experiment.number}",
        "lifecycle_stage": "active",
        "creation_time": created,
        "last_update_time": created,
        "tags": pairs(tags),
    }


def info_shape(run: Run) -> dict[str, Any]:
    """What a run is."""
    shape = {
        "run_id": run.public_id,
        "run_uuid": run.public_id,
        "run_name": run.display_name,
        "experiment_id": str(run.experiment.number),
        "user_id": run.created_by.username if run.created_by else "",
        "status": _STATUS[Status(run.status)],
        "start_time": ms(run.started_at or run.created_at),
        "artifact_uri": f"mlflow-artifacts:/{run.experiment.number}/{run.public_id}/artifacts",
        "lifecycle_stage": "active" if run.deleted_at is None else "deleted",
    }
    return shape | ({"end_time": ms(run.ended_at)} if run.ended_at else {})


def run_shape(run: Run) -> dict[str, Any]:
    """A run with all it was given."""
    params = Param.objects.filter(run=run).select_related("name").order_by("name__text")
    metrics = Metric.objects.filter(run=run, count__gt=0).select_related("name").order_by("name__text")
    data = {
        "metrics": [shape for metric in metrics if (shape := _last(metric)) is not None],
        "params": pairs({row.name.text: row.text or "" for row in params}),
        "tags": pairs(_tags(run)),
    }
    return {
        "info": info_shape(run),
        "data": {name: rows for name, rows in data.items() if rows},
        "inputs": {},
    }


def _tags(run: Run) -> dict[str, str]:
    own = {NAME: run.display_name, USER: run.created_by.username if run.created_by else ""}
    if run.parent is not None:
        own[PARENT] = run.parent.public_id
    rows = Tag.objects.filter(run=run).select_related("name").order_by("name__text")
    tags = own | {row.name.text: row.text or "" for row in rows}
    return tags | ({NOTE: run.description} if run.description else {})


def _last(metric: Metric) -> dict[str, Any] | None:
    value = metric.last if metric.last is not None else _SPELLED.get(metric.last_text or "")
    if value is None:  # a text, a table, a picture: MLflow has no such metrics
        return None
    return point_shape(metric.name.text, metric.last_step, metric.last_time, value)


def point_shape(key: str, step: int, time: int, value: float) -> dict[str, Any]:
    """One point."""
    return {"key": key, "value": number(value), "timestamp": time, "step": step}


def points_shape(key: str, points: Sequence[tuple[int, int, float]]) -> list[dict[str, Any]]:
    """Points (step, time, value) in the order of MLflow: by time, step and value."""
    ordered = sorted(points, key=lambda point: (point[1], point[0], math.isnan(point[2]), point[2]))
    return [point_shape(key, *point) for point in ordered]

"""Runs and experiments as MLflow's clients read them."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from runs.actions.parents import PARENT_TAG
from runs.models import Run
from runs.query.experiment_search import FoundExperiment
from runs.query.literals import MLFLOW_STATUSES
from runs.query.run_inputs import ReadData, Uses
from runs.query.whole_runs import Facts, Last, WholeRun, whole_runs

NAME, NOTE, USER = "mlflow.runName", "mlflow.note.content", "mlflow.user"
PARENT = PARENT_TAG
# What MLflow keeps as tags and a run here has itself.
OWN_TAGS = (NAME, NOTE)
_STATUS = {status.value: word for word, statuses in MLFLOW_STATUSES.items() for status in statuses}
_BEGINNING, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_LARGEST = 1.7976931348623157e308
_SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, as searches compare them."""
    return (moment - _BEGINNING) // _MILLISECOND


def number(value: float) -> float | str:
    """A number on the wire: NaN as text, infinities as the largest numbers."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else math.copysign(_LARGEST, value)


def pairs(values: dict[str, str]) -> list[dict[str, str]]:
    """Keys and values."""
    return [{"key": key, "value": value} for key, value in values.items()]


def experiment_shape(found: FoundExperiment) -> dict[str, Any]:
    """An experiment with its tags; its description is one of them."""
    experiment = found.experiment
    tags = {key: value or "" for key, value in found.tags.items()}
    if experiment.description:
        tags[NOTE] = experiment.description
    return {
        "experiment_id": str(experiment.number),
        "name": experiment.name,
        "artifact_location": f"mlflow-artifacts:/{experiment.number}",
        "lifecycle_stage": "active" if experiment.deleted_at is None else "deleted",
        "creation_time": ms(experiment.created_at),
        "last_update_time": ms(experiment.changed_at or experiment.created_at),
        "tags": pairs(tags),
    }


def root_of_run(experiment: int, run_id: str) -> str:
    """The address of its files."""
    return f"mlflow-artifacts:/{experiment}/{run_id}/artifacts"


def info_shape(facts: Facts, user: str = "") -> dict[str, Any]:
    """What a run is. `user`: whose a script says it is, instead of who sent it."""
    shape = {
        "run_id": facts.id,
        "run_uuid": facts.id,
        "run_name": facts.name,
        "experiment_id": str(facts.experiment),
        "user_id": user or facts.user or "",
        "status": _STATUS[facts.status],
        "start_time": ms(facts.started_at or facts.created_at),
        "artifact_uri": root_of_run(facts.experiment, facts.id),
        "lifecycle_stage": "active" if facts.deleted_at is None else "deleted",
    }
    return shape | ({"end_time": ms(facts.ended_at)} if facts.ended_at else {})


def run_shape(run: WholeRun) -> dict[str, Any]:
    """A run with all it was given. Written out for pages of ten thousands."""
    data: dict[str, Any] = {}
    if metrics := _metrics(run.metrics):
        data["metrics"] = metrics
    if run.params:
        data["params"] = [{"key": key, "value": value} for key, value in sorted(run.params.items())]
    data["tags"] = _tags(run)
    shape = {"info": info_shape(run.facts, run.tags.get(USER, "")), "data": data}
    return shape | (_uses_shape(run.uses) if run.uses else {"inputs": {}})


def _uses_shape(uses: Uses) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    if uses.data:
        inputs["dataset_inputs"] = [_data_shape(read) for read in uses.data]
    if uses.inputs:
        inputs["model_inputs"] = [{"model_id": model.id} for model in uses.inputs]
    made = [{"model_id": model.id, "step": model.step} for model in uses.outputs]
    return {"inputs": inputs} | ({"outputs": {"model_outputs": made}} if made else {})


def _data_shape(read: ReadData) -> dict[str, Any]:
    dataset = read.dataset
    optional = {"schema": dataset.schema, "profile": dataset.profile}
    shape = {
        "name": dataset.name,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "source": dataset.source,
    }
    return {
        "tags": pairs(read.tags),
        "dataset": shape | {name: text for name, text in optional.items() if text},
    }


def shape_of(run: Run) -> dict[str, Any]:
    """One run, as it is now."""
    return run_shape(whole_runs([run.pk])[0])


def _tags(run: WholeRun) -> list[dict[str, str]]:
    facts = run.facts
    tags = {NAME: facts.name, USER: facts.user or ""}
    if facts.parent is not None:
        tags[PARENT] = facts.parent
    for key in sorted(run.tags):
        tags[key] = run.tags[key]
    if facts.description:
        tags[NOTE] = facts.description
    return [{"key": key, "value": value} for key, value in tags.items()]


def _metrics(found: dict[str, Last]) -> list[dict[str, Any]]:
    """The last points; a text, a table, a picture has none, since MLflow has no such metrics."""
    shapes: list[dict[str, Any]] = []
    for key in sorted(found):
        _, _, value, text, step, time = found[key]
        if value is not None:
            shapes.append({"key": key, "value": value, "timestamp": time, "step": step})
        elif text in _SPELLED:
            shapes.append(point_shape(key, step, time, _SPELLED[text]))
    return shapes


def point_shape(key: str, step: int, time: int, value: float) -> dict[str, Any]:
    """One point."""
    return {"key": key, "value": number(value), "timestamp": time, "step": step}

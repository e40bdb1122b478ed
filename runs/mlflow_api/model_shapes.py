"""Logged models as MLflow's clients read them."""

import math
from collections.abc import Sequence
from typing import Any

from runs.mlflow_api.shapes import ms, pairs, point_shape
from runs.models import LoggedModel
from runs.query.logged_models import Measured, measured


def model_shape(model: LoggedModel) -> dict[str, Any]:
    """One model, as it is now."""
    return models_shape([model])[0]


def models_shape(models: Sequence[LoggedModel]) -> list[dict[str, Any]]:
    """Models with all that they were given."""
    found = measured([model.pk for model in models])
    return [_shape(model, found.get(model.pk, [])) for model in models]


def root_of(model: LoggedModel) -> str:
    """The address of its files."""
    return f"mlflow-artifacts:/{model.experiment.number}/models/{model.public_id}/artifacts"


def _shape(model: LoggedModel, metrics: Sequence[Measured]) -> dict[str, Any]:
    info = {
        "model_id": model.public_id,
        "experiment_id": str(model.experiment.number),
        "name": model.name,
        "creation_timestamp_ms": ms(model.created_at),
        "last_updated_timestamp_ms": ms(model.updated_at),
        "artifact_uri": root_of(model),
        "status": f"LOGGED_MODEL_{model.status}",
        "model_type": model.model_type,
        "source_run_id": model.run.public_id if model.run else "",
        "status_message": model.status_message,
        "tags": pairs(dict(sorted(model.tags.items()))),
    }
    data = {
        "params": pairs(dict(sorted(model.params.items()))),
        "metrics": [_metric_shape(model, point) for point in metrics],
    }
    return {
        "info": {name: value for name, value in info.items() if value not in ("", [])},
        "data": {name: rows for name, rows in data.items() if rows},
    }


def _metric_shape(model: LoggedModel, point: Measured) -> dict[str, Any]:
    value = math.nan if point.value is None else point.value
    of = {"dataset_name": point.dataset_name, "dataset_digest": point.dataset_digest}
    shape = point_shape(point.key, point.step, point.time, value)
    return shape | {"model_id": model.public_id, "run_id": point.run} | {k: v for k, v in of.items() if v}

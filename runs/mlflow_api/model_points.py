"""Points of metrics that were measured for logged models."""

from collections.abc import Sequence

from runs.actions.model_points import ModelPoint
from runs.mlflow_api.base import Call
from runs.mlflow_api.fields import Fields
from runs.models import LoggedModel


def points_of_models(
    call: Call, metrics: Sequence[tuple[Fields, str, tuple[int, int, float]]]
) -> list[ModelPoint]:
    """Those of these points (step, time, value) by their keys that were measured for models."""
    models: dict[str, LoggedModel] = {}
    found: list[ModelPoint] = []
    for fields, key, (step, time, value) in metrics:
        model_id = fields.text("model_id", "")
        if not model_id:
            continue
        if model_id not in models:
            models[model_id] = call.model(model_id, "write")
        name, digest = fields.text("dataset_name", ""), fields.text("dataset_digest", "")
        found.append(ModelPoint(models[model_id], key, value, step, time, name, digest))
    return found

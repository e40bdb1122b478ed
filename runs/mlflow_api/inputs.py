"""What runs read and make: datasets and models; and the note that clients of MLflow 2 leave of a model."""

from typing import Any

import orjson

from runs.access import get_numbered_experiments, get_workspace
from runs.actions.inputs import (
    PROFILE_LENGTH,
    SCHEMA_LENGTH,
    SOURCE_LENGTH,
    TAG_KEY_LENGTH,
    TAG_VALUE_LENGTH,
    DataInput,
    log_inputs,
    log_outputs,
)
from runs.actions.tag_list import add_to_tag
from runs.mlflow_api.base import Call
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.fields import Fields
from runs.mlflow_api.search import numbers_of
from runs.models import LoggedModel
from runs.models.dataset import DATASET_NAME_LENGTH, DIGEST_LENGTH
from runs.query.run_inputs import summaries

HISTORY = "mlflow.log-model.history"
_MOST_EXPERIMENTS = 20
_IN_HISTORY = ("artifact_path", "flavors", "utc_time_created", "run_id")


def log(call: Call) -> dict[str, Any]:
    """The run reads these datasets and models."""
    run = call.run_of_script()
    data = [_data(item) for item in call.fields.items("datasets")]
    log_inputs(run, data, [model for model, _ in _models(call)], by=call.caller.user)
    return {}


def outputs(call: Call) -> dict[str, Any]:
    """The run made these models."""
    run = call.run_of_script()
    if not call.fields.items("models"):
        call.fields.missing("models")
    log_outputs(run, _models(call))
    return {}


def _models(call: Call) -> list[tuple[LoggedModel, int]]:
    return [
        (call.model(item.text("model_id")), item.integer("step", 0)) for item in call.fields.items("models")
    ]


def _data(item: Fields) -> DataInput:
    dataset = item.inner("dataset")
    return DataInput(
        dataset.short("name", DATASET_NAME_LENGTH),
        dataset.short("digest", DIGEST_LENGTH),
        dataset.text("source_type"),
        dataset.short("source", SOURCE_LENGTH),
        dataset.short("schema", SCHEMA_LENGTH, ""),
        dataset.short("profile", PROFILE_LENGTH, ""),
        {
            tag.short("key", TAG_KEY_LENGTH): tag.short("value", TAG_VALUE_LENGTH, "")
            for tag in item.items("tags")
        },
    )


def log_model(call: Call) -> dict[str, Any]:
    """Note a model that lies among the files of the run, in a tag of the run."""
    run, text = call.run_of_script(), call.fields.text("model_json")
    try:
        told = orjson.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Wrong(f"Malformed model info. {text[:200]} is not a valid JSON.")
    if missing := [name for name in _IN_HISTORY if name not in told]:
        raise Wrong(f"Model json is missing mandatory fields: {', '.join(missing)}")
    add_to_tag(run, HISTORY, told, by=call.caller.user)
    return {}


def search_datasets(call: Call) -> dict[str, Any]:
    """The datasets that runs of these experiments read, and what for."""
    texts = call.fields.texts("experiment_ids")
    if not texts:
        raise Wrong("SearchDatasets request must specify at least one experiment_id.")
    if len(texts) > _MOST_EXPERIMENTS:
        raise Wrong(
            f"SearchDatasets request cannot specify more than {_MOST_EXPERIMENTS} experiment_ids. Received"
            f" {len(texts)} experiment_ids."
        )
    workspace = get_workspace(call.caller, call.workspace_name)
    experiments = get_numbered_experiments(call.caller, workspace, numbers_of(texts))
    found = summaries([experiment.pk for experiment in experiments])
    return {
        "dataset_summaries": [
            {"experiment_id": str(row.experiment), "name": row.name, "digest": row.digest}
            | ({"context": row.context} if row.context else {})
            for row in found
        ]
    }

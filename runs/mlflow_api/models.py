"""Logged models: make, read, finish, tag, delete."""

from typing import Any

from runs.access import get_workspace
from runs.actions.canceled_scripts import check_not_canceled
from runs.actions.experiment import ensure_default_experiment
from runs.actions.logged_models import (
    NOT_IN_NAMES,
    add_model_params,
    create_logged_model,
    delete_logged_model,
    remove_model_tag,
    set_model_status,
    set_model_tags,
)
from runs.errors import Conflict, Invalid
from runs.mlflow_api.base import Call
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.fields import Fields
from runs.mlflow_api.model_shapes import model_shape
from runs.mlflow_api.runs import made_name
from runs.mlflow_api.values import PARAM_LENGTH, TAG_LENGTH
from runs.models import Experiment, LoggedModel, Run

STATUSES = tuple(f"LOGGED_MODEL_{status}" for status in LoggedModel.STATUSES)


def create(call: Call) -> dict[str, Any]:
    """A model of the run that is named, in its experiment; or one of the experiment alone."""
    fields = call.fields
    fields.text("experiment_id")
    run_id = fields.text("source_run_id", "")
    run = call.run_of(run_id, "write") if run_id else None
    if run is not None:
        check_not_canceled(run)
    name = fields.text("name", "") or made_name()
    try:
        made = create_logged_model(
            _experiment(call, run),
            name,
            by=call.caller.user,
            run=run,
            model_type=fields.text("model_type", ""),
            tags=_pairs(fields, "tags", TAG_LENGTH),
            params=_pairs(fields, "params", PARAM_LENGTH),
        )
    except Invalid as refusal:
        if refusal.field != "name":
            raise
        raise Wrong(
            f"Invalid model name ({name[:200]!r}) provided. Model name must be a non-empty string and cannot contain"
            f" the following characters: {NOT_IN_NAMES}. {refusal.message}"
        ) from None
    return {"model": model_shape(made)}


def _experiment(call: Call, run: Run | None) -> Experiment:
    if run is not None:
        return run.experiment
    if call.fields.get("experiment_id") == "0":
        workspace = get_workspace(call.caller, call.workspace_name, "write")
        return ensure_default_experiment(workspace, by=call.caller.user)
    return call.experiment("write")


def get(call: Call) -> dict[str, Any]:
    """The model; one that was deleted only where that is asked for."""
    deleted = call.query.text("allow_deleted", "").lower() == "true"
    return {"model": model_shape(_model(call, deleted=deleted))}


def finish(call: Call) -> dict[str, Any]:
    """Its files are there, or they will never be."""
    model = _model(call, write=True)
    if call.fields.get("status") is None:
        call.fields.missing("status")
    word = call.fields.word("status", STATUSES, "")
    set_model_status(model, word.removeprefix("LOGGED_MODEL_"))
    return {"model": model_shape(model)}


def delete(call: Call) -> dict[str, Any]:
    """Delete it; once more is no mistake, for a client that did not hear the answer."""
    delete_logged_model(_model(call, write=True, deleted=True), by=call.caller.user)
    return {}


def set_tags(call: Call) -> dict[str, Any]:
    """Add or change tags."""
    model = _model(call, write=True)
    set_model_tags(model, _pairs(call.fields, "tags", TAG_LENGTH))
    return {"model": model_shape(model)}


def delete_tag(call: Call) -> dict[str, Any]:
    """Remove a tag that is there."""
    model, key = _model(call, write=True), call.parts["key"]
    if key not in model.tags:
        raise Wrong(
            f"No tag with key {key!r} found for model with ID {model.public_id!r}.", "RESOURCE_DOES_NOT_EXIST"
        )
    remove_model_tag(model, key)
    return {}


def add_params(call: Call) -> dict[str, Any]:
    """Add parameters, which never change."""
    try:
        add_model_params(_model(call, write=True), _pairs(call.fields, "params", PARAM_LENGTH))
    except Conflict as conflict:
        raise Wrong(conflict.message) from None
    return {}


def _model(call: Call, *, write: bool = False, deleted: bool = False) -> LoggedModel:
    return call.model(call.parts["model_id"], "write" if write else "read", deleted=deleted)


def _pairs(fields: Fields, name: str, length: int) -> dict[str, str]:
    return {item.text("key"): item.text("value", "")[:length] for item in fields.items(name)}

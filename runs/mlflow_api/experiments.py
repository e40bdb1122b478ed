"""Experiments: make, find, tag."""

from typing import Any

from runs.access import get_experiment, get_workspace
from runs.actions.experiment import (
    DEFAULT_NAME,
    create_experiment,
    edit_experiment,
    ensure_default_experiment,
)
from runs.errors import Conflict, NotFound
from runs.mlflow_api.base import Call
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.shapes import NOTE, experiment_shape
from runs.models import Experiment

NAME_LENGTH = 500


def create(call: Call) -> dict[str, Any]:
    """A new experiment. Where its files would lie is for the studio to say, whatever the client asks for."""
    name = call.fields.text("name")
    if len(name) > NAME_LENGTH:
        raise Wrong(f"'name' exceeds the maximum length of {NAME_LENGTH} characters")
    workspace = get_workspace(call.caller, call.workspace_name, "write")
    location = call.fields.text("artifact_location", "")
    if location and not location.startswith("mlflow-artifacts:"):
        raise Wrong("This studio keeps the files of its runs itself: leave artifact_location out.")
    tags = {tag.text("key"): tag.text("value", "") for tag in call.fields.items("tags")}
    note, by = tags.pop(NOTE, ""), call.caller.user
    try:
        if name == DEFAULT_NAME:
            ensure_default_experiment(workspace, by=by)
        made = create_experiment(workspace, name, by=by, description=note, tags=tags)
    except Conflict:
        raise Wrong(f"Experiment(name={name}) already exists.", "RESOURCE_ALREADY_EXISTS") from None
    return {"experiment_id": str(made.number)}


def get(call: Call) -> dict[str, Any]:
    """The experiment of that number; 0 is there even before anything is logged to it."""
    if call.fields.get("experiment_id") == "0":
        return {"experiment": experiment_shape(default_of(call))}
    return {"experiment": experiment_shape(call.experiment())}


def get_by_name(call: Call) -> dict[str, Any]:
    """The experiment of that name."""
    name = call.fields.text("experiment_name")
    try:
        found = get_experiment(call.caller, get_workspace(call.caller, call.workspace_name), name)
    except NotFound:
        if name == DEFAULT_NAME:
            return {"experiment": experiment_shape(default_of(call))}
        raise Wrong(f"Could not find experiment with name {name!r}", "RESOURCE_DOES_NOT_EXIST") from None
    return {"experiment": experiment_shape(found)}


def default_of(call: Call) -> Experiment:
    """The experiment 0, or what it will be once something is logged to it: reading makes nothing."""
    workspace = get_workspace(call.caller, call.workspace_name)
    known = Experiment.objects.filter(workspace=workspace)
    found = known.filter(number=0).first() or known.filter(name=DEFAULT_NAME).first()
    return found or Experiment(
        workspace=workspace, number=0, name=DEFAULT_NAME, created_at=workspace.created_at
    )


def set_tag(call: Call) -> dict[str, Any]:
    """Set a tag; the note is the description."""
    key, value = call.fields.text("key"), call.fields.text("value", "")
    if call.fields.get("experiment_id") == "0":
        ensure_default_experiment(
            get_workspace(call.caller, call.workspace_name, "write"), by=call.caller.user
        )
    found, by = call.experiment("write"), call.caller.user
    if key == NOTE:
        edit_experiment(found, by=by, description=value)
    else:
        edit_experiment(found, by=by, tags={key: value})
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    """Remove a tag that is there."""
    key, found = call.fields.text("key"), call.experiment("write")
    there = (
        bool(found.description) if key == NOTE else "\x00" not in key and found.tags.filter(key=key).exists()
    )
    if not there:
        raise Wrong(
            f"No tag with name: {key} in experiment with id {found.number}", "RESOURCE_DOES_NOT_EXIST"
        )
    if key == NOTE:
        edit_experiment(found, by=call.caller.user, description="")
    else:
        edit_experiment(found, by=call.caller.user, remove_tags=[key])
    return {}

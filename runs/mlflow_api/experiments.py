"""Experiments: make, find, rename, tag; to the trash and back."""

from typing import Any

from runs.access import get_experiment, get_workspace
from runs.actions.experiment import (
    create_experiment,
    edit_experiment,
    ensure_default_experiment,
    rename_experiment,
)
from runs.actions.experiment_trash import trash_experiment, untrash_experiment
from runs.errors import Conflict, NotFound
from runs.limits import EXPERIMENT_VALUE_LENGTH
from runs.mlflow_api.base import Call, active, no_experiment
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.shapes import NOTE, experiment_shape
from runs.models import Experiment
from runs.models.experiment import DEFAULT_EXPERIMENT
from runs.query.experiment_search import default_experiment, found_experiment

NAME_LENGTH = 500


def create(call: Call) -> dict[str, Any]:
    """A new experiment. Where its files would lie is for the studio to say, whatever the client asks for."""
    name = _name(call, "name")
    workspace = get_workspace(call.caller, call.workspace_name, "write")
    location = call.fields.text("artifact_location", "")
    tags = {tag.key("Tag key"): tag.text("value", "") for tag in call.fields.items("tags")}
    if location and not location.startswith("mlflow-artifacts:"):
        raise Wrong("This studio keeps the files of its runs itself: leave artifact_location out.")
    note, by = tags.pop(NOTE, ""), call.caller.user
    try:
        if name == DEFAULT_EXPERIMENT:
            ensure_default_experiment(workspace, by=by)
        made = create_experiment(workspace, name, by=by, description=note, tags=tags)
    except Conflict:
        raise _taken(name) from None
    return {"experiment_id": str(made.number)}


def _name(call: Call, field: str) -> str:
    name = call.fields.text(field)
    if len(name) > NAME_LENGTH:
        raise Wrong(f"'name' exceeds the maximum length of {NAME_LENGTH} characters")
    return name


def _taken(name: str) -> Wrong:
    return Wrong(f"Experiment(name={name}) already exists.", "RESOURCE_ALREADY_EXISTS")


def get(call: Call) -> dict[str, Any]:
    """The experiment of that number, also one in the trash; 0 is there even before anything is logged to it."""
    is_default = call.fields.get("experiment_id") == "0"
    found = _default(call) if is_default else call.experiment(deleted=True)
    return {"experiment": experiment_shape(found_experiment(found))}


def get_by_name(call: Call) -> dict[str, Any]:
    """The experiment of that name, also one in the trash."""
    name = call.fields.text("experiment_name")
    workspace = get_workspace(call.caller, call.workspace_name)
    try:
        found = get_experiment(call.caller, workspace, name, trashed=True)
    except NotFound:
        found = _default(call)
        if found.name != name or found.pk:
            missing = f"Could not find experiment with name {name!r}"
            raise Wrong(missing, "RESOURCE_DOES_NOT_EXIST") from None
    return {"experiment": experiment_shape(found_experiment(found))}


def _default(call: Call) -> Experiment:
    return default_experiment(get_workspace(call.caller, call.workspace_name))


def _to_change(call: Call) -> Experiment:
    """The experiment that is to be changed, in the trash or not. The experiment 0 is made for it."""
    if call.fields.get("experiment_id") == "0":
        workspace = get_workspace(call.caller, call.workspace_name, "write")
        return ensure_default_experiment(workspace, by=call.caller.user)
    return call.experiment("write", deleted=True)


def update(call: Call) -> dict[str, Any]:
    """Another name."""
    found, name = _to_change(call), _name(call, "new_name")
    if found.deleted_at is not None:
        raise Wrong("Cannot rename a non-active experiment.", "INVALID_STATE")
    try:
        rename_experiment(found, name, by=call.caller.user)
    except Conflict:
        raise _taken(name) from None
    return {}


def delete(call: Call) -> dict[str, Any]:
    """To the trash with its runs, those that are running, too, unless an engine executes one."""
    found = _to_change(call)
    if found.deleted_at is not None:
        raise no_experiment(found.number)
    trash_experiment(found, by=call.caller.user, active=True)
    return {}


def restore(call: Call) -> dict[str, Any]:
    """Back from the trash, with the runs that went there together with it."""
    found = _to_change(call)
    if found.deleted_at is None:
        raise no_experiment(found.number)
    untrash_experiment(found, by=call.caller.user)
    return {}


def set_tag(call: Call) -> dict[str, Any]:
    """Set a tag; the note is the description."""
    key, value = call.fields.key("Tag key"), call.fields.text("value", "")
    if key != NOTE and len(value) > EXPERIMENT_VALUE_LENGTH:
        raise Wrong(f"'value' exceeds the maximum length of {EXPERIMENT_VALUE_LENGTH} characters")
    found, by = active(_to_change(call)), call.caller.user
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

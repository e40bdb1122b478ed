"""Runs: make, read, update, delete, restore."""

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from runs.access import check_can_create_runs, run_of_script
from runs.actions.canceled_scripts import note_end_of_script
from runs.actions.create import NewRun, create_run
from runs.actions.experiment import ensure_default_experiment
from runs.actions.organise import edit_run
from runs.actions.reopen import reopen_run
from runs.actions.run import complete_run, confirm_canceled, fail_run, start_run
from runs.actions.trash import restore_run, trash_run_alone
from runs.lifecycle import WAITING
from runs.mlflow_api.base import Call, active
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.fields import Fields
from runs.mlflow_api.shapes import NAME, NOTE, PARENT, USER, shape_of
from runs.mlflow_api.values import name_of, tags_of

_KINDS = ("bold", "calm", "clever", "eager", "gentle", "happy", "keen", "lively", "merry", "quiet", "swift")
_ANIMALS = ("bear", "crane", "deer", "fox", "hare", "heron", "lynx", "otter", "owl", "seal", "wolf", "wren")
_ENDS = {"FINISHED": complete_run, "FAILED": fail_run, "KILLED": confirm_canceled}
_WORDS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_LATEST_MS = 253_402_300_799_000  # the end of the year 9999


def create(call: Call) -> dict[str, Any]:
    """A run that is running. What a submitted script begins is a child of its own run."""
    workspace, by = call.workspace("write"), call.caller.user
    tags = tags_of(call.fields, checked=False)
    if user := call.fields.text("user_id", ""):
        tags.setdefault(USER, user)
    name, note = _name(call.fields.text("run_name", ""), tags.pop(NAME, "")), tags.pop(NOTE, "")
    parent = call.parent(tags.get(PARENT, "")) or run_of_script(call.caller)
    if parent is not None and run_of_script(call.caller) is not None:
        experiment = parent.experiment.name
    elif call.fields.text("experiment_id", "0") == "0":
        experiment = active(ensure_default_experiment(workspace, by=by)).name
    else:
        experiment = call.experiment("write").name
    check_can_create_runs(call.caller, parent, experiment)
    new = NewRun(
        experiment=experiment,
        run_id=uuid.uuid4().hex,
        display_name=name,
        description=note,
        parent=parent,
        tags=tags,
        start=True,
        began_at=_moment(call.fields, "start_time"),
    )
    return {"run": shape_of(create_run(workspace, new, by=by)[0])}


def _name(asked: str, tag: str) -> str:
    if asked and tag and asked != tag:
        raise Wrong(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values"
            f" (run_name='{asked}', mlflow.runName='{tag}')."
        )
    return name_of(asked or tag) or made_name()


def made_name() -> str:
    """A name for what came without one."""
    return f"{secrets.choice(_KINDS)}-{secrets.choice(_ANIMALS)}-{secrets.randbelow(1000)}"


def _moment(fields: Fields, name: str) -> datetime | None:
    if fields.get(name) is None:
        return None
    milliseconds = fields.integer(name)
    if not 0 <= milliseconds <= _LATEST_MS:
        raise Wrong(
            f"Invalid value {milliseconds} for parameter '{name}': a time is in milliseconds since 1970."
        )
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def get(call: Call) -> dict[str, Any]:
    """The run, also one in the trash."""
    return {"run": shape_of(call.run(deleted=True))}


def update(call: Call) -> dict[str, Any]:
    """Its name, its end, or that it goes on after one. Of two ends the one that came first counts."""
    run, by = call.run("write"), call.caller.user
    status = call.fields.get("status")
    word = str(_WORDS.get(status, status)) if isinstance(status, int) else call.fields.text("status", "")
    ended_at = _moment(call.fields, "end_time")
    if name := name_of(call.fields.text("run_name", "")):
        edit_run(run, by=by, display_name=name)
    if word == "RUNNING" and run.is_ended:
        run = reopen_run(run, by=by)
    elif word == "RUNNING" and run.status in WAITING:
        run = start_run(run, by=by)
    elif word in _ENDS and not run.is_ended:
        run = _ENDS[word](run, by=by, ended_at=_past(ended_at))
    elif word in _ENDS:
        note_end_of_script(run, by=by)
    return {"run_info": shape_of(run)["info"]}


def _past(moment: datetime | None) -> datetime | None:
    return None if moment is None else min(moment, datetime.now(UTC))


def delete(call: Call) -> dict[str, Any]:
    """To the trash, also while it runs, unless an engine executes it; twice is no mistake. Its children stay."""
    trash_run_alone(call.run("write", deleted=True), by=call.caller.user)
    return {}


def restore(call: Call) -> dict[str, Any]:
    """Back from the trash, over its children again; twice is no mistake."""
    restore_run(call.run("write", deleted=True), by=call.caller.user)
    return {}

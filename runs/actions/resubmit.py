"""Runs again what was run: a new run of the same sources and definition, linked to its origin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from runs.actions import events
from runs.actions.create import NewRun, create_run
from runs.actions.run import move_run
from runs.actions.snapshots import PROPERTY
from runs.definition import clean_definition
from runs.errors import Conflict, Invalid
from runs.lifecycle import Status
from runs.models import ComputeTarget, Property, Run, SnapshotFile, User
from runs.transaction import write

# The machine of whoever submits.
LOCAL = "local"
SCRIPT_RUN = "studio.scriptrun"
# The facts of git are those of the sources, which are the same.
SOURCE_FACTS = ("azureml.git.", "mlflow.source.git.", "studio.git.", PROPERTY)


@dataclass(frozen=True)
class Changes:
    """What is to be otherwise in the new run; None is as it was."""

    arguments: Sequence[str] | None = None
    display_name: str = ""
    run_id: str | None = None


def resubmit_run(
    origin: Run,
    *,
    by: User,
    changes: Changes | None = None,
    target: ComputeTarget | None = None,
    key: str = "",
) -> tuple[Run, bool]:
    """A new run with the snapshot and definition of this one, and whether it was made just now.

    It is NotStarted, for whoever asked to execute it on their machine (`studio run exec`); with `target` it is Queued,
    for that target. The same idempotency `key` gives the same run again. Raises Conflict for a run that cannot be run
    again, Invalid for arguments of a run that was submitted as a command.
    """
    check_may_resubmit(origin)
    if target is not None and not target.enabled:
        raise Conflict(f"The compute target {target.name} is switched off; an owner can switch it on.")
    changes = changes or Changes()
    definition = definition_of(origin)
    if changes.arguments is not None and definition.get("command") is not None:
        raise Invalid(
            f"{origin.display_name} was submitted as a command, which has no arguments to change.",
            field="arguments",
        )
    with write():
        run, is_new = create_run(
            origin.workspace, _again(origin, definition, changes, target), by=by, key=key
        )
        if is_new:
            _link(run, origin, by=by)
    return run, is_new


def definition_of(origin: Run) -> dict[str, Any]:
    """How the run is executed once more: as it was submitted, or its script, where its program began it itself.

    Empty where that is not known, or the script is not among its sources. One query at most.
    """
    if origin.definition or not origin.script or origin.snapshot_id is None:
        return dict(origin.definition)
    there = SnapshotFile.objects.filter(snapshot_id=origin.snapshot_id, path=origin.script).exists()
    return clean_definition({}) if there else {}


def check_may_resubmit(origin: Run) -> None:
    """Raise Conflict, saying what is missing, unless the sources are here and it is known what to start of them."""
    name, definition = origin.display_name, definition_of(origin)
    if origin.snapshot_id is None and definition.get("command") is None:
        raise Conflict(f"{name} has no snapshot of its sources, so there is nothing to run again.")
    if definition:
        return
    if not origin.script:
        raise Conflict(f"Which script began {name} is not known, so it cannot be started again from here.")
    raise Conflict(
        f"The snapshot of {name} does not hold {origin.script[:200]}, the script that began it, "
        "so it cannot be started again from here."
    )


def _again(origin: Run, definition: dict[str, Any], changes: Changes, target: ComputeTarget | None) -> NewRun:
    rows = Property.objects.filter(run=origin).select_related("name")
    arguments = origin.arguments if changes.arguments is None else changes.arguments
    return NewRun(
        experiment=origin.experiment.name,
        run_id=changes.run_id,
        display_name=changes.display_name,
        run_type=origin.run_type or SCRIPT_RUN,
        target=LOCAL,
        compute_target=target.name if target else "",
        script=origin.script,
        arguments=arguments,
        definition=definition,
        properties={row.name.text: row.text for row in rows if row.name.text.startswith(SOURCE_FACTS)},
    )


def _link(run: Run, origin: Run, *, by: User) -> None:
    run.snapshot, run.resubmitted_from = origin.snapshot, origin
    run.save(update_fields=["snapshot", "resubmitted_from"])
    events.record(origin, "resubmitted", by=by, at=timezone.now(), again=run.public_id)
    if run.compute_target is not None:
        run.status = move_run(run, Status.QUEUED, by=by).status

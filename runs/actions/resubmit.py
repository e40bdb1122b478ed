"""Runs again what was run: a new run of the same sources and definition, linked to its origin."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from runs.actions import events
from runs.actions.create import NewRun, create_run
from runs.actions.run import move_run
from runs.actions.snapshots import PROPERTY
from runs.errors import Conflict, Invalid
from runs.lifecycle import Status
from runs.models import ComputeTarget, Property, Run, User
from runs.transaction import write

# The machine of whoever submits.
LOCAL = "local"
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
    if changes.arguments is not None and origin.definition.get("command") is not None:
        raise Invalid(
            f"{origin.display_name} was submitted as a command, which has no arguments to change.",
            field="arguments",
        )
    with write():
        run, is_new = create_run(origin.workspace, _again(origin, changes, target), by=by, key=key)
        if is_new:
            _link(run, origin, by=by)
    return run, is_new


def check_may_resubmit(origin: Run) -> None:
    """Raise Conflict, saying what to do instead, unless the run was submitted and its sources are here."""
    name = origin.display_name
    if not origin.definition:
        raise Conflict(
            f"{name} was begun by its own program, which only you can start again: "
            "“Resubmit” on its page has the commands."
        )
    if origin.snapshot is None and origin.definition.get("command") is None:
        raise Conflict(f"{name} has no snapshot of its sources, so there is nothing to run again.")


def _again(origin: Run, changes: Changes, target: ComputeTarget | None) -> NewRun:
    rows = Property.objects.filter(run=origin).select_related("name")
    arguments = origin.arguments if changes.arguments is None else changes.arguments
    return NewRun(
        experiment=origin.experiment.name,
        run_id=changes.run_id,
        display_name=changes.display_name,
        run_type=origin.run_type,
        target=LOCAL,
        compute_target=target.name if target else "",
        script=origin.script,
        arguments=arguments,
        definition=origin.definition,
        properties={row.name.text: row.text for row in rows if row.name.text.startswith(SOURCE_FACTS)},
    )


def _link(run: Run, origin: Run, *, by: User) -> None:
    run.snapshot, run.resubmitted_from = origin.snapshot, origin
    run.save(update_fields=["snapshot", "resubmitted_from"])
    events.record(origin, "resubmitted", by=by, at=timezone.now(), again=run.public_id)
    if run.compute_target is not None:
        run.status = move_run(run, Status.QUEUED, by=by).status

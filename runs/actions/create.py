"""Makes runs."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from runs.actions import counts, events, organise, search
from runs.actions.describe import drawn
from runs.actions.experiment import get_or_create_experiment, in_trash
from runs.actions.idempotency import claim
from runs.actions.images import note_images
from runs.actions.run import count_child
from runs.definition import clean_definition
from runs.errors import Conflict, Invalid
from runs.lifecycle import Status
from runs.limits import NAME_LENGTH, RUN_ID_LENGTH, check_room, clean_text
from runs.models import ComputeTarget, Experiment, Run, User, Workspace
from runs.transaction import write

MOST_CHILDREN_AT_ONCE = 100
_RUN_ID = re.compile(r"[A-Za-z0-9][\w\-.]*", re.ASCII)


@dataclass(frozen=True)
class NewRun:
    """What somebody wants to make. Only the experiment is needed."""

    experiment: str
    run_id: str | None = None
    display_name: str = ""
    description: str = ""
    parent: Run | None = None
    run_type: str = ""
    target: str = ""
    # The name of a target of the workspace that is to execute it, by its definition; see actions/dispatch.py.
    compute_target: str = ""
    script: str = ""
    arguments: Sequence[str] = ()
    # As runs/definition.py has it, for a run that is to be executed by others than its own program.
    definition: Mapping[str, Any] | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    start: bool = False
    heartbeat: bool = False
    # When it really began, where that was earlier than now: what was journaled offline is told late.
    began_at: datetime | None = None


def create_run(workspace: Workspace, new: NewRun, *, by: User, key: str = "") -> tuple[Run, bool]:
    """Make the run, and its experiment where that is new; with `start` it is Running at once.

    Returns the run and whether it was made just now: the same idempotency `key` gives the same run again. Raises
    Conflict when the run id is taken.
    """
    public_id = clean_run_id(new.run_id) if new.run_id is not None else str(uuid.uuid4())
    description, html = drawn(new.description)
    target = _target(workspace, new)
    with write():
        before = claim(f"workspace:{workspace.pk}", key, answer=public_id) if key else None
        if before is not None:
            return _made_before(workspace, before), False
        experiment, _ = get_or_create_experiment(workspace, new.experiment, by=by)
        _check_parent(new.parent, experiment)
        run = _insert(experiment, new, public_id, target, by=by, description=description, html=html)
        organise.fill(run, by=by, tags=new.tags, properties=new.properties, params=new.params)
    return run, True


def create_children(
    parent: Run, children: Sequence[NewRun], *, by: User, key: str = ""
) -> tuple[list[Run], bool]:
    """Make many children of a run, all of them or none; each as `create_run` makes it.

    Returns them in order and whether they were made just now: the same idempotency `key` gives the same again.
    """
    check_room(len(children), MOST_CHILDREN_AT_ONCE, "children at once")
    ids = [clean_run_id(child.run_id) if child.run_id else str(uuid.uuid4()) for child in children]
    with write():
        answer = " ".join(ids)
        before = claim(f"children:{parent.pk}", key, answer=answer) if key else None
        if before is not None:
            found = {run.public_id: run for run in _with_relatives().filter(public_id__in=before.split())}
            return [found[public_id] for public_id in before.split() if public_id in found], False
        for child, public_id in zip(children, ids, strict=True):
            create_run(parent.workspace, replace(child, run_id=public_id), by=by)
    made = {run.public_id: run for run in _with_relatives().filter(public_id__in=ids)}
    return [made[public_id] for public_id in ids], True


def _with_relatives() -> QuerySet[Run]:
    return Run.objects.select_related("workspace", "experiment", "parent", "root", "created_by")


def clean_run_id(text: Any) -> str:
    """A run id of the caller's: letters, digits, `_`, `-` and `.`, beginning with a letter or digit."""
    run_id = clean_text(text, "The run id", length=RUN_ID_LENGTH, lines=False)
    if not _RUN_ID.fullmatch(run_id):
        raise Invalid(
            f"The run id {run_id!r} may hold letters, digits, '_', '-' and '.', and begins with a letter or digit.",
            field="run_id",
        )
    return run_id


def _made_before(workspace: Workspace, public_id: str) -> Run:
    return Run.objects.select_related("workspace", "experiment").get(workspace=workspace, public_id=public_id)


def _check_parent(parent: Run | None, experiment: Experiment) -> None:
    if parent is not None and parent.workspace_id != experiment.workspace_id:
        raise Invalid("The parent run is in another workspace.", field="parent")


def _target(workspace: Workspace, new: NewRun) -> ComputeTarget | None:
    """The target that the run is for. Raises Invalid when there is none of that name."""
    if not new.compute_target:
        return None
    if new.definition is None:
        raise Invalid(
            "A run for a compute target needs a definition of what is executed.", field="definition"
        )
    names = [*workspace.compute_targets.order_by("name").values_list("name", flat=True)]
    if new.compute_target not in names:
        there = f"there is {', '.join(names)}" if names else "none is attached"
        asked = new.compute_target[:80]
        raise Invalid(
            f"There is no compute target {asked!r} in {workspace.name}; {there}.", field="compute_target"
        )
    return workspace.compute_targets.get(name=new.compute_target)


def _insert(
    experiment: Experiment,
    new: NewRun,
    public_id: str,
    target: ComputeTarget | None,
    *,
    by: User,
    description: str,
    html: str,
) -> Run:
    now = timezone.now()
    began = min(new.began_at or now, now)
    # The update's row lock makes racing creators queue: numbers have no gaps and no twins.
    in_use = Experiment.objects.filter(pk=experiment.pk, deleted_at=None)
    if not in_use.update(last_run_number=F("last_run_number") + 1, last_run_at=now):
        raise in_trash(experiment.name)  # at this moment
    number = Experiment.objects.values_list("last_run_number", flat=True).get(pk=experiment.pk)
    run = Run(
        public_id=public_id,
        workspace=experiment.workspace,
        experiment=experiment,
        number=number,
        parent=new.parent,
        root_id=new.parent.top_id if new.parent else None,
        description=description,
        description_html=html,
        status=(Status.RUNNING if new.start else Status.NOT_STARTED).value,
        created_by=by,
        created_at=began,
        started_at=began if new.start else None,
        start_received_at=now if began != now else None,
        heartbeat_at=now if new.heartbeat else None,
        compute_target=target,
        **_texts(new, number),
    )
    _save_new(run)
    counts.added(run)
    note_images(run, description)
    if new.parent is not None:
        count_child(new.parent)
    _tell(run, by=by, now=now)
    return run


def _save_new(run: Run) -> None:
    """Add the row. Raises Conflict with the reason where the database has a run like it; any other error stays."""
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        if Run.objects.filter(public_id=run.public_id).exists():
            raise Conflict(
                f"The run id {run.public_id!r} is taken; choose another.", field="run_id"
            ) from None
        if Run.objects.filter(experiment_id=run.experiment_id, number=run.number).exists():
            raise Conflict(
                f"{run.experiment.name} has a run {run.number} already, although it was to be the next: the "
                "experiment's counter is behind. An operator sets last_run_number to its highest run.",
                field="experiment",
            ) from None
        raise


def _texts(new: NewRun, number: int) -> dict[str, Any]:
    check_room(len(new.arguments), 10_000, "arguments")
    name = clean_text(new.display_name.strip(), "The name", length=NAME_LENGTH, empty=True, lines=False)
    return {
        "display_name": name or f"Run {number}",
        "run_type": clean_text(new.run_type, "The type", length=64, empty=True, lines=False),
        "target": clean_text(
            new.compute_target or new.target, "The target", length=NAME_LENGTH, empty=True, lines=False
        ),
        "script": clean_text(new.script, "The script", length=8000, empty=True),
        "arguments": [
            clean_text(a, "An argument", length=8000, empty=True, exact=True) for a in new.arguments
        ],
        "definition": {} if new.definition is None else clean_definition(new.definition),
    }


def _tell(run: Run, *, by: User, now: datetime) -> None:
    events.record_created(run, by=by, at=now)
    if run.parent is not None:
        events.record(run.parent, "child created", by=by, at=now, child=run.public_id)
    search.refresh(run)

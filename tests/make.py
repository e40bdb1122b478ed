"""Makes rows for tests through the real actions; a test names only what it is about."""

import hashlib
import itertools
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np

from runs.actions import members, organise, snapshots, tracking
from runs.actions import workspace as people
from runs.actions.create import NewRun, create_run
from runs.actions.experiment import get_or_create_experiment
from runs.models import Experiment, Member, Run, Snapshot, SnapshotBlob, User, Workspace

_numbers = itertools.count(1)
PASSWORD = "correct horse battery staple"


def user(name: str | None = None, *, password: str = PASSWORD, **fields: Any) -> User:
    """A person who can sign in with PASSWORD."""
    return people.create_user(name or f"person{next(_numbers)}", password=password, **fields)


def workspace(name: str | None = None, *, owner: User | None = None) -> Workspace:
    """A workspace and its owner."""
    return people.create_workspace(name or f"space-{next(_numbers)}", by=owner or user())


def member(of: Workspace, role: str, name: str | None = None) -> User:
    """A person with the role in the workspace."""
    person = user(name)
    members.set_member(of, person, role, by=person)
    return person


def owner_of(space: Workspace) -> User:
    """The first owner."""
    return Member.objects.filter(workspace=space, role="owner").select_related("user").order_by("pk")[0].user


def experiment(space: Workspace, name: str = "digits", *, by: User | None = None) -> Experiment:
    """The experiment of that name, made if it is new."""
    return get_or_create_experiment(space, name, by=by or owner_of(space))[0]


def run(
    space: Workspace,
    experiment: str = "digits",
    *,
    by: User | None = None,
    metrics: dict[str, Any] | None = None,
    created_at: datetime | None = None,
    **fields: Any,
) -> Run:
    """A run, Running unless `start=False`; `metrics` are values by name: a number, or a list of them."""
    by = by or owner_of(space)
    made, _ = create_run(space, NewRun(experiment=experiment, **{"start": True, **fields}), by=by)
    for name, values in (metrics or {}).items():
        log(made, name, *(values if isinstance(values, list) else [values]))
    if created_at is not None:
        made.created_at = created_at
        made.save(update_fields=["created_at"])
    return made


def log(made: Run, name: str, *values: float | str, steps: list[int] | None = None, key: str = "") -> int:
    """Log the values under the name."""
    texts = any(isinstance(value, str) for value in values)
    points = tracking.Points(
        name=name,
        values=[str(v) for v in values] if texts else np.array(values, dtype=np.float64),
        steps=None if steps is None else np.array(steps, dtype=np.int64),
    )
    return tracking.log_points(made, [points], key=key)


def tag(made: Run, by: User | None = None, **pairs: str | None) -> None:
    """Tag the run."""
    organise.set_tags(made, pairs, by=by or owner_of(made.workspace))


def reads_of(captured: Iterable[dict[str, str]]) -> list[str]:
    """The statements that read, of those that were captured: also one that sets a limit of time on its way."""
    bare = [re.sub(r"^(SET LOCAL [^;]*; )+", "", query["sql"]) for query in captured]
    return [sql for sql in bare if sql.lstrip("( ").upper().startswith(("SELECT", "WITH"))]


def token(person: User, **options: Any) -> str:
    """The text of an API token."""
    return people.create_token(person, name="test", **options)[1]


def manifest(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """The list of files of a snapshot, as it is sent."""
    return [
        {"path": path, "size": len(content), "mode": "100644", "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in files.items()
    ]


def snapshot(made: Run, files: dict[str, bytes]) -> Snapshot:
    """A snapshot of these files for the run."""
    listed = manifest(files)
    for entry in listed:
        snapshots.put_blob(made, entry["sha256"], [files[entry["path"]]])
    rows = SnapshotBlob.objects.filter(workspace=made.workspace)
    return snapshots.take_snapshot(made, listed, by=owner_of(made.workspace), readable=rows)[0]

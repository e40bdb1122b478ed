"""Writes the history: each change of a run leaves one event in its own transaction.

Moves from status to status wait for whoever tells people of them (`processed_at`); other events are told to nobody.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from runs.lifecycle import Status
from runs.models import Run, RunEvent, User


def record(run: Run, kind: str, *, by: User | None, at: datetime, **details: Any) -> RunEvent:
    """Add the event, inside the transaction of the change that it tells of."""
    return _add(run, kind, by, at, details, processed_at=at)


def record_move(
    run: Run, kind: str, *, by: User | None, at: datetime, before: str, after: str, reason: str
) -> RunEvent:
    """The same for a run that comes to another status: alerts are told of it."""
    return _add(run, kind, by, at, {"before": before, "after": after, "reason": reason}, processed_at=None)


def record_created(run: Run, *, by: User | None, at: datetime) -> RunEvent:
    """The same for a run that is new; one that goes on at once has started as well."""
    processed_at = None if run.status == Status.RUNNING else at
    return _add(run, "created", by, at, {"after": run.status}, processed_at=processed_at)


def _add(
    run: Run,
    kind: str,
    by: User | None,
    at: datetime,
    details: Mapping[str, Any],
    *,
    processed_at: datetime | None,
) -> RunEvent:
    return RunEvent.objects.create(
        run=run,
        workspace_id=run.workspace_id,
        kind=kind,
        by=by,
        at=at,
        details=dict(details),
        processed_at=processed_at,
    )


def record_many(
    runs: Iterable[Run],
    kind: str,
    *,
    by: User | None,
    at: datetime,
    details: Mapping[int, dict[str, Any]] | None = None,
) -> None:
    """Add such an event to many runs; `details` of each by its number."""
    said = details or {}
    RunEvent.objects.bulk_create(
        RunEvent(
            run=run,
            workspace_id=run.workspace_id,
            kind=kind,
            by=by,
            at=at,
            details=said.get(run.pk, {}),
            processed_at=at,
        )
        for run in runs
    )

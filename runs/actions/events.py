"""Writes the history: each change of a run leaves one event in its own transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from runs.models import Run, RunEvent, User


def record(run: Run, kind: str, *, by: User | None, at: datetime, **details: Any) -> RunEvent:
    """Add the event, inside the transaction of the change that it tells of."""
    return RunEvent.objects.create(
        run=run, workspace_id=run.workspace_id, kind=kind, by=by, at=at, details=details
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
            run=run, workspace_id=run.workspace_id, kind=kind, by=by, at=at, details=said.get(run.pk, {})
        )
        for run in runs
    )

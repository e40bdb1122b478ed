"""How rows look on the wire."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from runs.models import Artifact, Metric, Run, RunEvent, Workspace
from runs.query.experiments import ExperimentRow
from runs.query.resubmitted import origins_of
from runs.query.values import RunValues, values_of


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def workspace_shape(workspace: Workspace, role: str | None = None) -> dict[str, Any]:
    """A workspace, with the caller's role."""
    return {
        "name": workspace.name,
        "description": workspace.description,
        "lost_after_s": workspace.lost_after_s,
        "stops_canceled": workspace.stops_canceled,
        "created_at": moment(workspace.created_at),
        "role": role,
    }


def experiment_shape(row: ExperimentRow) -> dict[str, Any]:
    """An experiment with its tags, its counts by status and its last run."""
    experiment, last = row.experiment, row.last_run
    return {
        "id": experiment.number,
        "name": experiment.name,
        "workspace": experiment.workspace.name,
        "description": experiment.description,
        "description_version": experiment.description_version,
        "created_at": moment(experiment.created_at),
        "created_by": experiment.created_by.username if experiment.created_by else None,
        "changed_at": moment(experiment.changed_at or experiment.created_at),
        "archived_at": moment(experiment.archived_at),
        "deleted_at": moment(experiment.deleted_at),
        "last_run_at": moment(experiment.last_run_at),
        "last_run": {"id": last.public_id, "number": last.number, "status": last.status} if last else None,
        "tags": row.tags,
        "counts": row.counts,
        "url": reverse("experiment", args=[experiment.workspace.name, experiment.name]),
    }


def run_shape(run: Run) -> dict[str, Any]:
    """One run with all its values."""
    return run_shapes([run])[0]


def run_shapes(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Runs with all their values, in a fixed number of queries. Parent, root and people should be read ahead."""
    values, origins = values_of(runs), origins_of(runs)
    now = timezone.now()
    return [_run(run, values[run.pk], now, origins.get(run.resubmitted_from_id or 0)) for run in runs]


def _run(run: Run, values: RunValues, now: datetime, origin: str | None) -> dict[str, Any]:
    failed = bool(run.error_message or run.error_code)
    return {
        "id": run.public_id,
        "number": run.number,
        "display_name": run.display_name,
        "experiment": run.experiment.name,
        "workspace": run.workspace.name,
        "status": run.status,
        "status_reason": run.status_reason,
        "type": run.run_type,
        "target": run.target,
        "parent": run.parent.public_id if run.parent else None,
        "root": run.root.public_id if run.root else run.public_id,
        "resubmitted_from": origin,
        "child_count": run.child_count,
        "description": run.description,
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at),
        "ended_at": moment(run.ended_at),
        "duration_s": run.duration_s if run.is_ended else run.seconds(now),
        "start_received_at": moment(run.start_received_at),
        "end_received_at": moment(run.end_received_at),
        "heartbeat_at": moment(run.heartbeat_at),
        "created_by": run.created_by.username if run.created_by else None,
        "archived_at": moment(run.archived_at),
        "tags": values.tags,
        "properties": values.properties,
        "params": values.params,
        "metrics": values.metrics,
        "error": {"code": run.error_code, "message": run.error_message, "details": run.error_details}
        if failed
        else None,
        "script": run.script,
        "arguments": run.arguments,
        "url": reverse("run", args=[run.workspace.name, run.public_id]),
    }


def metric_shape(metric: Metric, name: str) -> dict[str, Any]:
    """The summary of one metric."""
    return {
        "name": name,
        "kind": metric.kind,
        "last": metric.last if metric.last is not None else metric.last_text,
        "first": metric.first,
        "min": metric.min,
        "max": metric.max,
        "mean": metric.mean,
        "count": metric.count,
        "last_step": metric.last_step,
        "last_time": metric.last_time,
    }


def file_shape(artifact: Artifact) -> dict[str, Any]:
    """A file of a run."""
    return {
        "path": artifact.path,
        "size": artifact.size,
        "sha256": artifact.sha256 or None,
        "content_type": artifact.content_type,
        "is_log": artifact.is_log,
        "updated_at": moment(artifact.updated_at),
    }


def event_shape(event: RunEvent) -> dict[str, Any]:
    """One line of a run's history."""
    return {
        "id": event.pk,
        "kind": event.kind,
        "by": event.by.username if event.by else None,
        "at": moment(event.at),
        "details": event.details,
    }

"""Submitting a script to an attached compute target: its sources go to the studio, whose worker hands it over."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.compute import UNKNOWN
from studio.client.errors import ComputeTargetException, ServiceException, StudioException
from studio.client.http import segment
from studio.client.snapshot import take

if TYPE_CHECKING:
    from studio.client.workspace import Workspace

NOT_QUEUED = "The run was not submitted: its sources did not reach the studio. {}"


def made_for_target(
    workspace: "Workspace", path: str, fields: dict[str, Any], *, key: str, target: str
) -> dict[str, Any]:
    """Make the run. Raises ComputeTargetException when the workspace has no such target."""
    try:
        found: dict[str, Any] = workspace.client.post(path, {**fields, "compute_target": target}, key=key)
    except ServiceException as refusal:
        if refusal.field == "compute_target":
            raise ComputeTargetException(UNKNOWN.format(target, workspace.name)) from refusal
        raise
    return found


def queue_with_sources(workspace: "Workspace", run_id: str, source: Path) -> dict[str, Any]:
    """Send the folder, then let the run begin. A run whose sources cannot be sent ends as Failed, and it is raised."""
    client, path = workspace.client, f"runs/{segment(run_id)}/"
    try:
        take(client, run_id, source)
    except StudioException as failure:
        message = NOT_QUEUED.format(failure)
        client.post(f"{path}fail/", {"message": message, "code": "NotStarted"})
        raise
    found: dict[str, Any] = client.post(f"{path}stage/", {"status": "Queued"}, key=f"queue {run_id}"[:200])
    return found

"""Who may read which snapshots, and which bytes somebody need not send again."""

from django.db.models import Exists, OuterRef, QuerySet

from runs.access import Caller, get_workspace_of_run
from runs.access_run_tokens import within_reach
from runs.errors import NotFound
from runs.models import Run, Snapshot, SnapshotBlob, SnapshotFile, SnapshotUpload, Workspace


def get_snapshot(caller: Caller, workspace: Workspace | str, sha256: str) -> Snapshot:
    """The snapshot of this id that a run in use has, within the caller's reach. Raises NotFound."""
    if isinstance(workspace, str):
        workspace = get_workspace_of_run(caller, workspace)
    runs = within_reach(caller.token, Run.objects.filter(workspace=workspace, deleted_at=None))
    rows = Snapshot.objects.filter(Exists(runs.filter(snapshot=OuterRef("pk"))), workspace=workspace)
    found = rows.filter(sha256=sha256.lower()).first() if "\x00" not in sha256 else None
    if found is None:
        raise NotFound(f"There is no snapshot {sha256[:80]!r} in the workspace {workspace.name}.")
    return found


def blobs_for(caller: Caller, run: Run) -> QuerySet[SnapshotBlob]:
    """The bytes that a snapshot of the run may name by their hash alone: those the caller may read, or has sent.

    Whoever knows a hash does not have the file: the workspace of the run decides, and for the token of one run that
    run and those below it.
    """
    rows = SnapshotBlob.objects.filter(workspace=run.workspace_id)
    if caller.token is None or caller.token.run_id is None:
        return rows
    sent = SnapshotUpload.objects.filter(blob=OuterRef("pk"), run=run)
    tree = within_reach(caller.token, Run.objects.filter(workspace=run.workspace))
    read = SnapshotFile.objects.filter(blob=OuterRef("pk"), snapshot__runs__in=tree)
    return rows.filter(Exists(sent) | Exists(read))

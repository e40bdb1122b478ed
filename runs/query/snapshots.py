"""What lies in a snapshot."""

from collections.abc import Iterator

from runs import zip_stream
from runs.models import Run, Snapshot, SnapshotFile


def snapshot_of(run: Run) -> Snapshot | None:
    """The run's snapshot, in one query where it has one."""
    if run.snapshot_id is None:
        return None
    run.snapshot = Snapshot.objects.get(pk=run.snapshot_id)
    return run.snapshot


def files_of(snapshot: Snapshot) -> list[SnapshotFile]:
    """Its files in order of their paths, their bytes read along."""
    return list(SnapshotFile.objects.filter(snapshot=snapshot).select_related("blob").order_by("path"))


def file_of(snapshot: Snapshot, path: str) -> SnapshotFile | None:
    """The file of that path, or None."""
    if "\x00" in path:
        return None
    return SnapshotFile.objects.filter(snapshot=snapshot, path=path).select_related("blob").first()


def zip_of(snapshot: Snapshot) -> Iterator[bytes]:
    """All of it as a zip, in pieces."""
    entries = [
        zip_stream.Entry(file.path, file.blob.key, file.blob.size, file.executable)
        for file in files_of(snapshot)
    ]
    return zip_stream.stream(entries, at=snapshot.created_at)

"""The snapshot of a run: files sent by their hash, then the list that makes them a folder, once for each run.

As with other files the bytes go to the storage outside of the transaction that adds their row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from runs import storage
from runs.actions import events, jobs, organise
from runs.actions.files import Piece, take_piece
from runs.content_type import content_type_of
from runs.errors import Conflict, Invalid, TooLarge
from runs.manifest import (
    CHANGED_FILES,
    SNAPSHOT_BYTES,
    SNAPSHOT_FILES,
    ManifestFile,
    clean_hash,
    clean_manifest,
    digest,
    too_many,
)
from runs.models import Property, Run, Snapshot, SnapshotBlob, SnapshotFile, SnapshotUpload, User
from runs.transaction import write

# The name of the cloud's, which scripts read.
PROPERTY = "ContentSnapshotId"
HAS_ONE = "Cannot take snapshot as the run already has one: {}"
# Bytes that were sent for a snapshot that nobody has finished.
UPLOADS_KEPT = timedelta(days=2)
A_QUERY = 500
DELETED_TOGETHER = 500


def missing_hashes(
    run: Run, hashes: Any, *, readable: QuerySet[SnapshotBlob], unlimited: bool = False
) -> list[str]:
    """Those of the hashes whose bytes have to be sent, in the order given. Changes nothing.

    Raises Conflict when the run has a snapshot, TooLarge for more new files than a snapshot may bring unless
    `unlimited`.
    """
    if not isinstance(hashes, Sequence) or isinstance(hashes, str) or len(hashes) > SNAPSHOT_FILES:
        raise Invalid(f"hashes must be a list of at most {SNAPSHOT_FILES:,} SHA-256 in hex.", field="hashes")
    wanted = list(dict.fromkeys(clean_hash(text, "hashes") for text in hashes))
    if run.snapshot is not None and wanted:
        raise Conflict(HAS_ONE.format(run.snapshot.sha256), snapshot=run.snapshot.sha256)
    known = _found(readable, wanted)
    missing = [sha256 for sha256 in wanted if sha256 not in known]
    _check_count(len(missing), unlimited=unlimited)
    return missing


def put_blob(run: Run, sha256: str, pieces: Iterable[bytes], *, size: int | None = None) -> SnapshotBlob:
    """Keep the bytes of one file for the run's snapshot; sending them twice is no error.

    Raises Invalid when they do not have the SHA-256.
    """
    sha256 = clean_hash(sha256)
    return _keep(run, storage.write(pieces, sha256=sha256, limit=SNAPSHOT_BYTES if size is None else size))


def put_blob_piece(run: Run, sha256: str, piece: Piece) -> SnapshotBlob | int:
    """Take one piece of a large file; returns how many bytes have arrived, or the file once it is whole."""
    sha256 = clean_hash(sha256)
    if piece.total > SNAPSHOT_BYTES:
        raise TooLarge(f"A file of a snapshot has at most {SNAPSHOT_BYTES:,} bytes.")
    found = take_piece(f"snapshot {run.pk}", sha256, piece, sha256=sha256)
    return found if isinstance(found, int) else _keep(run, found)


def _keep(run: Run, stored: storage.Stored) -> SnapshotBlob:
    now = timezone.now()
    fresh = SnapshotBlob(
        workspace_id=run.workspace_id,
        sha256=stored.sha256,
        key=stored.key,
        size=stored.size,
        content_type=content_type_of("", stored.head),
        created_at=now,
    )
    try:
        with write():
            SnapshotBlob.objects.bulk_create([fresh], ignore_conflicts=True)
            rows = SnapshotBlob.objects.select_for_update()
            kept = rows.get(workspace=run.workspace_id, sha256=stored.sha256)
            upload = SnapshotUpload(run=run, blob=kept, at=now)
            SnapshotUpload.objects.bulk_create([upload], ignore_conflicts=True)
    except BaseException:
        storage.delete(stored.key)
        raise
    if kept.key != stored.key:  # the workspace had them already
        storage.delete(stored.key)
    return kept


def take_snapshot(
    run: Run, files: Any, *, by: User, readable: QuerySet[SnapshotBlob], unlimited: bool = False
) -> tuple[Snapshot, bool]:
    """Make the files the run's snapshot; returns it, and whether that was done just now.

    The same list again is no error. Raises Conflict when the run has another one, or, with the `missing` hashes,
    when bytes have to be sent first; Invalid for names that are not safe; TooLarge past a limit.
    """
    wanted = clean_manifest(files)
    sha256 = digest(wanted)
    with write():
        row = Run.objects.select_for_update(of=("self",)).select_related("snapshot").get(pk=run.pk)
        if row.snapshot is not None:
            if row.snapshot.sha256 == sha256:
                return row.snapshot, False
            raise Conflict(HAS_ONE.format(row.snapshot.sha256), snapshot=row.snapshot.sha256)
        blobs = _blobs(wanted, readable)
        _check_count(SnapshotUpload.objects.filter(run=run).count(), unlimited=unlimited)
        run.snapshot = _folder(run, sha256, wanted, blobs)
        run.save(update_fields=["snapshot"])
        SnapshotUpload.objects.filter(run=run).delete()
        _note(run, run.snapshot, by=by)
    return run.snapshot, True


def _note(run: Run, snapshot: Snapshot, *, by: User) -> None:
    """The history, and the property that scripts know; one that somebody wrote by hand stays."""
    if not Property.objects.filter(run=run, name__text=PROPERTY).exists():
        organise.add_properties(run, {PROPERTY: snapshot.sha256}, by=by)
    events.record(
        run, "snapshot taken", by=by, at=timezone.now(), files=snapshot.file_count, size=snapshot.size
    )


def _check_count(count: int, *, unlimited: bool) -> None:
    if count > CHANGED_FILES and not unlimited:
        raise TooLarge(too_many(count))


def _found(rows: QuerySet[SnapshotBlob], hashes: Sequence[str]) -> dict[str, SnapshotBlob]:
    found: dict[str, SnapshotBlob] = {}
    for start in range(0, len(hashes), A_QUERY):
        some = rows.filter(sha256__in=hashes[start : start + A_QUERY])
        found |= {blob.sha256: blob for blob in some}
    return found


def _blobs(wanted: Sequence[ManifestFile], readable: QuerySet[SnapshotBlob]) -> Mapping[str, SnapshotBlob]:
    """The bytes of every file, held so that nobody tidies them away meanwhile."""
    hashes = sorted({file.sha256 for file in wanted})  # in one order: two snapshots never wait for each other
    found = _found(readable.select_for_update().order_by("sha256"), hashes)
    missing = [sha256 for sha256 in hashes if sha256 not in found]
    if missing:
        first = next(file.path for file in wanted if file.sha256 == missing[0])
        raise Conflict(
            f"The bytes of {len(missing):,} files are not here, such as {first!r}. Send them, then the list again.",
            field="files",
            missing=missing,
        )
    for file in wanted:
        if found[file.sha256].size != file.size:
            raise Invalid(
                f"{file.path!r} is said to have {file.size:,} bytes; its content has"
                f" {found[file.sha256].size:,}.",
                field="size",
            )
    return found


def _folder(
    run: Run, sha256: str, wanted: Sequence[ManifestFile], blobs: Mapping[str, SnapshotBlob]
) -> Snapshot:
    rows = Snapshot.objects.select_for_update()
    had = rows.filter(workspace=run.workspace_id, sha256=sha256).first()
    if had is not None:
        return had
    fresh = Snapshot(
        workspace_id=run.workspace_id,
        sha256=sha256,
        size=sum(file.size for file in wanted),
        file_count=len(wanted),
        created_at=timezone.now(),
    )
    # Another run of the same folder may come first: then its row is taken.
    Snapshot.objects.bulk_create([fresh], ignore_conflicts=True)
    snapshot = rows.get(workspace=run.workspace_id, sha256=sha256)
    if not SnapshotFile.objects.filter(snapshot=snapshot).exists():
        SnapshotFile.objects.bulk_create(
            SnapshotFile(
                snapshot=snapshot, path=file.path, blob=blobs[file.sha256], executable=file.executable
            )
            for file in wanted
        )
    return snapshot


def forget_snapshots(now: datetime | None = None) -> int:
    """Delete folders that no run has any more, and bytes that no folder has. Returns how many files went."""
    now = now or timezone.now()
    SnapshotUpload.objects.filter(at__lt=now - UPLOADS_KEPT).delete()
    while _forget_folders():
        pass
    gone = 0
    while some := _forget_blobs():
        gone += some
    return gone


def _forget_folders() -> int:
    unused = ~Exists(Run.objects.filter(snapshot=OuterRef("pk")))
    with write():
        held = _held(Snapshot.objects.filter(unused))
        # Asked again under the lock: a run may have taken it just before.
        gone = [row.pk for row in Snapshot.objects.filter(unused, pk__in=held)]
        SnapshotFile.objects.filter(snapshot__in=gone).delete()
        Snapshot.objects.filter(pk__in=gone).delete()
    return len(gone)


def _forget_blobs() -> int:
    """The rows go, and with them, by a job of the same transaction, their bytes."""
    in_files = SnapshotFile.objects.filter(blob=OuterRef("pk"))
    in_uploads = SnapshotUpload.objects.filter(blob=OuterRef("pk"))
    unused = SnapshotBlob.objects.filter(~Exists(in_files), ~Exists(in_uploads))
    with write():
        gone = list(unused.filter(pk__in=_held(unused)))
        if gone:
            jobs.enqueue_deletion(blob.key for blob in gone)
        SnapshotBlob.objects.filter(pk__in=[blob.pk for blob in gone]).delete()
    return len(gone)


def _held(rows: QuerySet[Any]) -> list[int]:
    """The numbers of some rows that nobody else holds, locked until the transaction ends."""
    locked = rows.select_for_update(skip_locked=True).order_by("pk")
    return list(locked.values_list("pk", flat=True)[:DELETED_TOGETHER])

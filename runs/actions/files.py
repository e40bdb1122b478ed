"""Files of a run: artifacts written whole, logs that grow by chunks.

The bytes go to the storage outside of the transaction that adds their row: a row never points at bytes that are
not there, and bytes without a row are never shown.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from runs import line_index, log_marks, storage
from runs.access import gone
from runs.actions import events, jobs
from runs.actions.presence import hold, hold_owner
from runs.content_type import TEXT, content_type_of
from runs.errors import Conflict, Gone, Invalid, TooLarge
from runs.limits import LOG_CHUNK_BYTES, clean_integer, clean_path
from runs.log_marks import PRINTED, Mark
from runs.models import Artifact, LoggedModel, Run, User
from runs.models.artifact import files_below, files_of, owned_by
from runs.transaction import write

Owner = Run | LoggedModel


@dataclass(frozen=True)
class Put:
    """A stored file, and whether its path is new in the run."""

    artifact: Artifact
    is_new: bool


def put_file(
    owner: Owner,
    path: str,
    pieces: Iterable[bytes],
    *,
    by: User,
    sha256: str | None = None,
    limit: int | None = None,
) -> Put:
    """Keep the bytes under the path, whole or not at all; an earlier file of that path is replaced.

    The file is a run's, or that of a model that was logged without one.

    Raises Invalid for a bad path or when the bytes do not have the announced SHA-256; Conflict as `check_place`.
    """
    path = clean_path(path)
    return _put(owner, path, storage.write(pieces, sha256=sha256, limit=limit), by=by)


@dataclass(frozen=True)
class Piece:
    """Bytes of a file of `total` bytes from `start` on; without pieces only the question how much is there."""

    start: int
    total: int
    pieces: Iterable[bytes] = ()


def put_piece(run: Run, path: str, piece: Piece, *, by: User, sha256: str) -> Put | int:
    """Take one piece of a large file; returns how many bytes have arrived, or the file once it is whole.

    A piece that is cut short keeps what came. Raises Conflict with the bytes `received` so far for a piece that
    does not follow on them, Invalid when the whole file does not have the announced SHA-256.
    """
    path = clean_path(path)
    stored = take_piece(str(run.pk), path, piece, sha256=sha256)
    return stored if isinstance(stored, int) else _put(run, path, stored, by=by)


def take_piece(owner: str, path: str, piece: Piece, *, sha256: str) -> storage.Stored | int:
    """Keep one piece under what tells this upload from others; how much has arrived, or the stored file once whole.

    Raises as `put_piece` does.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise Invalid("A file in pieces needs its SHA-256 in 64 hex characters.", field="X-Content-SHA256")
    name = hashlib.sha256(f"{owner} {path} {sha256.lower()} {piece.total}".encode()).hexdigest()[:32]
    with storage.partial_upload(name) as partial:
        received = partial.size
        if piece.pieces and piece.start != received:
            raise Conflict(
                f"{received:,} bytes of {path} have arrived; send from there on.",
                field="Content-Range",
                received=received,
            )
        partial.append(piece.pieces, limit=piece.total)
        if partial.size < piece.total:
            return partial.size
        return partial.finish(sha256)


def _put(owner: Owner, path: str, stored: storage.Stored, *, by: User) -> Put:
    now = timezone.now()
    old_key = None
    kind = content_type_of(path, stored.head)
    if kind == TEXT:
        line_index.extend(stored.key, stored.size)
    try:
        with write():
            hold_owner(owner)
            row = files_of(owner).select_for_update().filter(path=path).first()
            is_new = row is None
            if row is None:
                check_place(owner, path)
                row = Artifact(**owned_by(owner), path=path, created_at=now)
            else:
                old_key = row.key
            row.key, row.size, row.sha256, row.is_log = stored.key, stored.size, stored.sha256, False
            row.content_type, row.updated_at = kind, now
            row.save()
            if isinstance(owner, Run):
                events.record(owner, "file uploaded", by=by, at=now, path=path, size=stored.size)
    except BaseException:
        storage.delete(stored.key)
        raise
    if old_key is not None:
        storage.delete(old_key)
    return Put(row, is_new)


def check_place(owner: Owner, path: str) -> None:
    """Raise Conflict where a new file of that path would be a file and a folder of one name, as no disk holds them."""
    files = files_of(owner)
    what = "run" if isinstance(owner, Run) else "model"
    parts = path.split("/")
    above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
    if file := files.filter(path__in=above).order_by("path").values_list("path", flat=True).first():
        raise Conflict(
            f"{file} is a file of this {what}, so it cannot be the folder of {path}; choose another path.",
            field="path",
        )
    # What begins with the path sorts behind it in every collation: of files that come in their order none is read.
    below = files.filter(path__gt=path, path__startswith=f"{path}/")
    if inside := below.order_by("path").values_list("path", flat=True).first():
        raise Conflict(
            f"{path} is a folder of this {what}, which holds {inside}; choose another path for the file.",
            field="path",
        )


def delete_files(owner: Owner, path: str, *, by: User) -> int:
    """Delete the file of that path, or all files of that folder; returns how many. None there is not an error.

    A log stays, whatever is asked: what a script printed is part of what happened. The bytes go by a job that is
    queued in the same transaction.
    """
    path = clean_path(path)
    now = timezone.now()
    with write():
        hold_owner(owner)
        named, below = files_of(owner).filter(path=path), files_below(owner, path)
        found = [*named.filter(is_log=False), *below.filter(is_log=False)]
        if found:
            delete_rows(found)
            if isinstance(owner, Run):
                events.record(owner, "files deleted", by=by, at=now, path=path, count=len(found))
    return len(found)


def delete_rows(files: Sequence[Artifact]) -> None:
    """Delete these files, inside a transaction; their bytes go by a job."""
    Artifact.objects.filter(pk__in=[file.pk for file in files]).delete()
    jobs.enqueue_deletion(file.key for file in files)


def append_log(run: Run, path: str, offset: int, chunk: bytes, *, marks: str = "") -> Artifact:
    """Write the chunk at the offset of a log that grows; bytes already there are not written twice.

    `marks` say when its parts were printed and by which stream (runs/log_marks.py); without them it was printed now.
    Raises Conflict with the present `size` for a chunk that would leave a gap, or for a path that is no log.
    """
    path = clean_path(path)
    if clean_integer(offset, "offset") < 0:
        raise Invalid("The offset must not be negative.", field="offset")
    if len(chunk) > LOG_CHUNK_BYTES:
        raise TooLarge(f"A chunk of a log may have {LOG_CHUNK_BYTES:,} bytes; this one has {len(chunk):,}.")
    parts = log_marks.parse(marks, offset, len(chunk))
    row = _log(run, path)
    with storage.locked(row.key):
        size = Artifact.objects.values_list("size", flat=True).filter(pk=row.pk, run__deleted_at=None).first()
        if size is None:
            raise _gone(run, row)
        if offset > size:
            raise Conflict(
                f"The log {path} has {size:,} bytes; a chunk at {offset:,} would leave a gap. Send from {size:,} on.",
                field="offset",
                size=size,
            )
        fresh = chunk[size - offset :]
        row.size = size
        if fresh:
            storage.write_at(row.key, size, fresh)
            row.size = size + len(fresh)
            now = timezone.now()
            log_marks.add(row.key, size, parts or [Mark(row.size, int(now.timestamp() * 1000), PRINTED)])
            # Guarded: whoever holds the file's lock elsewhere (another machine's share) must not be overwritten.
            if not Artifact.objects.filter(pk=row.pk, size=size).update(size=row.size, updated_at=now):
                if not Artifact.objects.filter(pk=row.pk).exists():
                    raise _gone(run, row)
                raise Conflict(
                    f"Another process writes the log {path} at the same time.", field="offset", size=size
                )
            line_index.extend(row.key, row.size)
    return row


def _gone(run: Run, row: Artifact) -> Gone:
    """The run was deleted meanwhile; bytes of a row that is no more would never be found again."""
    if not Artifact.objects.filter(pk=row.pk).exists():
        storage.delete(row.key)
    return gone(run)


def _log(run: Run, path: str) -> Artifact:
    row = Artifact.objects.filter(run=run, path=path).first()
    if row is None:
        now = timezone.now()
        new = Artifact(
            run=run,
            path=path,
            key=storage.new_key(),
            is_log=True,
            content_type="text/plain",
            created_at=now,
            updated_at=now,
        )
        with write():
            hold(run)
            check_place(run, path)
            Artifact.objects.bulk_create([new], ignore_conflicts=True)
        row = Artifact.objects.get(run=run, path=path)
    if not row.is_log:
        raise Conflict(f"{path} is an uploaded file, not a log that grows.", field="path")
    return row

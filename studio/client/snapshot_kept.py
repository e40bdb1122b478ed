"""A snapshot for a studio that is away: the sources as they are now wait beside the journal, as a zip."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from studio.client.errors import ServiceException, SnapshotException, StudioException
from studio.client.folder import Folder, Source, read_folder
from studio.client.http import Client
from studio.client.operation import Operation, run_path
from studio.client.snapshot import Snapshot
from studio.client.unpack import unpack


def keep(
    run_id: str, root: Path, archive: Path, *, goes_on: Callable[[], bool]
) -> tuple[Operation, list[tuple[str, str]]]:
    """Write the sources below `root` into the zip; return the call that sends it, and the files left out, with reasons.

    Raises SnapshotException as `read_folder` does, when there is nothing to keep, and when it is not to go on.
    """
    folder = read_folder(root)
    try:
        left_out = folder.left_out + _write(folder.files, archive, goes_on)
        if len(left_out) - len(folder.left_out) == len(folder.files):
            raise SnapshotException("The folder holds no file that a snapshot could keep.")
    except BaseException:
        archive.unlink(missing_ok=True)
        raise
    return Operation(run_id, "snapshot", "POST", run_path(run_id, "snapshot/"), file=str(archive)), left_out


def _write(files: list[Source], archive: Path, goes_on: Callable[[], bool]) -> list[tuple[str, str]]:
    left_out = []
    with zipfile.ZipFile(
        archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
    ) as entries:
        for source in files:
            if not goes_on():
                raise SnapshotException("The program ended before the snapshot was complete.")
            try:
                entries.write(source.place, source.path)
            except OSError as failure:
                left_out.append((source.path, failure.strerror or "cannot be read"))
    return left_out


def send_kept(client: Client, run_id: str, archive: Path, *, on_block: Callable[[], None]) -> None:
    """Take the run's snapshot from the zip; `on_block` is called between the files.

    Raises ServiceException when the studio will not have it or the zip is broken, UnreachableException when the studio
    does not answer.
    """
    from tempfile import TemporaryDirectory

    def goes_on() -> bool:
        on_block()
        return True

    with TemporaryDirectory(prefix="run-studio-") as name:
        try:
            folder = Folder([_source(path, Path(name)) for path in unpack(archive, Path(name))])
            Snapshot(client, run_id, goes_on=goes_on).send(folder)
        except ServiceException:
            raise
        except (StudioException, zipfile.BadZipFile, OSError) as failure:
            raise ServiceException(f"The snapshot cannot be sent: {failure}", status_code=400) from failure


def _source(path: str, root: Path) -> Source:
    place = root / path
    status = place.stat()
    return Source(path, place, status.st_size, status.st_mtime_ns, bool(status.st_mode & 0o100))

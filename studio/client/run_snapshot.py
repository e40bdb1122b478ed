"""The snapshot of a run: taken, named and given back."""

from pathlib import Path
from typing import TYPE_CHECKING

from studio.client import snapshot
from studio.client.errors import ServiceException, SnapshotException, UnreachableException
from studio.client.http import segment
from studio.client.record import READ_FLUSH_S, RunRecord
from studio.client.transfer import fetch

if TYPE_CHECKING:
    from studio.client.beginnings import Beginning


class RunSnapshot(RunRecord):
    """The part of a run that holds its sources."""

    _beginning: "Beginning | None" = None

    def _note_sources(self, folder: str | Path | None) -> None:
        """Begin to note git's facts and the snapshot of this folder, beside the training."""
        from studio.client.beginnings import Beginning

        self._beginning = Beginning(self, folder)  # type: ignore[arg-type]  # the run that this is a part of

    def _finish_sources(self, wait_s: float) -> None:
        """Before the run ends, or the snapshot is asked for: what was begun should be there."""
        if self._beginning is not None:
            self._beginning.finish(wait_s)
            self._beginning = None

    def take_snapshot(self, file_or_folder_path: str | Path) -> str:
        """Keep a folder of sources, or one file, with the run, and return the snapshot's id. A run has one.

        A file `.amlignore`, or else `.gitignore`, in any of its folders says what is left out. Only files that the
        studio does not know are sent. Raises SnapshotException: when the run has another snapshot, past 300 MB or
        2,000 new files (then it names the largest), or for a name that is not safe on every system.
        """
        self._finish_sources(READ_FLUSH_S * 6)
        self._recorder.settle(READ_FLUSH_S)
        taken = snapshot.take(self._client, self._id, Path(file_or_folder_path))
        self._found = {}
        return taken

    def get_snapshot_id(self) -> str | None:
        """Return the id of the run's snapshot, or None when it has none."""
        self._finish_sources(READ_FLUSH_S * 6)
        self._recorder.settle(READ_FLUSH_S)
        try:
            return str(self._client.get(self._path("snapshot/"))["id"])
        except UnreachableException:
            raise
        except ServiceException as refusal:
            if refusal.status_code == 404:
                return None
            raise

    def restore_snapshot(self, snapshot_id: str | None = None, path: str | Path | None = None) -> str:
        """Download a snapshot, the run's own by default, as `<path>/<snapshot_id>.zip`; return the absolute path.

        Without `path` it goes into the folder of temporary files. Raises SnapshotException when there is none.
        """
        wanted = snapshot_id or self.get_snapshot_id()
        if wanted is None:
            raise SnapshotException(snapshot.NONE_TAKEN.format(self._id))
        from tempfile import gettempdir
        from uuid import uuid4

        folder = Path(path) if path is not None else Path(gettempdir())
        folder.mkdir(parents=True, exist_ok=True)
        target = folder.absolute() / f"{Path(wanted).name}.zip"
        part = target.with_name(f".{uuid4().hex}.part")
        workspace = segment(self._experiment.workspace.name)
        address = f"workspaces/{workspace}/snapshots/{segment(wanted)}/zip/"
        try:
            if not fetch(self._client, address, part, name=target.name):
                raise SnapshotException(f"There is no snapshot {wanted} in this workspace.")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return str(target)

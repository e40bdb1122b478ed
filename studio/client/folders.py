"""The folders of a program that belong to its run: `logs` is sent while it goes on, `outputs` when it ends."""

from pathlib import Path
from typing import TYPE_CHECKING

from studio.client.errors import StudioException
from studio.client.notices import warn
from studio.client.tree import LOGS, LogFolder, stamps_below

if TYPE_CHECKING:
    from studio.client.run import Run

OUTPUTS = "outputs"


class Folders:
    """What a run keeps of the working folder of its program."""

    def __init__(self, run: "Run", folder: Path) -> None:
        self._run = run
        self.folder = folder
        self._is_made = _make(folder)
        self._before = stamps_below(folder)
        self._logs = LogFolder(run.id, folder.parent / LOGS)
        run._recorder.watch(self._logs)

    @classmethod
    def of(cls, run: "Run", outputs: str | bool | None) -> "Folders | None":
        """Return the folders that a new run looks after; None where it is to have none.

        Of several open runs of one program the first has the folder.
        """
        from studio.client.process import open_runs

        if outputs is False:
            return None
        folder = (Path.cwd() / (outputs if isinstance(outputs, str) else OUTPUTS)).absolute()
        taken = any(other._folders is not None and other._folders.folder == folder for other in open_runs())
        return None if taken else cls(run, folder)

    def finish(self) -> None:
        """Send the rest of the logs and every file of `outputs` that is new or has changed. Never raises."""
        self._run._recorder.unwatch(self._logs)
        for name, stamp in stamps_below(self.folder).items():
            if self._before.get(name) != stamp:
                self._upload(name)
        if self._is_made:
            try:
                self.folder.rmdir()  # only where nothing was written to it
            except OSError:
                pass

    def _upload(self, name: str) -> None:
        try:
            self._run.upload_file(f"{self.folder.name}/{name}", self.folder / name)
        except (StudioException, OSError) as problem:
            warn(f"{self.folder.name}/{name} was not uploaded: {problem}")


def _make(folder: Path) -> bool:
    """Scripts write to `outputs` without making it, as the cloud makes it for them."""
    if folder.exists():
        return False
    try:
        folder.mkdir(parents=True)
    except OSError:
        return False
    return True

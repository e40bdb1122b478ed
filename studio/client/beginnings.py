"""What a run notes of its sources when it begins: git's facts and the snapshot. In a thread; the training goes on."""

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from studio.client.errors import SnapshotException, StudioException
from studio.client.git import DIFF_NAME, git_diff, git_dirty
from studio.client.notices import warn
from studio.client.snapshot import take, told

if TYPE_CHECKING:
    from studio.client.http import Client
    from studio.client.run import Run

FAILED = (
    "Failed to take a snapshot of {}. Pass snapshot_directory=None to start_logging to skip taking a snapshot of the"
    " given directory."
)
CREATED_S = 60.0
# Names the run whose sources are run again.
ORIGIN = "resubmitted from"


class Beginning:
    """The notes of one run. Whatever goes wrong is told in a line and never raised into the training."""

    def __init__(self, run: "Run", folder: str | Path | None) -> None:
        self._run = run
        self._folder = None if folder is None else Path(folder).absolute()
        self._is_unwanted = False
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._work, name="run-studio snapshot", daemon=True)
        self._thread.start()

    def finish(self, wait_s: float) -> None:
        """Wait until it is done; after so many seconds give up what is not."""
        if self._process == os.getpid() and self._thread.is_alive():
            # Offline the disk alone is waited for.
            is_away = self._run._recorder.courier.is_away and not self._run._client.offline
            self._thread.join(2.0 if is_away else wait_s)
            self._is_unwanted = True
            self._thread.join(2.0)

    def _work(self) -> None:
        for step in (self._git, self._snapshot):
            try:
                step()
            except Exception as failure:  # a mistake of ours must not end the training
                warn(
                    f"What the sources of the run are could not be noted ({type(failure).__name__}: {failure})."
                )

    def _git(self) -> None:
        folder = sources_folder(self._folder)
        dirty = git_dirty(folder)
        if dirty:
            self._run.add_properties_later(dirty)
            if difference := git_diff(folder):
                self._run._upload_later(DIFF_NAME, difference)

    def _snapshot(self) -> None:
        if self._folder is None or os.environ.get("STUDIO_SNAPSHOT", "").lower() in (
            "off",
            "0",
            "no",
            "false",
        ):
            return
        reason = _unwise(self._folder)
        try:
            if reason:
                raise SnapshotException(reason)
            run = self._run
            if not self._is_awaited():
                self._keep(self._folder)
            elif run.id not in run._recorder.courier.refused_runs:
                take(run._client.twin(), run.id, self._folder, goes_on=self._goes_on)
        except StudioException as failure:
            warn(f"{FAILED.format(self._folder)} {failure}")

    def _is_awaited(self) -> bool:
        """Wait for the studio to know the run, or to refuse it; False for one that is away."""
        until = time.monotonic() + CREATED_S
        courier = self._run._recorder.courier
        while self._run.id in courier.uncreated or courier.is_away:
            if courier.is_away or time.monotonic() > until or self._is_unwanted:
                return False
            time.sleep(0.05)
        return True

    def _keep(self, folder: Path) -> None:
        """Leave the sources, as they are now, to the journal."""
        from studio.client.snapshot_kept import keep  # seldom, and zipfile takes its time

        run = self._run
        kept, left_out = keep(run.id, folder, run._place(), goes_on=self._goes_on)
        run._recorder.submit(kept)
        if left_out:
            warn(f"The snapshot leaves out {told(left_out)}.")

    def _goes_on(self) -> bool:
        return not self._is_unwanted


def is_wanted() -> bool:
    """Whether runs keep their sources by themselves: not with STUDIO_SNAPSHOT=off."""
    return os.environ.get("STUDIO_SNAPSHOT", "").lower() not in ("off", "0", "no", "false")


def keep_sources(client: "Client", run_id: str, folder: Path) -> None:
    """Take the snapshot of a script that is being submitted, now; a failure is told and the script runs."""
    if is_wanted():
        try:
            take(client, run_id, folder)
        except StudioException as failure:
            warn(f"The run {run_id} has no snapshot of its sources: {failure}")


def origin() -> dict[str, str]:
    """The property that names the run which this program runs again, where the environment tells."""
    resubmitted = os.environ.get("STUDIO_RESUBMITTED_FROM", "").strip()
    return {ORIGIN: resubmitted} if resubmitted else {}


def sources_folder(folder: str | Path | None) -> Path:
    """The folder that git is asked about: that of the snapshot, or the working folder."""
    return Path(folder) if folder is not None and Path(folder).is_dir() else Path.cwd()


def _unwise(folder: Path) -> str:
    """A home folder holds what no program is made of, keys among it: only `run.take_snapshot` takes one."""
    real = folder.resolve()
    if real in (Path.home().resolve(), Path(real.anchor)):
        return f"{real} is no folder of one program; start in the program's folder, or name it."
    return ""

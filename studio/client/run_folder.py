"""Where submitted scripts run on this machine: a folder for each run, and those of ended runs are cleared away."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from studio.client.errors import ExperimentExecutionException

# A folder that nobody holds and that has lain so long belongs to a supervisor that is no more.
LEFT_FOR_S = 24 * 3600.0
RUNS_FOLDER = "STUDIO_RUNS_FOLDER"
CODE, LOCK, LOG, ERROR = "code", ".held", "supervisor.log", "error.json"


def runs_folder() -> Path:
    """Return the folder in which submitted scripts run, readable by this user alone: STUDIO_RUNS_FOLDER names one."""
    from tempfile import gettempdir

    named = os.environ.get(RUNS_FOLDER)
    folder = Path(named).absolute() if named else Path(gettempdir()) / f"studio_runs_{os.getuid()}"
    folder.mkdir(mode=0o700, parents=bool(named), exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or folder.is_symlink():
        raise ExperimentExecutionException(
            f"{folder} belongs to somebody else; set {RUNS_FOLDER} to another folder."
        )
    folder.chmod(0o700)
    return folder


def folder_of(run_id: str) -> Path:
    """Return the folder of a run on this machine, which need not exist. A run id never leads elsewhere."""
    if run_id in ("", ".", "..") or "/" in run_id or "\0" in run_id:
        raise ExperimentExecutionException(f"{run_id!r} is no id of a run.")
    return runs_folder() / run_id


@contextmanager
def holding(folder: Path) -> Iterator[bool]:
    """Hold the run's folder, made where it is missing. Yields False when another supervisor has it: let it be."""
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        yield False
        return
    try:
        yield True
    finally:
        os.close(lock)


def clear_old_folders() -> None:
    """Remove the folders of supervisors that were killed, a day later. Never raises."""
    try:
        folders = [place for place in runs_folder().iterdir() if place.is_dir() and not place.is_symlink()]
    except (OSError, ExperimentExecutionException):
        return
    for folder in folders:
        try:
            if time.time() - folder.stat().st_mtime < LEFT_FOR_S:
                continue
            with holding(folder) as is_ours:
                if is_ours:
                    rmtree(folder, ignore_errors=True)
        except OSError:  # another process is at it
            continue

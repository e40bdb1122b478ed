"""Where journals lie, and the locks that tell whose they are."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from studio.client.address import state_folder

OWNER, GUEST = ".lock", ".guest"


def spool_folder() -> Path | None:
    """Return the folder of journals, made private; a temporary one when the home folder cannot be written."""
    from tempfile import gettempdir

    spare = Path(gettempdir()) / f"run-studio-{os.getuid()}"
    for folder in (state_folder() / "spool", spare):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            found = folder.stat()
            if found.st_uid == os.getuid() and os.access(folder, os.W_OK):
                folder.chmod(0o700)
                return folder
        except OSError:
            continue
    return None


def journals() -> Iterator[Path]:
    """Yield the journals of this machine, oldest first."""
    folder = spool_folder()
    if folder is None:
        return
    found = [path for path in folder.glob("*.spool") if path.name.startswith(f"{host_name()}.")]
    yield from sorted(found, key=_changed_at)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # sent and removed by another process in between
        return 0.0


def journals_of_other_machines() -> int:
    """Return how many journals other machines wrote here; only they can tell if those are done."""
    folder = spool_folder()
    if folder is None:
        return 0
    return sum(not path.name.startswith(f"{host_name()}.") for path in folder.glob("*.spool"))


def host_name() -> str:
    """Return the name of this machine, as part of a file's name."""
    return os.uname().nodename.replace(".", "-") or "localhost"


def lock_file(path: Path, whose: str) -> Path:
    """Return the file that is locked beside a journal, by its owner or by a guest."""
    return path.with_suffix(whose)


def try_lock(path: Path, whose: str) -> int | None:
    """Lock the journal for this process and return the lock's descriptor, or None when somebody holds it."""
    lock_fd = os.open(lock_file(path, whose), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock_fd)
        return None
    return lock_fd

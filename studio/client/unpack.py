"""Unpacks the zip of a snapshot into a folder: nothing lands outside of it, nothing is overwritten unasked."""

import zipfile
from pathlib import Path

from studio.client.errors import SnapshotException
from studio.client.files import inside
from studio.client.transfer import BLOCK_BYTES


def unpack(archive: str | Path, folder: Path, *, overwrite: bool = False) -> list[str]:
    """Write the files of the zip below the folder; return their paths there, in order.

    Raises SnapshotException when the folder is not empty, unless `overwrite`; UserErrorException for a name that
    leads out of it, before anything is written.
    """
    if folder.exists() and not folder.is_dir():
        raise SnapshotException(f"{folder} exists and is not a folder.")
    if not overwrite and folder.is_dir() and any(folder.iterdir()):
        raise SnapshotException(
            f"{folder} is not empty: name another folder, or add --overwrite to write into it."
        )
    with zipfile.ZipFile(archive) as files:
        entries = [entry for entry in files.infolist() if not entry.is_dir()]
        places = [(entry, inside(folder, entry.filename)) for entry in entries]
        for entry, place in places:
            _write(files, entry, place)
    return sorted(entry.filename for entry in entries)


def _write(files: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink():  # one that lies there must not be written through
        place.unlink()
    with files.open(entry) as source, place.open("wb") as target:
        while block := source.read(BLOCK_BYTES):
            target.write(block)
    place.chmod(0o755 if (entry.external_attr >> 16) & 0o100 else 0o644)

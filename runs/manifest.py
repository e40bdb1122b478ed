"""The list of files of a snapshot: its limits, and the names that it refuses. Knows no database."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.errors import Invalid, TooLarge
from runs.limits import MIB, clean_integer, clean_path

SNAPSHOT_BYTES = 300 * MIB
# Files that are new to the workspace; the cloud's limit, and as there it can be lifted.
CHANGED_FILES = 2000
SNAPSHOT_FILES = 20_000
MOST_FOLDERS = 50
NAME_BYTES = 255
MOST_NAMED = 5
MODES = {"100644": False, "100755": True}
IGNORING = "Name what is not needed in a file .amlignore, which has the syntax of .gitignore."

_HASH = re.compile(r"[0-9a-f]{64}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, order=True)
class ManifestFile:
    """A file of a snapshot, by its path in the folder."""

    path: str
    size: int
    sha256: str
    executable: bool = False


def clean_manifest(entries: Any) -> list[ManifestFile]:
    """The files in order of their paths. Raises Invalid for a name that is not safe everywhere, or is there twice,
    TooLarge past a limit."""
    if not isinstance(entries, Sequence) or isinstance(entries, str | bytes):
        raise Invalid("files must be a list of files.", field="files")
    if len(entries) > SNAPSHOT_FILES:
        raise TooLarge(
            f"A snapshot holds at most {SNAPSHOT_FILES:,} files; this one has {len(entries):,}. {IGNORING}"
        )
    files = sorted(_file(entry) for entry in entries)
    if not files:
        raise Invalid("A snapshot holds at least one file; this folder has none to keep.", field="files")
    _check_clashes(files)
    total = sum(file.size for file in files)
    if total > SNAPSHOT_BYTES:
        raise TooLarge(too_large(total, ((file.size, file.path) for file in files)))
    return files


def digest(files: Iterable[ManifestFile]) -> str:
    """The id of a snapshot of these files: the same folder always has the same."""
    lines = (f"{'100755' if f.executable else '100644'} {f.sha256} {f.size} {f.path}\n" for f in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def clean_hash(text: Any, field: str = "sha256") -> str:
    """A SHA-256 in hex, in small letters."""
    if not isinstance(text, str) or not _HASH.fullmatch(text.lower()):
        raise Invalid("A file is known by its SHA-256 in 64 hex characters.", field=field)
    return text.lower()


def clean_snapshot_path(text: Any) -> str:
    """A path that names the same place in every folder of every system, or Invalid."""
    path: str = clean_path(text, "The path")
    parts = path.split("/")
    if len(parts) > MOST_FOLDERS:
        raise Invalid(f"The path {_short(path)} lies more than {MOST_FOLDERS} folders deep.", field="path")
    if _DRIVE.match(path):
        raise Invalid(
            f"The path {_short(path)} begins like a drive; give it within its folder.", field="path"
        )
    for part in parts:
        _check_name(part, path)
    return path


def too_large(total: int, sizes: Iterable[tuple[int, str]]) -> str:
    """The cloud's sentence, and which files are to blame."""
    largest = sorted(sizes, reverse=True)[:MOST_NAMED]
    named = ", ".join(f"{path} ({size / MIB:.1f} MB)" for size, path in largest)
    return (
        f"Your total snapshot size exceeds the limit of {SNAPSHOT_BYTES / MIB:.1f} MB. It has {total / MIB:.1f} MB;"
        f" the largest files are {named}. {IGNORING}"
    )


def too_many(count: int) -> str:
    """What is said of more new files than one snapshot may bring."""
    return (
        f"The snapshot brings {count:,} new files; at most {CHANGED_FILES:,} are taken at once. {IGNORING} Or set"
        " STUDIO_SNAPSHOT_NO_FILE_LIMIT=1 to send them all the same."
    )


def _file(entry: Any) -> ManifestFile:
    if not isinstance(entry, Mapping):
        raise Invalid("Each file is an object with path, size, mode and sha256.", field="files")
    path = clean_snapshot_path(entry.get("path"))
    size = clean_integer(entry.get("size"), f"The size of {_short(path)}")
    if size < 0:
        raise Invalid(f"The size of {_short(path)} must not be negative.", field="size")
    mode = entry.get("mode", "100644")
    if not isinstance(mode, str) or mode not in MODES:
        links = " Links are not kept: send the file itself, or leave it out." if mode == "120000" else ""
        raise Invalid(
            f"The mode of {_short(path)} must be 100644 or 100755, for a program.{links}", field="mode"
        )
    return ManifestFile(path, size, clean_hash(entry.get("sha256")), MODES[mode])


def _check_name(part: str, path: str) -> None:
    if len(part.encode()) > NAME_BYTES:
        raise Invalid(f"A name in {_short(path)} has more than {NAME_BYTES} bytes.", field="path")
    if _RESERVED.fullmatch(part):
        raise Invalid(
            f"The name {part!r} in {_short(path)} means a device on some systems; rename the file or ignore it.",
            field="path",
        )
    if part != part.rstrip(". "):
        raise Invalid(
            f"The name {_short(part)} in {_short(path)} ends with a dot or space, which not every system can keep.",
            field="path",
        )


def _check_clashes(files: Sequence[ManifestFile]) -> None:
    """Two paths that one folder cannot hold together: equal, equal but for capitals, or a file that is a folder."""
    seen: dict[str, str] = {}
    for file in files:
        folded = file.path.casefold()
        if folded in seen:
            other = seen[folded]
            words = "twice" if other == file.path else f"and {_short(other)}, which differ only in capitals"
            raise Invalid(f"The snapshot holds {_short(file.path)} {words}.", field="path")
        seen[folded] = file.path
    for file in files:
        folder = file.path.casefold()
        while folder := folder.rpartition("/")[0]:
            if folder in seen:
                raise Invalid(f"{_short(seen[folder])} cannot be a file and a folder.", field="path")


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else f"{text[:119]}…")

"""A folder of sources as a snapshot takes it: which files, how large, and whether it is too much. Reads no content."""

import heapq
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from studio.client.errors import SnapshotException
from studio.client.ignore import ALWAYS, DEFAULTS, NAMES, Rule, is_ignored, read_rules

MIB = 1024 * 1024
SNAPSHOT_BYTES = 300 * MIB
SNAPSHOT_FILES = 20_000
# A home folder may hold millions: what is left out costs time, too.
MOST_ENTRIES = 200_000
# Once it is too much: how long to go on looking for the largest files.
BLAMING_S = 0.5
LONGEST_S = 10.0
MOST_NAMED = 5
ADVICE = "Name what is not needed in a file .amlignore, which has the syntax of .gitignore."


@dataclass(frozen=True)
class Source:
    """A file to take: its path inside the folder, where it lies, and how it was when it was seen."""

    path: str
    place: Path
    size: int
    mtime_ns: int
    executable: bool


@dataclass
class Folder:
    """What a walk found. `left_out` are files that could not be taken, with the reason."""

    files: list[Source] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0


def read_folder(root: Path) -> Folder:
    """Return the files below a folder that no ignore file leaves out, in order of their paths; or a single file.

    Raises SnapshotException, naming the largest files, as soon as it is clear that they are too much.
    """
    if root.is_file():
        found = Folder()
        _take(found, root.resolve().parent, root, root.name)
        return found
    if not root.is_dir():
        raise SnapshotException(f"There is no file or folder {root}.")
    return _Walk(root).go()


class _Walk:
    """One walk. Folders that are left out are never opened."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = root.resolve()
        self._found = Folder()
        self._largest: list[tuple[int, str]] = []
        self._seen = 0
        self._until = time.monotonic() + LONGEST_S
        self._excess = False

    def go(self) -> Folder:
        """Walk it all, or as far as it takes to know that it is too much."""
        waiting: list[tuple[str, list[Rule]]] = [("", read_rules(DEFAULTS))]
        while waiting and not self._is_enough():
            base, rules = waiting.pop()
            waiting += self._one(base, rules)
        if self._excess or waiting:
            raise SnapshotException(self._too_much(is_whole=not waiting))
        self._found.files.sort(key=lambda source: source.path)
        return self._found

    def _is_enough(self) -> bool:
        return time.monotonic() > self._until or self._seen > MOST_ENTRIES

    def _one(self, base: str, rules: list[Rule]) -> list[tuple[str, list[Rule]]]:
        """Look at one folder; returns those in it that are to be looked at."""
        try:
            entries = sorted(os.scandir(self._root / base), key=lambda entry: entry.name)
        except OSError as failure:
            self._found.left_out.append((base, failure.strerror or "cannot be read"))
            return []
        rules = rules + self._own_rules(base, {entry.name for entry in entries})
        folders = []
        for entry in entries:
            self._seen += 1
            path = base + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name in ALWAYS or is_ignored(rules, path, is_folder=is_folder):
                continue
            if is_folder:
                folders.append((f"{path}/", rules))
            else:
                self._file(entry, path)
        return folders

    def _own_rules(self, base: str, names: set[str]) -> list[Rule]:
        """The rules of this folder: those of .amlignore where there is one, else of .gitignore."""
        name = next((name for name in NAMES if name in names), None)
        if name is None:
            return []
        try:
            text = (self._root / base / name).read_text(errors="surrogateescape")
        except OSError:
            return []
        return read_rules(text, base)

    def _file(self, entry: "os.DirEntry[str]", path: str) -> None:
        _take(self._found, self._real_root, Path(entry.path), path)
        files = self._found.files
        if files and files[-1].path == path:
            self._largest.append((files[-1].size, path))
            if len(self._largest) > 1000:
                self._largest = heapq.nlargest(MOST_NAMED, self._largest)
        if not self._excess and (self._found.size > SNAPSHOT_BYTES or len(files) > SNAPSHOT_FILES):
            self._excess = True
            self._until = min(self._until, time.monotonic() + BLAMING_S)

    def _too_much(self, *, is_whole: bool) -> str:
        found = self._found
        at_least = "" if is_whole else "at least "
        largest = heapq.nlargest(MOST_NAMED, self._largest)
        named = ", ".join(f"{path} ({size / MIB:.1f} MB)" for size, path in largest)
        if found.size > SNAPSHOT_BYTES:
            return (
                f"Your total snapshot size exceeds the limit of {SNAPSHOT_BYTES / MIB:.1f} MB. It has {at_least}"
                f"{found.size / MIB:.1f} MB; the largest files are {named}. {ADVICE}"
            )
        what = (
            f"{len(found.files):,} files" if len(found.files) > SNAPSHOT_FILES else f"{self._seen:,} entries"
        )
        return (
            f"A snapshot holds at most {SNAPSHOT_FILES:,} files; this folder has {at_least}{what}. {ADVICE}"
        )


def _take(found: Folder, real_root: Path, place: Path, path: str) -> None:
    """Add the file, or the reason why it cannot be taken."""
    try:
        path.encode()
        if place.is_symlink() and not place.resolve(strict=True).is_relative_to(real_root):
            raise ValueError("is a link that leads out of the folder")
        status = place.stat()
    except UnicodeEncodeError:
        found.left_out.append((os.fsencode(path).decode(errors="replace"), "its name is not UTF-8"))
        return
    except ValueError as reason:
        found.left_out.append((path, str(reason)))
        return
    except (OSError, RuntimeError) as failure:
        found.left_out.append((path, getattr(failure, "strerror", None) or "is a link in a circle"))
        return
    why = _unfit(place, path)
    if why:
        found.left_out.append((path, why))
        return
    executable = bool(status.st_mode & 0o100)
    found.files.append(Source(path, place, status.st_size, status.st_mtime_ns, executable))
    found.size += status.st_size


def _unfit(place: Path, path: str) -> str:
    if place.is_dir():
        return "is a link to a folder"
    if not place.is_file():
        return "is no file"
    if "\\" in path or (not path.isprintable() and any(ord(letter) < 32 for letter in path)):
        return "its name holds a backslash or a control character"
    return ""

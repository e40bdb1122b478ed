"""The tree of a snapshot's files, as the tab Snapshot shows it: folders that open in the address, and a search."""

from typing import Any

from runs.content_type import IMAGES
from runs.models import SnapshotFile
from runs.web.address import Address

OPENED_AT_FIRST = 60
MOST_IN_A_FOLDER = 300
MOST_FOUND = 300


def tree_of(files: list[SnapshotFile], address: Address, opened: str) -> dict[str, Any]:
    """The entries of the opened folders, or what the words of `find` are in."""
    find = address.get("find").strip()
    facts: dict[str, Any] = {
        "find": find,
        "find_pairs": list(address.pairs("find")),
        "file_count": len(files),
        "file_size": sum(file.blob.size for file in files),
    }
    if find:
        words = find.casefold()
        found = [file for file in files if words in file.path.casefold()]
        entries = [_file(file, address, opened, name=file.path) for file in found[:MOST_FOUND]]
        hidden = len(found) - len(entries)
        return facts | {"entries": entries, "found": len(found), "hidden_found": max(0, hidden)}
    return facts | {"entries": _Tree(files, address, opened).level("")}


class _Tree:
    """Folders by their paths; those that are open stand in the address once one was opened or closed."""

    def __init__(self, files: list[SnapshotFile], address: Address, opened: str) -> None:
        self._files, self._address, self._opened = files, address, opened
        chosen = address.query.getlist("dir")
        parts = opened.split("/")[:-1]
        within = {"/".join(parts[: n + 1]) for n in range(len(parts))}
        first = _folders(files) if len(files) <= OPENED_AT_FIRST else within
        self._open = {path for path in chosen if path != "."} if chosen else first

    def level(self, folder: str) -> list[dict[str, Any]]:
        """What lies in the folder: its folders, then its files."""
        prefix = f"{folder}/" if folder else ""
        inside = [file for file in self._files if file.path.startswith(prefix)]
        names = sorted(
            {file.path[len(prefix) :].partition("/")[0] for file in inside if "/" in file.path[len(prefix) :]}
        )
        own = [file for file in inside if "/" not in file.path[len(prefix) :]]
        entries = [self._folder(prefix + name, inside) for name in names[:MOST_IN_A_FOLDER]]
        entries += [_file(file, self._address, self._opened) for file in own[:MOST_IN_A_FOLDER]]
        hidden = max(0, len(names) - MOST_IN_A_FOLDER) + max(0, len(own) - MOST_IN_A_FOLDER)
        if hidden:
            entries.append({"kind": "note", "text": f"{hidden:,} more: search for them"})
        return entries

    def _folder(self, path: str, inside: list[SnapshotFile]) -> dict[str, Any]:
        below = [file for file in inside if file.path.startswith(f"{path}/")]
        is_open = path in self._open
        others = sorted(self._open - {path} if is_open else self._open | {path})
        return {
            "kind": "folder",
            "name": path.rpartition("/")[2],
            "path": path,
            "count": len(below),
            "size": sum(file.blob.size for file in below),
            "is_open": is_open,
            "url": self._address.having(dir=others or ["."]),
            "entries": self.level(path) if is_open else [],
        }


def _folders(files: list[SnapshotFile]) -> set[str]:
    found = set()
    for file in files:
        folder = file.path
        while folder := folder.rpartition("/")[0]:
            found.add(folder)
    return found


def _file(file: SnapshotFile, address: Address, opened: str, name: str = "") -> dict[str, Any]:
    return {
        "kind": "file",
        "name": name or file.path.rpartition("/")[2],
        "path": file.path,
        "size": file.blob.size,
        "url": address.having(file=file.path, **{"as": None}),
        "icon": "image" if file.blob.content_type in IMAGES else "file",
        "is_opened": file.path == opened,
    }

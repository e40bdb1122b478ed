"""The tree of the files of a run or of a model, and the tabs of the opened ones, as their pages show them."""

from typing import Any

from runs.content_type import IMAGES
from runs.models import Artifact, LoggedModel, Run
from runs.query import file_tree
from runs.query.file_tree import OPEN_FOLDERS, Folder
from runs.web.address import Address

MOST_TABS = 12
# What belongs to the file that was looked at, and not to the next one.
_OF_ONE_FILE = ("line", "from", "to", "at", "step", "grep", "case", "context", "as", "text")


def tree_facts(owner: Run | LoggedModel, address: Address, opened: Artifact | None) -> dict[str, Any]:
    """The opened folders with what lies in them; what was found, while something is searched for."""
    count, size = file_tree.totals(owner)
    find = address.get("find").strip()
    facts = {
        "find": find,
        "file_count": count,
        "file_size": size,
        "find_pairs": list(address.pairs("find", "after")),
    }
    if find:
        found, many = file_tree.find(owner, find)
        entries = [_file(file, address, opened, name=file.path) for file in found]
        return facts | {"entries": entries, "found": many, "hidden_found": many - len(found)}
    opener = _Tree(owner, address, opened)
    return facts | {"entries": opener.level(""), "is_full": opener.is_full}


class _Tree:
    """Reads the opened folders, from the top down and at most OPEN_FOLDERS of them."""

    def __init__(self, owner: Run | LoggedModel, address: Address, opened: Artifact | None) -> None:
        self.owner, self.address, self.opened = owner, address, opened
        self.chosen = [path for path in address.query.getlist("dir") if "\x00" not in path]
        self.is_chosen = "dir" in address.query
        self.after = address.query.get("after", "")
        self.read = 0
        self.is_full = False

    def level(self, folder: str) -> list[dict[str, Any]]:
        """The entries of a folder: its folders, those that are open with their own entries, and its files."""
        self.read += 1
        after = self.after if "\x00" not in self.after else ""
        found = file_tree.level(self.owner, folder, after=after)
        entries = [self._folder(each) for each in found.folders]
        if found.hidden_folders:
            entries.append(
                {"kind": "note", "text": f"{found.hidden_folders:,} more folders: search for them"}
            )
        prefix = f"{folder}/" if folder else ""
        if after.startswith(prefix) and after and "/" not in after[len(prefix) :]:
            url = self.address.having(after=None)
            entries.append(
                {"kind": "more", "url": url, "text": "The first files again", "key": f"back {folder}"}
            )
        entries += [_file(file, self.address, self.opened) for file in found.files]
        if found.hidden:
            url = self.address.having(after=found.files[-1].path)
            entries.append(
                {"kind": "more", "url": url, "text": f"{found.hidden:,} more files", "key": f"on {folder}"}
            )
        return entries

    def _folder(self, folder: Folder) -> dict[str, Any]:
        is_open = self._is_open(folder)
        if is_open and self.read > OPEN_FOLDERS:
            is_open, self.is_full = False, True
        paths = self._open_paths(folder.path, opens=not is_open)
        return {
            "kind": "folder",
            "name": folder.name,
            "path": folder.path,
            "count": folder.count,
            "size": folder.size,
            "is_open": is_open,
            "url": self.address.having(dir=paths, after=None),
            "entries": self.level(folder.path) if is_open else [],
        }

    def _is_open(self, folder: Folder) -> bool:
        if self.is_chosen:
            return folder.path in self.chosen
        within = self.opened is not None and self.opened.path.startswith(f"{folder.path}/")
        return within or ("/" not in folder.path and folder.count <= 50)

    def _open_paths(self, path: str, *, opens: bool) -> list[str]:
        """The folders of an address that opens or closes this one. A first choice begins with what is open now."""
        if self.is_chosen:
            others = [each for each in self.chosen if each and each != path]
        else:
            top = file_tree.level(self.owner).folders if self._top is None else self._top
            self._top = top
            others = [each.path for each in top if self._is_open(each) and each.path != path]
            parts = self.opened.path.split("/")[:-1] if self.opened else []
            within = ["/".join(parts[: n + 1]) for n in range(len(parts))]
            others += [each for each in within if each not in others and each != path]
        return ([*others, path] if opens else others) or ["."]

    _top: list[Folder] | None = None


def _file(file: Artifact, address: Address, opened: Artifact | None, name: str = "") -> dict[str, Any]:
    return {
        "kind": "file",
        "name": name or file.path.rpartition("/")[2],
        "path": file.path,
        "size": file.size,
        "url": opening(address, file.path, opened.path if opened else None),
        "icon": "image" if file.content_type in IMAGES else "log" if file.is_log else "file",
        "is_opened": opened is not None and file.pk == opened.pk,
    }


def tabs_of(address: Address, opened: str | None) -> list[str]:
    """The paths of the tabs in order; the opened file is always among them."""
    paths = list(dict.fromkeys(path for path in address.query.getlist("tab") if path and "\x00" not in path))
    if opened and opened not in paths:
        paths = [*paths[: MOST_TABS - 1], opened]
    return paths[:MOST_TABS]


def opening(address: Address, path: str, opened: str | None) -> str:
    """The address with this file opened, in a tab of its own beside those that are there."""
    tabs = tabs_of(address, opened)
    if path not in tabs:
        tabs = [*tabs[-MOST_TABS + 1 :], path]
    gone: dict[str, None] = dict.fromkeys(_OF_ONE_FILE)
    return address.having(file=path, tab=tabs if len(tabs) > 1 else None, **gone)


def tab_facts(address: Address, opened: Artifact) -> list[dict[str, Any]]:
    """The tabs: how each is opened and closed. One file alone needs none."""
    tabs = tabs_of(address, opened.path)
    if len(tabs) < 2:
        return []
    return [
        {
            "path": path,
            "name": path.rpartition("/")[2],
            "url": opening(address, path, opened.path),
            "close_url": _closing(address, tabs, path, opened.path),
            "is_opened": path == opened.path,
        }
        for path in tabs
    ]


def _closing(address: Address, tabs: list[str], path: str, opened: str) -> str:
    left = [each for each in tabs if each != path]
    if path != opened:
        return address.having(file=opened, tab=left if len(left) > 1 else None)
    place = tabs.index(path)
    beside = left[min(place, len(left) - 1)]
    gone: dict[str, None] = dict.fromkeys(_OF_ONE_FILE)
    return address.having(file=beside, tab=left if len(left) > 1 else None, **gone)

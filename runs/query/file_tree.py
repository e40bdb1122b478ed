"""The files of a run, or of a model that no run made, as a tree whose folders are read when they are opened.

Also the search among them. A run may have ten thousand files: a page reads a bounded number of rows, whatever there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Sum, Value
from django.db.models.functions import StrIndex, Substr

from runs.models import Artifact, LoggedModel, Run
from runs.models.artifact import files_below, files_of
from runs.query.nodes import Op
from runs.query.text_match import matches

FILES_A_FOLDER = 200
FOLDERS_A_FOLDER = 200
OPEN_FOLDERS = 12
MOST_FOUND = 200


@dataclass(frozen=True)
class Folder:
    """A folder: its path, and how many files of how many bytes lie below it at any depth."""

    path: str
    count: int
    size: int

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Level:
    """What lies in one folder, and how many files and folders more that are not listed."""

    folders: list[Folder]
    files: Sequence[Artifact]
    hidden: int = 0
    hidden_folders: int = 0


def totals(owner: Run | LoggedModel, folder: str = "") -> tuple[int, int]:
    """How many files there are, at any depth of the folder where one is named, and how many bytes."""
    found = files_below(owner, folder).aggregate(n=Count("pk"), s=Sum("size"))
    return found["n"], found["s"] or 0


def level(owner: Run | LoggedModel, folder: str = "", *, after: str = "") -> Level:
    """What lies in the folder, the first files by path; those behind `after` where that is a file of this folder."""
    prefix = f"{folder}/" if folder else ""
    below = files_below(owner, folder)
    rest = Substr("path", len(prefix) + 1)
    parts = below.annotate(cut=StrIndex(rest, Value("/")))
    files = parts.filter(cut=0).order_by("path")
    if after.startswith(prefix) and "/" not in after[len(prefix) :]:
        files = files.filter(path__gt=after)
    page = list(files[: FILES_A_FOLDER + 1])
    hidden = files.count() - FILES_A_FOLDER if len(page) > FILES_A_FOLDER else 0
    name = Substr(rest, 1, F("cut") - 1)
    grouped = (
        parts.filter(cut__gt=0).values(name=name).annotate(n=Count("pk"), s=Sum("size")).order_by("name")
    )
    rows = list(grouped[: FOLDERS_A_FOLDER + 1])
    more = grouped.count() - FOLDERS_A_FOLDER if len(rows) > FOLDERS_A_FOLDER else 0
    folders = [Folder(prefix + row["name"], row["n"], row["s"] or 0) for row in rows[:FOLDERS_A_FOLDER]]
    return Level(folders, page[:FILES_A_FOLDER], hidden, more)


def whole_level(owner: Run | LoggedModel, folder: str = "") -> Level:
    """All that lies in the folder, by name. One that there is not holds nothing, nor does a file."""
    prefix = f"{folder}/" if folder else ""
    files: list[Artifact] = []
    folders: dict[str, list[int]] = {}
    for row in files_below(owner, folder).order_by("path").only("path", "size"):
        name, inner, _ = row.path[len(prefix) :].partition("/")
        if inner:
            folders.setdefault(name, []).append(row.size)
        else:
            files.append(row)
    return Level([Folder(prefix + name, len(sizes), sum(sizes)) for name, sizes in folders.items()], files)


def find(owner: Run | LoggedModel, words: str) -> tuple[list[Artifact], int]:
    """The first files whose path holds the words, in any case of letters, and how many there are."""
    rows = files_of(owner)
    if "\x00" in words:
        return [], 0
    found = rows.filter(matches(F("path"), Op.CONTAINS, words)).order_by("path")
    page = list(found[: MOST_FOUND + 1])
    return page[:MOST_FOUND], found.count() if len(page) > MOST_FOUND else len(page)

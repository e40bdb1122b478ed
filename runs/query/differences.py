"""What two snapshots differ in: files that came, went or changed, and the lines of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

from runs import storage
from runs.content_type import TEXT
from runs.models import Snapshot, SnapshotBlob, SnapshotFile
from runs.query.snapshots import files_of

Kind = Literal["added", "removed", "changed", "mode"]
MOST_BYTES = 512 * 1024
# Finding the fewest changes takes time by the square of the lines; what is alike at both ends does not count.
MOST_LINES = 3000
CONTEXT_LINES = 3


@dataclass(frozen=True)
class Change:
    """A path whose file is not the same in both. `before` is missing for one that came, `after` for one that went."""

    path: str
    kind: Kind
    before: SnapshotFile | None = None
    after: SnapshotFile | None = None


@dataclass(frozen=True)
class Line:
    """A line of a difference: " " in both, "-" only before, "+" only after; with its numbers there."""

    sign: str
    text: str
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Hunk:
    """Lines that belong together, and how many that are alike stand hidden before them."""

    lines: list[Line]
    hidden: int


@dataclass(frozen=True)
class LineDifference:
    """The lines of one changed file; instead of them a `reason` where they cannot be shown."""

    hunks: list[Hunk] = field(default_factory=list)
    added: int = 0
    removed: int = 0
    hidden_after: int = 0
    reason: str = ""


def changed_files(before: Snapshot, after: Snapshot) -> list[Change]:
    """The paths that differ, in their order, in two queries."""
    if before.pk == after.pk:
        return []
    old = {file.path: file for file in files_of(before)}
    new = {file.path: file for file in files_of(after)}
    found = []
    for path in sorted(old.keys() | new.keys()):
        kind = _kind(old.get(path), new.get(path))
        if kind is not None:
            found.append(Change(path, kind, old.get(path), new.get(path)))
    return found


def _kind(old: SnapshotFile | None, new: SnapshotFile | None) -> Kind | None:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if old.blob_id != new.blob_id:
        return "changed"
    return "mode" if old.executable != new.executable else None


def line_difference(change: Change, *, context: int = CONTEXT_LINES) -> LineDifference:
    """How the lines of the file changed, with some around them that did not. Never raises for what it holds."""
    if change.kind == "mode":
        return LineDifference(reason="Only whether it may be run as a program has changed.")
    blobs = [file.blob for file in (change.before, change.after) if file is not None]
    if any(blob.size and blob.content_type != TEXT for blob in blobs):
        return LineDifference(
            reason="This is no text file: its bytes differ, and no lines can be told apart."
        )
    if any(blob.size > MOST_BYTES for blob in blobs):
        return LineDifference(
            reason=f"Only files of up to {MOST_BYTES // 1024} KB are compared line by line."
        )
    old, new = (_lines(file.blob if file else None) for file in (change.before, change.after))
    return compare_lines(old, new, context=context)


def compare_lines(old: Sequence[str], new: Sequence[str], *, context: int = CONTEXT_LINES) -> LineDifference:
    """The fewest changes that turn one into the other; a `reason` where that would take too long."""
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    if min(map(len, middle)) and max(map(len, middle)) > MOST_LINES:
        return LineDifference(
            reason=f"More than {MOST_LINES:,} lines in a row are not alike: too many to compare here."
        )
    lines = [Line(" ", old[n], n + 1, n + 1) for n in range(start)]
    lines += _changes(*middle, start)
    shift = len(new) - len(old)
    lines += [Line(" ", old[n], n + 1, n + 1 + shift) for n in range(len(old) - end, len(old))]
    hunks, hidden_after = _hunks(lines, context)
    added, removed = (sum(line.sign == sign for line in lines) for sign in "+-")
    reason = "" if added or removed else "Only the ends of its lines or of the file differ."
    return LineDifference(hunks, added, removed, hidden_after, reason)


def _lines(blob: SnapshotBlob | None) -> list[str]:
    if blob is None:
        return []
    text = storage.read(blob.key, end=blob.size).decode("utf-8", "replace")
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines are the same from the beginning on."""
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return place
    return min(len(old), len(new))


def _changes(old: Sequence[str], new: Sequence[str], start: int) -> list[Line]:
    lines: list[Line] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            lines += [Line(" ", old[i + n], start + i + n + 1, start + k + n + 1) for n in range(j - i)]
            continue
        lines += [Line("-", old[n], start + n + 1, None) for n in range(i, j)]
        lines += [Line("+", new[n], None, start + n + 1) for n in range(k, m)]
    return lines


def _hunks(lines: list[Line], context: int) -> tuple[list[Hunk], int]:
    """Groups of changes with lines around them, and how many are hidden behind the last."""
    changed = [place for place, line in enumerate(lines) if line.sign != " "]
    hunks: list[Hunk] = []
    shown = 0
    while changed:
        first = last = changed.pop(0)
        while changed and changed[0] - last <= 2 * context + 1:
            last = changed.pop(0)
        begin, end = max(shown, first - context), min(len(lines), last + context + 1)
        # A single line is shown rather than counted.
        begin, end = begin - (begin - shown == 1), end + (len(lines) - end == 1)
        hunks.append(Hunk(lines[begin:end], begin - shown))
        shown = end
    return hunks, len(lines) - shown


def pairs_of(hunk: Hunk) -> list[tuple[Line | None, Line | None]]:
    """The lines side by side: what went beside what came in its place."""
    rows: list[tuple[Line | None, Line | None]] = []
    gone: list[Line] = []
    came: list[Line] = []
    for line in [*hunk.lines, Line(" ", "")]:
        if line.sign == "-":
            gone.append(line)
        elif line.sign == "+":
            came.append(line)
        else:
            height = max(len(gone), len(came))
            rows += [
                (gone[n] if n < len(gone) else None, came[n] if n < len(came) else None)
                for n in range(height)
            ]
            rows.append((line, line))
            gone, came = [], []
    return rows[:-1]

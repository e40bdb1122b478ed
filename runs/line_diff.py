"""What differs between two texts, line by line. Pure."""

import difflib
from dataclasses import dataclass

# Beyond this many pairs of lines a comparison would take long: then the middle is shown as replaced.
MOST_PAIRS = 4_000_000
CONTEXT = 3


@dataclass(frozen=True)
class Line:
    """A line: ` ` in both, `-` only in the old text, `+` only in the new one, `…` for so many left out."""

    kind: str
    text: str


def differences(old: str, new: str) -> list[Line]:
    """The lines that differ, each with up to three around it that do not; nothing where the texts are equal."""
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return []
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old_middle, new_middle = before[head : len(before) - tail], after[head : len(after) - tail]
    lines = [Line(" ", text) for text in before[:head]]
    lines += _middle(old_middle, new_middle)
    lines += [Line(" ", text) for text in before[len(before) - tail :]]
    return _folded(lines)


def _common(first: list[str], second: list[str]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _middle(old: list[str], new: list[str]) -> list[Line]:
    if len(old) * len(new) > MOST_PAIRS:
        return [Line("-", text) for text in old] + [Line("+", text) for text in new]
    lines: list[Line] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=True).get_opcodes():
        if kind == "equal":
            lines += [Line(" ", text) for text in old[i:j]]
            continue
        lines += [Line("-", text) for text in old[i:j]]
        lines += [Line("+", text) for text in new[k:m]]
    return lines


def _folded(lines: list[Line]) -> list[Line]:
    """Without the equal lines that are far from any difference."""
    near: set[int] = set()
    for place, line in enumerate(lines):
        if line.kind != " ":
            near.update(range(max(0, place - CONTEXT), place + CONTEXT + 1))
    folded: list[Line] = []
    left_out = 0
    for place, line in enumerate(lines):
        if place not in near:
            left_out += 1
            continue
        if left_out:
            folded.append(Line("…", f"{left_out:,} line{'' if left_out == 1 else 's'} the same"))
            left_out = 0
        folded.append(line)
    if left_out:
        folded.append(Line("…", f"{left_out:,} line{'' if left_out == 1 else 's'} the same"))
    return folded

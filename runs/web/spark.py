"""The small line beside a metric's last value: SVG, drawn of its outline."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from runs.outline import MOST_PARTS, parts_of
from runs.query.columns import Column
from runs.query.runs import RunRow

# In half pixels: the style sheet shows it half as large.
WIDE, HIGH = 96, 28
# What all lines of a page may add to its HTML, about. One line is so many bytes, and so many for each part.
ROOM_BYTES, LINE_BYTES, PART_BYTES = 13_000, 48, 9
LEAST_ROOM_BYTES = 3_000
FEW_PARTS = 6


def parts_for(
    columns: Sequence[Column], rows: Iterable[RunRow], room_bytes: int = ROOM_BYTES
) -> Mapping[str, int]:
    """In how many parts the lines of each column are drawn, by column key: fewer where many stand on the page.

    When there is not room for all of them, the columns at the right have none.
    """
    rows = list(rows)
    least, fitting, total = LINE_BYTES + FEW_PARTS * PART_BYTES, [], 0
    for column in columns:
        count = sum(column.key in row.outlines for row in rows)
        if count and (total + count) * least <= room_bytes:
            fitting.append(column.key)
            total += count
    parts = (room_bytes // max(total, 1) - LINE_BYTES) // PART_BYTES
    return dict.fromkeys(fitting, min(parts, MOST_PARTS))


def room_for(address_length: int) -> int:
    """How many bytes the lines of a page may take: fewer where its address is long, which some sixty links repeat."""
    return max(LEAST_ROOM_BYTES, ROOM_BYTES - 60 * max(0, address_length - 200))


def spark(outline: bytes, most: int) -> str:
    """The line, in at most so many parts; nothing when no point is finite."""
    width, parts = parts_of(outline, most)
    path = "".join(_path(parts, width))
    # It says nothing that the words on hover do not say.
    return f'<svg role="none"><path d="{path}"/></svg>' if path else ""


def _path(parts: Sequence[tuple[float, float]], width: int) -> Iterator[str]:
    """Relative moves in whole units. A part is crossed from its nearer bound to the other; where none is, is a gap.

    The two bounds stand a little apart: a curve that falls is then drawn as one, not as stairs.
    """
    finite = [bound for part in parts for bound in part if math.isfinite(bound)]
    if not finite:
        return
    low, high = min(finite), max(finite)
    span = max(len(parts) - (0.4 if width > 1 else 1), 1)
    x = y = 0
    is_gap = True
    for place, bounds in enumerate(parts):
        if not math.isfinite(bounds[0]):
            is_gap = True
            continue
        ends = sorted({_height(bound, low, high) for bound in bounds}, key=lambda end: abs(end - y))
        for nth, end in enumerate(ends):
            shift = 0.6 * nth if len(ends) > 1 else 0.3 * (width > 1)
            at = round(WIDE * (place + shift) / span)
            # h0 makes a dot of a point that stands alone.
            yield f"M{at} {end}h0" if is_gap else _step(at - x, end - y)
            x, y, is_gap = at, end, False


def _step(right: int, down: int) -> str:
    if not right or not down:
        return f"v{down}" if not right else f"h{right}"
    return f"l{right}{'' if down < 0 else ' '}{down}"


def _height(value: float, low: float, high: float) -> int:
    """From the top. Halves first: the difference of two large numbers may be none."""
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
    return round(HIGH * (1 - share)) if math.isfinite(share) else HIGH // 2

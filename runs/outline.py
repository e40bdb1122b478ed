"""The outline of a series: its least and greatest value in a few parts of equal length, kept while points arrive.

Small enough to stand in the row of every metric, so that a table draws a line in each cell without reading points.
"""

import math
from collections.abc import Sequence

import numpy as np

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Bounds = np.ndarray[tuple[int, int], np.dtype[np.float64]]

MOST_PARTS = 24
_HEAD = 4


def extended(outline: bytes | None, count: int, values: Floats) -> bytes:
    """The outline of `count` points with the values, of shape (n,), after them; a part holds a power of two of points.

    When the parts become too many, each two become one: least and greatest values are never lost.
    """
    width, bounds = _read(outline)
    total = count + len(values)
    while math.ceil(total / width) > MOST_PARTS:
        width, bounds = width * 2, _halved(bounds)
    grown = np.full((math.ceil(total / width), 2), np.nan, dtype=np.float64)
    grown[: len(bounds)] = bounds
    parts = np.arange(count, total) // width
    finite = np.where(np.isfinite(values), values, np.nan)
    np.fmin.at(grown[:, 0], parts, finite)
    np.fmax.at(grown[:, 1], parts, finite)
    return width.to_bytes(_HEAD, "little") + grown.astype("<f8").tobytes()


def parts_of(
    outline: bytes | memoryview, most: int = MOST_PARTS
) -> tuple[int, Sequence[tuple[float, float]]]:
    """How many points a part holds, and (least, greatest) of each of at most `most` parts, NaN where none is finite."""
    width, bounds = _read(bytes(outline))
    while len(bounds) > most:
        width, bounds = width * 2, _halved(bounds)
    return width, [(low, high) for low, high in bounds.tolist()]


def _read(outline: bytes | None) -> tuple[int, Bounds]:
    if outline is None:
        return 1, np.empty((0, 2), dtype=np.float64)
    width = int.from_bytes(outline[:_HEAD], "little")
    return width, np.frombuffer(outline, dtype="<f8", offset=_HEAD).reshape(-1, 2)


def _halved(bounds: Bounds) -> Bounds:
    """Each two parts as one."""
    if len(bounds) % 2:
        bounds = np.concatenate([bounds, np.full((1, 2), np.nan, dtype=np.float64)])
    pairs = bounds.reshape(-1, 2, 2)
    return np.stack([np.fmin(*pairs[:, :, 0].T), np.fmax(*pairs[:, :, 1].T)], axis=1)

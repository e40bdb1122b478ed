"""Metrics: one summary row a run and name, and the points in packed segments.

A row per point wrote 20,000 points/s and took seconds to read a million; segments write millions and read a
million in a fifth of a second, at a fifth of the disk.
"""

import math

import msgspec
import numpy as np
from backports import zstd
from django.db import models

from runs.models.experiment import Experiment
from runs.models.name import Name
from runs.models.run import Run
from runs.models.stored import Stored

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


class Metric(Stored):
    """What a run logged under one name, summed up: what tables show, sort and filter by.

    `last` belongs to the highest step (then the latest time, then the latest arrival). A value that is not
    finite has a null `last` and its name in `last_text` ("NaN", "Infinity", "-Infinity"); a text metric has its
    text there. `min`, `max` and the mean are of the finite values.
    """

    SCALAR, LIST, ROW, TABLE, IMAGE, DOCUMENT = "scalar", "list", "row", "table", "image", "document"
    # Kinds that may be mixed under one name: a row is a text point that holds a JSON object, an image or a
    # document one that holds the path of a file of the run.
    FAMILIES = {
        SCALAR: "values",
        LIST: "values",
        ROW: "rows",
        TABLE: "rows",
        IMAGE: "images",
        DOCUMENT: "documents",
    }

    run = models.ForeignKey(Run, models.CASCADE)
    experiment = models.ForeignKey(Experiment, models.CASCADE, db_index=False)
    name = models.ForeignKey(Name, models.CASCADE, db_index=False)
    kind = models.CharField(max_length=12, default=SCALAR)
    last = models.FloatField(null=True)
    last_text = models.TextField(null=True)
    last_step = models.BigIntegerField(default=0)
    last_time = models.BigIntegerField(default=0)  # milliseconds since 1970
    first = models.FloatField(null=True)
    min = models.FloatField(null=True)
    max = models.FloatField(null=True)
    total = models.FloatField(default=0)
    finite_count = models.BigIntegerField(default=0)
    count = models.BigIntegerField(default=0)
    segment_count = models.PositiveIntegerField(default=0)
    # Whether every number was sent as a whole one: then scripts get whole ones back.
    is_whole = models.BooleanField(default=False)
    # Least and greatest value in a few parts of the series (runs/outline.py); null with less than two numbers.
    outline = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="metric_once")]
        indexes = [
            # Bounds and sorts by a metric, in a workspace and inside an experiment.
            models.Index(fields=["name", "last", "run"], name="metric_last"),
            models.Index(fields=["experiment", "name", "last", "run"], name="metric_last_in_experiment"),
            models.Index(fields=["name", "min", "run"], name="metric_min"),
            models.Index(fields=["experiment", "name", "min", "run"], name="metric_min_in_experiment"),
            models.Index(fields=["name", "max", "run"], name="metric_max"),
            models.Index(fields=["experiment", "name", "max", "run"], name="metric_max_in_experiment"),
        ]

    def __str__(self) -> str:
        return f"{self.name_id} of run {self.run_id}"

    @property
    def mean(self) -> float | None:
        """The mean of the finite values, or None when there are none."""
        return self.total / self.finite_count if self.finite_count else None


class Segment(Stored):
    """A batch of points of one metric, packed. In the order of `id` the points stand as they arrived."""

    RAW, COMPRESSED, TEXT = 0, 1, 2

    metric = models.ForeignKey(Metric, models.CASCADE, related_name="segments", db_index=False)
    count = models.PositiveIntegerField()
    first_step = models.BigIntegerField()
    last_step = models.BigIntegerField()
    codec = models.PositiveSmallIntegerField(default=RAW)
    data = models.BinaryField()

    class Meta:
        # All points of a metric as they arrived; a range of steps looks at the bounds of each segment.
        indexes = [models.Index(fields=["metric", "id"], name="segment_in_order")]

    def __str__(self) -> str:
        return f"{self.count} points of metric {self.metric_id}"


def pack(steps: Integers, times: Integers, values: Floats, *, compress: bool = False) -> bytes:
    """Three arrays of shape (n,): steps, times in ms since 1970, values; NaN and infinities are kept.

    Raw: the arrays one after the other, little-endian, 24 bytes a point. Compressed: the same with steps and
    times as differences, under zstd; about 8 bytes a point, nearly all of it the value's noise.
    """
    if compress:
        steps, times = np.diff(steps, prepend=0), np.diff(times, prepend=0)
    packed = steps.astype("<i8").tobytes() + times.astype("<i8").tobytes() + values.astype("<f8").tobytes()
    return zstd.compress(packed, 3) if compress else packed


def unpack(data: bytes | memoryview, codec: int) -> tuple[Integers, Integers, Floats]:
    """The arrays that `pack` took: (steps, times, values), each of shape (n,)."""
    packed = zstd.decompress(data) if codec == Segment.COMPRESSED else bytes(data)
    n = len(packed) // 24
    steps = np.frombuffer(packed, "<i8", n, 0)
    times = np.frombuffer(packed, "<i8", n, 8 * n)
    values = np.frombuffer(packed, "<f8", n, 16 * n)
    if codec == Segment.COMPRESSED:
        steps, times = np.cumsum(steps), np.cumsum(times)
    return steps, times, values


def pack_texts(steps: list[int], times: list[int], texts: list[str]) -> bytes:
    """Text points as compressed JSON of three lists of equal length."""
    return zstd.compress(msgspec.json.encode([steps, times, texts]), 3)


def unpack_texts(data: bytes | memoryview) -> tuple[list[int], list[int], list[str]]:
    """The lists that `pack_texts` took."""
    steps, times, texts = msgspec.json.decode(zstd.decompress(data))
    return steps, times, texts


def spelled(value: float) -> str:
    """How a number that is not finite is written: "NaN", "Infinity" or "-Infinity"."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"

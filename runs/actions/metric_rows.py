"""Writes what a batch of points changed: the summaries of its metrics, and its segments.

Django's bulk_update and bulk_create took most of a call's processor time. A statement that is run anew for each row
costs no more than one of many rows on SQLite, and less on PostgreSQL, which knows it and is sent all rows at once.
"""

from collections.abc import Collection, Sequence
from operator import attrgetter

from runs.connections import prepared_cursor, sent_together
from runs.models import Metric, Segment

_SUMMARY = [
    "last",
    "last_text",
    "last_step",
    "last_time",
    "first",
    "min",
    "max",
    "total",
    "finite_count",
    "count",
    "segment_count",
    "is_whole",
    "outline",
]
_SEGMENT = ["metric_id", "count", "first_step", "last_step", "codec", "data"]
# A segment that is not stored yet: what Segment has under these names.
NewSegment = tuple[int, int, int, int, int, bytes]
# Columns are named as the fields.
_UPDATE = 'UPDATE "{}" SET {} WHERE "id" = %s'.format(  # noqa: S608  # names of ours
    Metric._meta.db_table, ", ".join(f'"{name}" = %s' for name in _SUMMARY)
)
_INSERT = 'INSERT INTO "{}" ({}) VALUES ({})'.format(  # noqa: S608  # names of ours
    Segment._meta.db_table,
    ", ".join(f'"{name}"' for name in _SEGMENT),
    ", ".join(["%s"] * len(_SEGMENT)),
)
_values_of = attrgetter(*_SUMMARY, "id")


def write_rows(segments: Sequence[NewSegment], metrics: Collection[Metric]) -> None:
    """Add the segments, in their order, and write the summaries of the metrics as they are now."""
    changed = [_values_of(metric) for metric in metrics]
    with prepared_cursor() as cursor, sent_together():
        if segments:
            cursor.executemany(_INSERT, segments)
        if changed:
            cursor.executemany(_UPDATE, changed)

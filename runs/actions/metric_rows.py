"""Writes what a batch of points changed: the summaries of its metrics, and its segments.

Django's bulk_update and bulk_create took most of a call's processor time. On SQLite a statement that is run anew
for each row costs no more than one of many rows; on PostgreSQL each is an answer more to wait for.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from django.db import connection

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
# Columns are named as the fields.
_UPDATE = 'UPDATE "{}" SET {} WHERE "id" = %s'.format(  # noqa: S608  # names of ours
    Metric._meta.db_table, ", ".join(f'"{name}" = %s' for name in _SUMMARY)
)
_INSERT = 'INSERT INTO "{}" ({}) VALUES '.format(  # noqa: S608  # names of ours
    Segment._meta.db_table, ", ".join(f'"{name}"' for name in _SEGMENT)
)


def save_summaries(metrics: Collection[Metric]) -> None:
    """Write the summaries of these metrics as they are now."""
    rows = [[*(getattr(metric, name) for name in _SUMMARY), metric.pk] for metric in metrics]
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(_UPDATE, rows)
        else:
            cursor.execute(_update_of(len(rows)), _in_one(rows))


def insert_segments(segments: Collection[Segment]) -> None:
    """Add the segments, in their order."""
    rows = [[getattr(segment, name) for name in _SEGMENT] for segment in segments]
    if not rows:
        return
    places = _places(len(_SEGMENT))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(_INSERT + places, rows)
        else:
            cursor.execute(_INSERT + ", ".join([places] * len(rows)), _in_one(rows))


@cache
def _update_of(rows: int) -> str:
    """The statement for so many summaries. The first row says the types, which a row of NULLs would leave open."""
    fields: list[Any] = [Metric._meta.get_field(name) for name in (*_SUMMARY, "id")]
    typed = f"({', '.join(f'%s::{field.rel_db_type(connection)}' for field in fields)})"
    return 'UPDATE "{0}" SET {1} FROM (VALUES {2}) AS "new" ({3}) WHERE "{0}"."id" = "new"."id"'.format(  # noqa: S608
        Metric._meta.db_table,
        ", ".join(f'"{name}" = "new"."{name}"' for name in _SUMMARY),
        ", ".join([typed, *[_places(len(fields))] * (rows - 1)]),
        ", ".join(f'"{field.name}"' for field in fields),
    )


def _places(columns: int) -> str:
    return f"({', '.join(['%s'] * columns)})"


def _in_one(rows: list[list[Any]]) -> list[Any]:
    return [value for row in rows for value in row]

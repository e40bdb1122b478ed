"""Writes what a batch of points changed: the summaries of its metrics, and its segments.

Django's bulk_update and bulk_create took most of a call's processor time. On SQLite a statement that is run anew
for each row costs no more than one of many rows; on PostgreSQL each is an answer more to wait for, so all go at once.
"""

from collections.abc import Collection, Sequence
from functools import cache
from operator import attrgetter
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
# A segment that is not stored yet: what Segment has under these names.
NewSegment = tuple[int, int, int, int, int, bytes]
# Columns are named as the fields.
_UPDATE = 'UPDATE "{}" SET {} WHERE "id" = %s'.format(  # noqa: S608  # names of ours
    Metric._meta.db_table, ", ".join(f'"{name}" = %s' for name in _SUMMARY)
)
_INSERT = 'INSERT INTO "{}" ({}) VALUES '.format(  # noqa: S608  # names of ours
    Segment._meta.db_table, ", ".join(f'"{name}"' for name in _SEGMENT)
)
_values_of = attrgetter(*_SUMMARY, "id")


def write_rows(segments: Sequence[NewSegment], metrics: Collection[Metric]) -> None:
    """Add the segments, in their order, and write the summaries of the metrics as they are now."""
    changed = [_values_of(metric) for metric in metrics]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            if segments:
                cursor.executemany(_INSERT + _places(len(_SEGMENT)), segments)
            if changed:
                cursor.executemany(_UPDATE, changed)
            return
        statements = []
        if segments:
            places = _places(len(_SEGMENT))
            statements.append(_INSERT + ", ".join([places] * len(segments)))
        if changed:
            statements.append(_update_of(len(changed)))
        if statements:
            cursor.execute("; ".join(statements), [value for row in (*segments, *changed) for value in row])


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

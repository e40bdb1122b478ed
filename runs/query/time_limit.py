"""No read may hold the server: after two seconds the database breaks it off, and the person narrows the filter."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from runs.errors import Invalid

LIMIT_S = 2.0
# How many steps of SQLite's machine pass between two looks at the clock: about a millisecond.
_STEPS = 50_000
_limited = threading.local()


@contextmanager
def limited_time(seconds: float = LIMIT_S) -> Iterator[None]:
    """Break off the queries inside after so many seconds. Raises Invalid with field "filter".

    Inside another limit nothing more is limited: the outer one holds for all.
    """
    if getattr(_limited, "is_on", False):
        yield
        return
    _limited.is_on = True
    try:
        with _sqlite(seconds) if connection.vendor == "sqlite" else _postgresql(seconds):
            yield
    except OperationalError as error:
        if not _was_broken_off(error):
            raise
        raise Invalid(
            f"This takes longer than {seconds:g} seconds to find. "
            "Narrow the filter: add an experiment, a time or a tag.",
            field="filter",
        ) from error
    finally:
        _limited.is_on = False


def _was_broken_off(error: OperationalError) -> bool:
    return "interrupted" in str(error) or "statement timeout" in str(error)


@contextmanager
def _sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    handle = connection.connection
    deadline = time.monotonic() + seconds
    handle.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    finally:
        handle.set_progress_handler(None, 0)


@contextmanager
def _postgresql(seconds: float) -> Iterator[None]:
    is_nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling a plan to machine code takes seconds, which the timeout cannot break off, and saves none here.
        cursor.execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}; SET LOCAL jit = off")
        yield
        if is_nested:  # else the transaction's end takes it back
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT; SET LOCAL jit TO DEFAULT")

"""No read may hold the server: after two seconds the database breaks it off, and the person narrows the filter."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
    # Compiling a plan to machine code takes seconds, which the timeout cannot break off, and saves none here.
    limit = _First(f"SET LOCAL statement_timeout = {int(seconds * 1000)}; SET LOCAL jit = off")
    with transaction.atomic(), connection.execute_wrapper(limit):
        yield
        if is_nested and limit.is_sent:  # else the transaction's end takes it back
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT; SET LOCAL jit TO DEFAULT")


class _First:
    """Sends the settings along with the first statement, which saves a journey to the database."""

    def __init__(self, settings: str) -> None:
        self.settings = settings
        self.is_sent = False

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Send the statement."""
        if self.is_sent:
            return execute(sql, params, many, context)
        self.is_sent = True
        if (
            many
            or not isinstance(sql, str)
            or context["cursor"].cursor.__class__.__name__ == "ServerSideCursor"
        ):
            with connection.cursor() as cursor:
                cursor.execute(self.settings)
            return execute(sql, params, many, context)
        found = execute(f"{self.settings}; {sql}", params, many, context)
        cursor = context["cursor"]
        while cursor.nextset():  # the answers of the settings come first
            pass
        return found

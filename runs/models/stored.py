"""What every model here is: a row that becomes an object without ceremony."""

from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState


class Stored(models.Model):
    """A model whose rows become objects by their values alone.

    Django calls `__init__`, which sets one field after the other and sends two signals; nobody here listens. A request
    reads dozens of rows, and making objects of them took a seventh of its processor time.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        *,
        fetch_mode: Any = None,
    ) -> Self:
        """The object of a row. A field that was not read is read when it is asked for, as with all of Django.

        `fetch_mode` comes from Django 6.1 and later.
        """
        made = cls.__new__(cls)
        state: Any = ModelState()
        state.adding, state.db = False, db
        if fetch_mode is not None:
            state.fetch_mode = fetch_mode
        made._state = state
        made.__dict__.update(zip(field_names, values, strict=True))
        return made

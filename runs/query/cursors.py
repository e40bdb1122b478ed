"""Where a page ends, as an opaque signed text: so that nothing but our own keys reaches the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core import signing

from runs.errors import Invalid
from runs.query.sorts import Key

_LENGTH = 4000


class OtherOrder(Invalid):
    """The mark of a page of another order, which is `written` in it."""

    def __init__(self, written: str) -> None:
        super().__init__("This page belongs to another order. Begin at the first page.", field="cursor")
        self.written = written


def write_cursor(order: str, leg: int, keys: Sequence[Key], *, salt: str) -> str:
    """The place behind the row with these keys, in this leg of this order."""
    packed = [{"t": key.isoformat()} if isinstance(key, datetime) else key for key in keys]
    return signing.dumps([order, leg, packed], salt=salt)


def read_cursor(cursor: str, order: str, *, salt: str) -> tuple[int, list[Key]]:
    """The leg and the keys; Invalid when the text is not ours, OtherOrder when it belongs to another."""
    try:
        if len(cursor) > _LENGTH:
            raise signing.BadSignature
        written, leg, packed = signing.loads(cursor, salt=salt)
    except (signing.BadSignature, UnicodeEncodeError):
        raise Invalid("This is not the mark of a page. Begin at the first page.", field="cursor") from None
    if written != order:
        raise OtherOrder(str(written))
    return leg, [_unpacked(key) for key in packed]


def _unpacked(key: Any) -> Key:
    return datetime.fromisoformat(key["t"]) if isinstance(key, dict) else key

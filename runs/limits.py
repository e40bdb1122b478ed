"""The limits the studio holds, and the checks of text that every door shares. Knows no database."""

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from runs.errors import Invalid, TooLarge

KIB, MIB = 1024, 1024 * 1024

NAME_LENGTH = 256  # display names, file owners, keys of tags, properties, params and metrics
EXPERIMENT_NAME_LENGTH = 500  # MLflow's limit, wider than the cloud's 255
RUN_ID_LENGTH = 256
VALUE_LENGTH = 8000  # tags, params and properties
EXPERIMENT_VALUE_LENGTH = 20_000  # tags of experiments; MLflow's limit
PATH_LENGTH = 1000
REASON_LENGTH = 3000
DETAILS_LENGTH = 64 * KIB
DESCRIPTION_BYTES = 64 * KIB
VIEW_DESCRIPTION_LENGTH = 5000
VIEW_ADDRESS_BYTES = 64 * KIB
VIEWS_PER_WORKSPACE = 5000
KEYS_PER_RUN = 5000  # tags, properties and params, each
METRIC_NAMES_PER_RUN = 10_000
POINTS_PER_METRIC = 1_000_000
POINTS_PER_CALL = 100_000
TEXT_POINT_LENGTH = 8000
COLUMNS_PER_ROW = 200
ROW_BYTES = 64 * KIB
BODY_BYTES = 16 * MIB
LOG_CHUNK_BYTES = 4 * MIB
INTEGER_MAX = 2**63 - 1

# The part of a long value that an index holds; PostgreSQL refuses index rows over 2,704 bytes.
INDEXED_LENGTH = 250


def clean_text(
    text: Any, field: str, *, length: int, empty: bool = False, lines: bool = True, exact: bool = False
) -> str:
    """The text in Unicode's composed form (NFC), or Invalid naming the field.

    NUL and lone surrogates are refused on every database alike: PostgreSQL cannot store them and one
    of them in SQLite makes a whole list unreadable. Without `lines`, control characters are refused too. `exact`: not
    composed, for what a program is started with.
    """
    if not isinstance(text, str):
        raise Invalid(f"{field} must be text, not {_kind(text)}.", field=field)
    if "\x00" in text:
        raise Invalid(f"{field} holds a NUL character, which cannot be stored.", field=field)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid(
            f"{field} holds half a surrogate pair, which is not a character.", field=field
        ) from None
    composed: str = text if exact else unicodedata.normalize("NFC", text)
    if not lines and any(unicodedata.category(c) == "Cc" for c in composed):
        raise Invalid(f"{field} holds a line break or another control character.", field=field)
    if not empty and not composed.strip():
        raise Invalid(f"{field} must not be empty.", field=field)
    if len(composed) > length:
        raise Invalid(
            f"{field} has {len(composed):,} characters; at most {length:,} are allowed.", field=field
        )
    return composed


def clean_key(key: Any, kind: str) -> str:
    """The name of a tag, property, parameter or metric: 1 to 256 characters on one line."""
    return clean_text(key, f"The {kind} name", length=NAME_LENGTH, lines=False)


def clean_value(value: Any, field: str, length: int = VALUE_LENGTH) -> str:
    """A value as text. Numbers and booleans become their text, as the cloud does."""
    if isinstance(value, bool | int | float):
        value = str(value)
    return clean_text(value, field, length=length, empty=True)


def clean_path(path: Any, field: str = "The file path") -> str:
    """A path inside a run, such as `outputs/model.pt`, or Invalid. It never names a place on a disk."""
    path = clean_text(path, field, length=PATH_LENGTH, lines=False)
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or any(part in ("", ".", "..") for part in parts):
        raise Invalid(
            f"{field} {path!r} must be relative, with single forward slashes and no '.' or '..' part.",
            field="path",
        )
    return path


def clean_description(text: Any) -> str:
    """Markdown of up to 64 KB."""
    text = clean_text(text, "The description", length=DESCRIPTION_BYTES, empty=True)
    size = len(text.encode())
    if size > DESCRIPTION_BYTES:
        raise TooLarge(
            f"The description has {size:,} bytes; at most 65,536 are allowed.", field="description"
        )
    return text


def clean_integer(number: Any, field: str) -> int:
    """A whole number that fits 64 bits."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise Invalid(f"{field} must be a whole number, not {_kind(number)}.", field=field)
    if not -INTEGER_MAX - 1 <= number <= INTEGER_MAX:
        raise Invalid(f"{field} does not fit 64 bits.", field=field)
    return number


def check_room(count: int, limit: int, what: str) -> None:
    """Raise Invalid when a run would hold more than `limit` of `what`."""
    if count > limit:
        raise Invalid(f"A run holds at most {limit:,} {what}; this would make {count:,}.")


def check_points(count: int) -> None:
    """Raise TooLarge when one call brings more points than it may: the sender can split it."""
    if count > POINTS_PER_CALL:
        raise TooLarge(
            f"One call takes at most {POINTS_PER_CALL:,} points; this one has {count:,}. Split it."
        )


def check_mapping(pairs: Any, field: str) -> Mapping[str, Any]:
    """The pairs, or Invalid when they are not an object of names and values."""
    if not isinstance(pairs, Mapping):
        raise Invalid(f"{field} must be an object of names and values, not {_kind(pairs)}.", field=field)
    return pairs


def number_of(text: str) -> float | None:
    """The finite number that the text spells, or None: what makes a parameter sortable as a number."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        int: "a number",
        float: "a number",
        bool: "true or false",
    }
    return "nothing" if value is None else names.get(type(value), type(value).__name__)

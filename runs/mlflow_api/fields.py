"""Reads the fields of a request: by either spelling, of the right type, refused in MLflow's words."""

import json
import math
import posixpath
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from runs.limits import INTEGER_MAX
from runs.mlflow_api.errors import Wrong

KEY_LENGTH = 250
_NAME = re.compile(r"[/\w.\- :]*")
_SEE = "See the API docs for more information about request parameters."


@cache
def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


class Fields:
    """An object that was sent; `place` is where it stands in the request, as `metrics[0].`."""

    def __init__(self, sent: dict[str, Any], place: str = "") -> None:
        self.sent, self.place = sent, place

    def get(self, name: str) -> Any:
        """The value, also under the name's other spelling; None where it is missing, null or empty."""
        other = _camel(name)
        if other != name and name in self.sent and other in self.sent:
            raise Wrong(f"The field {name!r} is there twice, as {name!r} and as {other!r}.")
        value = self.sent.get(name, self.sent.get(other))
        return None if value == "" else value

    def text(self, name: str, default: str | None = None) -> str:
        """A text; required where there is no default."""
        value = self.get(name)
        if value is None:
            return self.missing(name) if default is None else default
        return value if isinstance(value, str) else self.wrong(name, value)

    def short(self, name: str, length: int, default: str | None = None) -> str:
        """A text of at most this length; required where there is no default."""
        value = self.text(name, default)
        if len(value) > length:
            raise Wrong(f"'{name}' exceeds the maximum length of {length} characters")
        return value

    def inner(self, name: str) -> "Fields":
        """An object, which is required."""
        value = self.get(name)
        if value is None:
            self.missing(name)
        return Fields(value if isinstance(value, dict) else self.wrong(name, value), f"{self.place}{name}.")

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number of 64 bits, as a number or as text."""
        value = self.get(name)
        if value is None:
            return self.missing(name) if default is None else default
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value, re.ASCII):
            value = int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole and -INTEGER_MAX - 1 <= value <= INTEGER_MAX else self.wrong(name, value)

    def number(self, name: str) -> float:
        """A number, NaN and infinities too, as a number or as text."""
        value = self.get(name)
        if value is None:
            return self.missing(name)
        try:
            return (
                math.nan
                if isinstance(value, bool | list | dict) and self.wrong(name, value)
                else float(value)
            )
        except (ValueError, OverflowError):
            return self.wrong(name, value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.get(name)
        return (
            default if value is None else value if isinstance(value, bool) else bool(self.wrong(name, value))
        )

    def texts(self, name: str) -> list[str]:
        """A list of texts, or one text; none where it is missing."""
        value = self.get(name)
        values = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            return list(self.wrong(name, value))
        return values

    def word(self, name: str, words: Sequence[str], default: str) -> str:
        """One of the words, as such or as its number, which counts from 1."""
        value = self.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= len(words):
            return words[value - 1]
        if value is None or value in words:
            return value or default
        return str(self.wrong(name, value))

    def most(self, default: int | None, limit: int) -> int:
        """How many are asked for at once, in the field `max_results`; required where there is no default."""
        most = self.integer("max_results", default)
        words = f"Invalid value {most} for parameter 'max_results' supplied"
        if most < 1:
            raise Wrong(f"{words}. It must be a positive integer")
        if most > limit:
            raise Wrong(f"{words}. It must be at most {limit}")
        return most

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A list of objects as they were sent; none where it is missing."""
        value = self.get(name) or []
        if not isinstance(value, list) or {*map(type, value)} - {dict}:
            return list(self.wrong(name, value))
        return value

    def items(self, name: str) -> list["Fields"]:
        """A list of objects; none where it is missing."""
        return [Fields(each, f"{self.place}{name}[{at}].") for at, each in enumerate(self.objects(name))]

    def key(self, kind: str, named: str = "key") -> str:
        """The name of a metric, parameter or tag, which is in the field `key`."""
        key = self.text("key")
        place = f"{self.place}{named}"
        if len(key) > KEY_LENGTH:
            raise Wrong(f"'{kind}' exceeds the maximum length of {KEY_LENGTH} characters")
        if not _NAME.fullmatch(key):
            raise Wrong(
                f"Invalid value {json.dumps(key)} for parameter '{place}' supplied: Names may only contain"
                " alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
            )
        plain = posixpath.normpath(key)
        if plain != key or plain == "." or plain.startswith(("..", "/")):
            raise Wrong(
                f"Invalid value {json.dumps(key)} for parameter '{place}' supplied: Names may be treated as files in"
                " certain cases, and must not resolve to other names when treated as such. This name would resolve"
                f" to {plain!r}"
            )
        return key

    def missing(self, name: str) -> Any:
        """Refuse: it is required."""
        raise Wrong(f"Missing value for required parameter '{self.place}{name}'. {_SEE}")

    def wrong(self, name: str, value: Any) -> Any:
        """Refuse: it is not of the type."""
        shown = json.dumps(value, separators=(",", ":"))[:200]
        raise Wrong(
            f"Invalid value {shown} for parameter '{self.place}{name}' supplied: "
            f" Hint: Value was of type '{type(value).__name__}'. {_SEE}"
        )

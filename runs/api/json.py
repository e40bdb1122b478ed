"""JSON in and out."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

DEEPEST = 20
MOST_NODES = 200_000


class JSONRenderer(BaseRenderer):
    """JSON by orjson. Numbers that are not finite have become text before: JSON has no word for them."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The bytes; none for an empty answer."""
        return b"" if data is None else orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)


class JSONParser(BaseParser):
    """JSON by orjson, refused when it is nested deeper than 20 levels."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The parsed body. Raises ParseError with the place of the mistake."""
        try:
            parsed = orjson.loads(stream.read() or b"{}")
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        check_size(parsed)
        return parsed


def check_size(parsed: Any) -> None:
    """Raise ParseError for a body nested too deep or with too many values. Walks without recursion."""
    level, depth, nodes = [parsed], 0, 0
    while level:
        depth += 1
        nodes += len(level)
        if depth > DEEPEST:
            raise ParseError(f"The body is nested deeper than {DEEPEST} levels.")
        if nodes > MOST_NODES:
            raise ParseError(f"The body holds more than {MOST_NODES:,} values.")
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
        level = below

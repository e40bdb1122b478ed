"""Which runs of a list are opened and pinned: what its address says of them."""

import re
from collections.abc import Mapping

from django.http import QueryDict

from runs.query.columns import MOST_COLUMNS

MOST_OPEN = 50
MOST_COMPARED = 50
# How many children are shown in place: at first, after "more", and after "more" again. Then their own page is better.
CHILDREN = (20, 100, 500)
_OPEN = re.compile(r"(.+)~(\d{1,4})", re.DOTALL)


def opened_of(asked: QueryDict) -> Mapping[str, int]:
    """The runs whose children are shown in place, and how many of them: `open=id`, or `open=id~100`."""
    found: dict[str, int] = {}
    for value in asked.getlist("open")[:MOST_OPEN]:
        many = _OPEN.fullmatch(value)
        name, count = (many[1], int(many[2])) if many else (value, CHILDREN[0])
        if name and "\x00" not in name:
            found[name] = min(max(count, 1), CHILDREN[-1])
    return found


def pinned_of(asked: QueryDict) -> int:
    """How many columns from the left stay in sight; 1 unless said."""
    text = asked.get("pin", "")
    return min(int(text), MOST_COLUMNS) if text.isdecimal() and len(text) < 4 else 1

"""Which things of a page the person has starred."""

from collections.abc import Iterable
from typing import Literal

from runs.models import Star, User

Kind = Literal["run", "experiment", "view"]


def starred(user: User, kind: Kind, numbers: Iterable[int]) -> set[int]:
    """Those of these runs, experiments or views (by their numbers in the database) that the person has starred."""
    column = f"{kind}_id"
    rows = Star.objects.filter(user=user, **{f"{column}__in": list(numbers)})
    return set(rows.values_list(column, flat=True))

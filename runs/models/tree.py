"""The tree of runs, as the database walks it, and in order."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from heapq import heappop, heappush

from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from runs.models.run import Run

_ASKED_TOGETHER = 1000


def numbers_below(parents: QuerySet[Run]) -> RawSQL:
    """The numbers of all runs below these, at any depth, found by going down from parent to child in the database."""
    sql, params = parents.values("pk").query.sql_with_params()
    table = Run._meta.db_table
    return RawSQL(  # noqa: S611  # names of ours; the parameters stay parameters
        f'WITH RECURSIVE below(id) AS (SELECT id FROM "{table}" WHERE parent_id IN ({sql}) '  # noqa: S608
        f'UNION SELECT child.id FROM "{table}" AS child JOIN below ON child.parent_id = below.id) '
        "SELECT id FROM below",
        params,
    )


def rows_below(rows: Iterable[Run], number: int) -> list[Run]:
    """Those of a tree's rows that lie below the run of this number, each after its parent.

    Else in the order in which they were made: nearly always that alone puts parents first, but a script may name a
    parent that was made later.
    """
    children: dict[int | None, list[Run]] = defaultdict(list)
    for row in rows:
        children[row.parent_id].append(row)
    waiting = [(row.pk, row) for row in sorted(children[number], key=lambda row: row.pk)]
    found = []
    while waiting:
        place, row = heappop(waiting)
        found.append(row)
        for child in children[place]:
            heappush(waiting, (child.pk, child))
    return found


def places_in_turned_trees(tops: Collection[int]) -> dict[int, int]:
    """Of trees in which a parent was made after its child, the place of each run among them, parents first.

    `tops` are those of some runs: a tree that has one of them alone is in order, and is not looked at.
    """
    shared = [top for top, runs in Counter(tops).items() if runs > 1]
    places: dict[int, int] = {}
    for start in range(0, len(shared), _ASKED_TOGETHER):
        rows = Run.objects.filter(root__in=shared[start : start + _ASKED_TOGETHER])
        for top in rows.filter(parent__gt=F("pk")).values_list("root_id", flat=True).distinct():
            tree = rows_below(Run.objects.filter(root=top).only("id", "parent_id"), top or 0)
            places |= {top or 0: 0} | {row.pk: place for place, row in enumerate(tree, 1)}
    return places

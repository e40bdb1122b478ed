"""What exists to filter by: the keys of a workspace, and the values of a key with how many runs have each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import Experiment, Member, Name, Run, RunCount, User, Workspace
from runs.models.name import RESERVED, SYSTEM
from runs.query.candidates import capped_counts
from runs.query.conditions import KINDS, Conditions, Context, make_context
from runs.query.counts import Count
from runs.query.fields import Field, Source
from runs.query.lexer import first_unstorable
from runs.query.time_limit import limited_time
from runs.query.value_terms import TABLES, rows_of

MOST_KEYS = 200
MOST_VALUES = 50
CAP = 1000
# Of what no index lists, the newest so many runs are looked at.
A_SAMPLE = 2000


@dataclass(frozen=True)
class Suggestion:
    """A value and how many runs have it; `text` is None for a key without a value."""

    text: str | None
    count: Count | None = None


def suggest_keys(workspace: Workspace, source: Source, text: str = "", *, most: int = MOST_KEYS) -> list[str]:
    """The keys of tags, properties, params or metrics that hold the text, those that begin with it first."""
    if source not in KINDS or first_unstorable(text) is not None:
        return []
    # They may be filtered by, but are offered only to whoever begins to write their names.
    offered = Name.objects.all() if text.startswith((SYSTEM, RESERVED)) else Name.objects.offered()
    names = offered.filter(workspace=workspace, kind=KINDS[source]).order_by("text")
    if not text:
        return list(names.values_list("text", flat=True)[:most])
    begin = list(names.filter(text__istartswith=text).values_list("text", flat=True)[:most])
    inside = names.filter(text__icontains=text).exclude(text__istartswith=text).values_list("text", flat=True)
    return begin + list(inside[: most - len(begin)])


def suggest_values(
    workspace: Workspace, field: Field, text: str = "", *, viewer: User | None = None
) -> list[Suggestion]:
    """Up to 50 values of the field that begin with the text, the most frequent first; counts end at 1,000.

    They are of all runs of the workspace, child runs and archived ones included. Of an attribute that no index lists
    (target, type), the values of the newest 2,000 runs. Raises Invalid for a field whose values are not listed.
    """
    if first_unstorable(text) is not None:
        return []
    with limited_time():
        if field.source in (Source.TAG, Source.PROPERTY, Source.PARAM):
            return _of_key(workspace, field, text, viewer)
        if field.source == Source.ATTRIBUTE and field.key in _ATTRIBUTES:
            found: list[Suggestion] = _ATTRIBUTES[field.key](workspace)
            lower = text.lower()
            kept = [each for each in found if (each.text or "").lower().startswith(lower)]
            return sorted(kept, key=_frequent_first)[:MOST_VALUES]
    raise Invalid(f"The values of {field} are not listed; write one.", field="key")


def _of_key(workspace: Workspace, field: Field, text: str, viewer: User | None) -> list[Suggestion]:
    context = make_context(workspace, Conditions(), viewer=viewer, fields=[field])
    values = _distinct(context, field, text)
    rows = rows_of(field, context)
    options: list[tuple[str | None, QuerySet[Any]]] = [
        (value, rows.filter(value=value).values("run_id")) for value in values
    ]
    if not text and field.source == Source.TAG:
        options.append((None, rows.filter(value__isnull=True).values("run_id")))
    counts = capped_counts([query for _, query in options], CAP)
    found = [
        Suggestion(value, Count(min(n, CAP), n > CAP))
        for (value, _), n in zip(options, counts, strict=True)
        if n
    ]
    return sorted(found, key=_frequent_first)


def _distinct(context: Context, field: Field, text: str) -> list[str]:
    """The first values in order, each found by one seek in the index: a plain DISTINCT would read every row."""
    table = connection.ops.quote_name(TABLES[field.source]._meta.db_table)
    step = f"SELECT value FROM {table} WHERE name_id = %s AND value {{}} ORDER BY value LIMIT 1"  # noqa: S608
    sql = (
        f"WITH RECURSIVE found(value, n) AS (SELECT * FROM (SELECT value, 1 FROM {table} "  # noqa: S608
        "WHERE name_id = %s AND value >= %s ORDER BY value LIMIT 1) AS first "
        f"UNION ALL SELECT ({step.format('> found.value')}), n + 1 FROM found "
        "WHERE found.value IS NOT NULL AND n < %s) SELECT value FROM found WHERE value IS NOT NULL"
    )
    name = context.name_id(field) or 0
    with connection.cursor() as cursor:
        cursor.execute(sql, [name, text, name, MOST_VALUES])
        return [value for (value,) in cursor.fetchall() if value.startswith(text)]


def _statuses(workspace: Workspace) -> list[Suggestion]:
    sums = RunCount.objects.filter(experiment__workspace=workspace, runs__gt=0).values("status")
    counts = dict(sums.annotate(n=Sum("runs")).values_list("status", "n"))
    return [
        Suggestion(status.value, Count(counts[status.value])) for status in Status if status.value in counts
    ]


def _experiments(workspace: Workspace) -> list[Suggestion]:
    experiments = Experiment.objects.filter(workspace=workspace, deleted_at=None, archived_at=None)
    newest = experiments.order_by("-last_run_at").values_list("name", "last_run_number")[:MOST_KEYS]
    return [Suggestion(name, Count(runs)) for name, runs in newest]


def _people(workspace: Workspace) -> list[Suggestion]:
    names = Member.objects.filter(workspace=workspace).order_by("user__username")
    members = list(names.values_list("user__username", "user_id")[:MOST_KEYS])
    runs = [Run.objects.filter(workspace=workspace, created_by=pk).values("pk") for _, pk in members]
    counts = capped_counts(runs, CAP)
    return [
        Suggestion(name, Count(min(n, CAP), n > CAP))
        for (name, _), n in zip(members, counts, strict=True)
        if n
    ]


def _of_newest(workspace: Workspace, column: str) -> list[Suggestion]:
    newest = Run.objects.filter(Q(workspace=workspace)).order_by("-created_at", "-id")
    counts: dict[str, int] = {}
    for value in newest.values_list(column, flat=True)[:A_SAMPLE]:
        counts[value] = counts.get(value, 0) + 1
    return [Suggestion(value, Count(n)) for value, n in counts.items() if value]


_ATTRIBUTES: dict[str, Callable[[Workspace], list[Suggestion]]] = {
    "status": _statuses,
    "experiment": _experiments,
    "created_by": _people,
    "target": lambda workspace: _of_newest(workspace, "target"),
    "type": lambda workspace: _of_newest(workspace, "run_type"),
}


def _frequent_first(each: Suggestion) -> tuple[int, str]:
    return (-each.count.number if each.count else 0, each.text or "")

"""Runs side by side: what each of them is and was given, row by row, and where they differ."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet

from runs.errors import Invalid, NotFound
from runs.models import Kind, Metric, Name, Param, Property, Run, Tag, Workspace
from runs.query.compare_rows import Cell, Row, environment_of, facts_of
from runs.query.fields import Field, Source

MOST_RUNS = 50
# Keys that one page looks at; with a search among all there are.
MOST_KEYS = 5000
MOST_ROWS = 200
SECTIONS = {
    "facts": "Facts",
    "environment": "Environment",
    "params": "Parameters",
    "tags": "Tags",
    "properties": "Properties",
    "metrics": "Metrics",
}


@dataclass(frozen=True)
class Section:
    """Rows of one sort. `total` there are, `hidden` of them because all runs agree."""

    key: str
    label: str
    rows: list[Row]
    total: int
    hidden: int

    @property
    def matching(self) -> int:
        """How many would be shown without the limit of rows."""
        return self.total - self.hidden


@dataclass(frozen=True)
class Comparison:
    """Runs as columns. `is_cut` when there were more keys than one page looks at."""

    runs: list[Run]
    sections: list[Section]
    base: int | None = None
    is_cut: bool = False
    # Every row, shown or not, by its key: what charts and sorts are made of.
    rows: dict[str, Row] = field(default_factory=dict)


def read_runs(workspace: Workspace, ids: Sequence[str]) -> tuple[list[Run], list[str]]:
    """The runs of these ids, in their order, and the ids of which there is none here, be it trashed or foreign.

    Raises NotFound when there is none at all.
    """
    wanted = list(dict.fromkeys(ids))
    rows = Run.objects.filter(
        workspace=workspace, public_id__in=[text for text in wanted if "\x00" not in text], deleted_at=None
    )
    related = rows.select_related("experiment", "created_by", "parent")
    found = {run.public_id: run for run in related.defer("description_html", "description", "error_details")}
    if not found:
        raise NotFound(f"There is no run {wanted[0][:80]!r} here, or it is not shared with you.")
    return [found[text] for text in wanted if text in found], [text for text in wanted if text not in found]


def compare_runs(
    workspace: Workspace,
    runs: Sequence[Run],
    *,
    now: datetime,
    sort: str = "",
    base: str = "",
    show_same: bool = False,
    search: str = "",
    most_rows: int | None = MOST_ROWS,
) -> Comparison:
    """The runs as columns, ordered by the row that `sort` names (`-` first for descending).

    In five queries; in nine where there are more names than one page looks at.

    Rows on which all agree are left out unless `show_same`, or there is only one run. `base` is a run's id.
    """
    if len(runs) > MOST_RUNS:
        raise Invalid(f"At most {MOST_RUNS} runs are compared at once; these are {len(runs):,}.", field="run")
    rows, is_cut = _rows(workspace, runs, now, search)
    everything = {row.key: row for _, section in rows for row in section}
    order = _order(everything.get(sort.removeprefix("-")), sort.startswith("-"), len(runs))
    everything = {key: _ordered(row, order) for key, row in everything.items()}
    ordered = [runs[place] for place in order]
    sections = []
    for key, section in rows:
        whole = [everything[row.key] for row in section]
        shown = whole if show_same or len(runs) < 2 else [row for row in whole if row.differs]
        hidden = len(whole) - len(shown)
        sections.append(Section(key, SECTIONS[key], _first(shown, most_rows), len(whole), hidden))
    at = next((place for place, run in enumerate(ordered) if run.public_id == base), None)
    return Comparison(ordered, sections, at, is_cut, everything)


def _first(rows: list[Row], most: int | None) -> list[Row]:
    """Those that most runs have, in their order: a metric of all runs before the many that one alone logged."""
    if most is None or len(rows) <= most:
        return rows
    kept = {row.key for row in sorted(rows, key=_missing)[:most]}
    return [row for row in rows if row.key in kept]


def _missing(row: Row) -> int:
    return sum(cell.value is None for cell in row.cells)


def delta(cell: Cell, base: Cell) -> tuple[float, float | None] | None:
    """How far the number lies from the base's: absolute, and as a share of it where that is not nought.

    Neither where it would be infinite.
    """
    number, other = cell.number, base.number
    if number is None or other is None or not math.isfinite(number - other):
        return None
    share = (number - other) / abs(other) if other else math.nan
    return number - other, share if math.isfinite(share) else None


def usual_charts(comparison: Comparison) -> list[str]:
    """What is drawn before anybody chooses: metrics that most runs share, and what differs beside the first."""
    series = [row for key, row in comparison.rows.items() if key.startswith("metrics.")]
    drawn = [row for row in series if any(cell.count > 1 and cell.low is not None for cell in row.cells)]
    drawn.sort(key=lambda row: -sum(cell.count > 1 for cell in row.cells))
    charts = [f"line:{row.key}" for row in drawn[:4]]
    params = [row for key, row in comparison.rows.items() if key.startswith("params.") and row.differs]
    ends = [row for row in series if row.differs and any(cell.number is not None for cell in row.cells)]
    if len(comparison.runs) > 2 and params and ends:
        keys = [*(row.key for row in sorted(params, key=_missing)[:5]), min(ends, key=_missing).key]
        charts.append(f"parallel:{','.join(keys)};size=full")
    return charts


def _order(row: Row | None, is_descending: bool, count: int) -> list[int]:
    """The places of the runs by this row: numbers, then words, then runs without."""
    if row is None:
        return list(range(count))
    numbers, words, without = [], [], []
    for place, cell in enumerate(row.cells):
        value = cell.value.timestamp() if isinstance(cell.value, datetime) else cell.number
        if value is not None:
            numbers.append((value, place))
        elif cell.value not in (None, ""):
            words.append((str(cell.value).lower(), place))
        else:
            without.append(place)
    by_value = [place for _, place in sorted(numbers, reverse=is_descending)]
    return [*by_value, *(place for _, place in sorted(words, reverse=is_descending)), *without]


def _ordered(row: Row, order: Sequence[int]) -> Row:
    return replace(row, cells=[row.cells[place] for place in order])


def _rows(
    workspace: Workspace, runs: Sequence[Run], now: datetime, search: str
) -> tuple[list[tuple[str, list[Row]]], bool]:
    facts = [row for row in facts_of(runs, now) if search.lower() in row.label.lower()]
    environment = [row for row in environment_of(runs) if search.lower() in row.label.lower()]
    names, is_cut = _names(workspace, [run.pk for run in runs], search)
    places = {run.pk: place for place, run in enumerate(runs)}
    found: list[tuple[str, list[Row]]] = [("facts", facts), ("environment", environment)]
    for kind, (key, source, read) in _SOURCES.items():
        texts = {pk: text for pk, (of, text) in names.items() if of == kind}
        rows: dict[int, list[Cell]] = {pk: [Cell()] * len(runs) for pk in texts}
        for run, name, cell in read(list(places), list(texts)) if texts else ():
            rows[name][places[run]] = cell
        found.append((key, [Row(str(Field(source, texts[pk])), texts[pk], rows[pk]) for pk in texts]))
    return found, is_cut


def _names(workspace: Workspace, runs: list[int], search: str) -> tuple[dict[int, tuple[int, str]], bool]:
    """The keys that any of the runs has, by their number, in the order of their text."""
    tables: dict[Kind, Any] = {
        Kind.TAG: Tag,
        Kind.PROPERTY: Property,
        Kind.PARAM: Param,
        Kind.METRIC: Metric,
    }
    any_of = [
        Q(kind=kind, pk__in=table._default_manager.filter(run__in=runs).values("name"))
        for kind, table in tables.items()
    ]
    rows = Name.objects.offered().filter(reduce(or_, any_of), workspace=workspace)
    if search and "\x00" not in search:
        rows = rows.filter(text__icontains=search)
    ordered = rows.order_by("kind", "text").values_list("pk", "kind", "text")
    listed = list(ordered[: MOST_KEYS + 1])
    is_cut = len(listed) > MOST_KEYS
    if is_cut:
        listed = list(ordered.filter(pk__in=_most_shared(rows, tables, runs)))
    return {pk: (kind, text) for pk, kind, text in listed}, is_cut


def _most_shared(rows: "QuerySet[Name]", tables: dict[Kind, Any], runs: list[int]) -> list[int]:
    """The names that most of the runs have: what they have in common is what they are compared by."""
    counts: list[tuple[int, int]] = []
    for kind, table in tables.items():
        found = table._default_manager.filter(run__in=runs, name__in=rows.filter(kind=kind))
        by_name = found.values("name").annotate(runs=Count("run")).order_by("-runs", "name__text")
        counts += by_name.values_list("runs", "name")[:MOST_KEYS]
    counts.sort(key=lambda pair: -pair[0])
    return [name for _, name in counts[:MOST_KEYS]]


Read = Iterator[tuple[int, int, Cell]]


def _texts(table: Any) -> Callable[[list[int], list[int]], Read]:
    def read(runs: list[int], names: list[int]) -> Read:
        rows = table._default_manager.filter(run__in=runs, name__in=names)
        for run, name, value, full in rows.values_list("run_id", "name_id", "value", "full"):
            text = value if full is None else full
            # A tag without a value is still there: that differs from a run without the tag.
            yield run, name, Cell("" if text is None else text)

    return read


def _metrics(runs: list[int], names: list[int]) -> Read:
    rows = Metric.objects.filter(run__in=runs, name__in=names, count__gt=0)
    columns = ("run_id", "name_id", "last", "last_text", "min", "max", "count")
    for run, name, last, text, low, high, count in rows.values_list(*columns):
        yield run, name, Cell(text if last is None else last, low, high, count)


_SOURCES: dict[int, tuple[str, Source, Callable[[list[int], list[int]], Read]]] = {
    Kind.PARAM: ("params", Source.PARAM, _texts(Param)),
    Kind.TAG: ("tags", Source.TAG, _texts(Tag)),
    Kind.PROPERTY: ("properties", Source.PROPERTY, _texts(Property)),
    Kind.METRIC: ("metrics", Source.METRIC, _metrics),
}

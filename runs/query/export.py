"""A list of runs as a table for a file: what is on screen, all of it, read a thousand runs at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from django.http import QueryDict

from runs.errors import Invalid
from runs.limits import number_of
from runs.models import Run, User, Workspace
from runs.query.columns import DEFAULT, NEWEST_FIRST, Column, Sort, parse_columns, parse_sort
from runs.query.conditions import Conditions, Context, make_context
from runs.query.fields import Field, Kind, Source
from runs.query.filters import RunFilters
from runs.query.nodes import Compare, Op, all_of
from runs.query.runs import RunRow, batches_of, plan_runs
from runs.query.value_terms import rows_of
from runs.table_file import WRITERS, Row, TableColumn, Type, Writer

A_BATCH = 1000
# So many rows are reckoned with when it is chosen how to find them.
MANY = 10_000
MOST_CHOSEN = 1000
# Of the texts under a metric's name so many are looked at, to see whether they are more than "NaN".
MOST_LOOKED_AT = 2000
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
_TYPES = {Kind.NUMBER: Type.NUMBER, Kind.DURATION: Type.NUMBER, Kind.TIME: Type.TIME}

_ATTRIBUTES: dict[str, Callable[[Run], Any]] = {
    "id": lambda run: run.public_id,
    "name": lambda run: run.display_name,
    "number": lambda run: run.number,
    "status": lambda run: run.status,
    "description": lambda run: run.description,
    "created": lambda run: run.created_at,
    "started": lambda run: run.started_at,
    "ended": lambda run: run.ended_at,
    "heartbeat": lambda run: run.heartbeat_at,
    "duration": lambda run: run.duration_s,
    "created_by": lambda run: run.created_by.username if run.created_by else None,
    "target": lambda run: run.target or None,
    "type": lambda run: run.run_type,
    "experiment": lambda run: run.experiment.name,
    "parent": lambda run: run.parent.public_id if run.parent else None,
    "children": lambda run: run.child_count,
}
ID = Column("id", "Run ID", Field(Source.ATTRIBUTE, "id"))


class Table:
    """The columns of an export, and its rows in batches. The id comes first whether it is shown or not."""

    def __init__(
        self,
        workspace: Workspace,
        conditions: Conditions,
        *,
        viewer: User | None,
        shown: Sequence[Column] = DEFAULT,
        sort: Sequence[Sort] = NEWEST_FIRST,
        chosen: Sequence[str] = (),
    ) -> None:
        """`chosen` are the public ids of runs, when only those are wanted. Raises Invalid for too many of them."""
        self._shown = [ID, *(column for column in shown if column.key != "id")]
        fields = [column.field for column in self._shown if column.field is not None]
        context = make_context(workspace, conditions, viewer=viewer, fields=fields)
        self.columns = [TableColumn(column.key, _type(column, context)) for column in self._shown]
        narrow = _narrowed(conditions, chosen)
        plan = plan_runs(workspace, narrow, viewer=viewer, sort=sort, columns=self._shown, wanted=MANY)
        self._batches = batches_of(plan, sort=sort, columns=self._shown, size=A_BATCH)
        # Read now, so that what is refused is refused before the answer begins.
        self._first = next(self._batches)

    def batches(self) -> Iterator[list[Row]]:
        """The rows in the order of the list, up to 1,000 at a time. They can be had once."""
        for rows in chain([self._first], self._batches):
            yield [self._row(row) for row in rows]

    def _row(self, row: RunRow) -> Row:
        return [
            _value(column, table.type, row) for column, table in zip(self._shown, self.columns, strict=True)
        ]


def asked_table(workspace: Workspace, asked: QueryDict, *, viewer: User | None) -> Table:
    """The table that the parameters of an address ask for. Raises Invalid, naming the parameter."""
    return Table(
        workspace,
        RunFilters(asked).conditions(),
        viewer=viewer,
        shown=parse_columns(asked.get("columns", "")),
        sort=parse_sort(asked.get("sort", "")),
        chosen=[text for text in asked.getlist("selected") if text],
    )


def writer_of(kind: str) -> tuple[str, Writer]:
    """The kind of file and what writes it. Raises Invalid with field "format"."""
    if kind not in WRITERS:
        raise Invalid(f"There is no format {kind[:40]!r}; take {', '.join(WRITERS)}.", field="format")
    return kind, WRITERS[kind]


def _narrowed(conditions: Conditions, chosen: Sequence[str]) -> Conditions:
    """The conditions, and of what they leave only the chosen runs, children among them."""
    if not chosen:
        return conditions
    if len(chosen) > MOST_CHOSEN:
        raise Invalid(
            f"{len(chosen):,} runs are selected; at most {MOST_CHOSEN:,} can be named. Use a filter instead.",
            field="selected",
        )
    named = Compare(Field(Source.ATTRIBUTE, "id"), Op.IN, tuple(chosen))
    return replace(conditions, tree=all_of([named, *([conditions.tree] if conditions.tree else [])]))


def _type(column: Column, context: Context) -> Type:
    if column.key == "tags":
        return Type.LABELS
    if column.key in ("children", "number"):
        return Type.INTEGER
    if column.field is None:
        return Type.TEXT
    if column.field.source == Source.METRIC:
        return Type.TEXT if _holds_texts(column.field, context) else Type.NUMBER
    if column.field.source == Source.PARAM:
        rows = rows_of(column.field, context)
        is_number = rows.exists() and not rows.filter(number__isnull=True).exists()
        return Type.NUMBER if is_number else Type.TEXT
    return _TYPES.get(column.field.kind, Type.TEXT)


def _holds_texts(field: Field, context: Context) -> bool:
    """Whether some run has a text under this metric's name, not a number that is not finite."""
    rows = rows_of(field, context).filter(last__isnull=True).values_list("last_text", flat=True)
    return field.part == "last" and any(
        text not in _NOT_FINITE for text in rows[:MOST_LOOKED_AT] if text is not None
    )


def _value(column: Column, type: Type, row: RunRow) -> Any:
    if column.key == "tags":
        return row.tags
    read = _ATTRIBUTES.get(column.key)
    if read is not None:
        return read(row.run)
    cell = row.cells.get(column.key)
    if type is Type.NUMBER and isinstance(cell, str):
        return float(cell) if cell in _NOT_FINITE else number_of(cell)
    if type is Type.NUMBER and cell is not None:
        return float(cell)
    return cell if cell is None or type is not Type.TEXT else str(cell)

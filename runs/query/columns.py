"""What a list of runs can show and sort by, and how an address names it."""

from collections.abc import Sequence
from dataclasses import dataclass

from runs.errors import Invalid
from runs.query.fields import MLFLOW_TAGS, SET_BY_SCRIPTS, Field, Kind, Source
from runs.query.grammar import parse_field

MOST_COLUMNS = 100
MOST_SORTS = 5


@dataclass(frozen=True)
class Column:
    """One column. `key` names it in an address and in a row; `field` is None where it is more than one value."""

    key: str
    label: str
    field: Field | None = None

    @property
    def is_number(self) -> bool:
        """Whether it is aligned to the right."""
        return self.key == "children" or (
            self.field is not None and self.field.kind in (Kind.NUMBER, Kind.DURATION)
        )

    @property
    def is_sortable(self) -> bool:
        """Whether a list can be sorted by it."""
        if self.field is None:
            return self.key == "children"
        return self.field.source != Source.DATASET and self.field.key not in _UNSORTABLE


@dataclass(frozen=True)
class Sort:
    """One key of an order.

    With `as_mlflow` parameters are texts, infinities stand among the numbers and NaN behind them, and a status is
    MLflow's word. Users and parents are then what scripts said they are, and what the run has where they said nothing.
    """

    column: Column
    is_descending: bool = False
    as_mlflow: bool = False

    @property
    def told(self) -> Field | None:
        """The tag that MLflow's scripts set to what they like in the place of this attribute, where it has one."""
        tags = (tag for tag in SET_BY_SCRIPTS if MLFLOW_TAGS[tag] == self.column.key)
        tag = next(tags, None) if self.as_mlflow else None
        return Field(Source.TAG, tag) if tag else None

    def __str__(self) -> str:
        return f"{'-' if self.is_descending else ''}{self.column.key}"


_LABELS = {
    "name": "Run",
    "number": "Number",
    "status": "Status",
    "tags": "Tags",
    "description": "Description",
    "created": "Submitted",
    "started": "Started",
    "ended": "Ended",
    "duration": "Duration",
    "created_by": "Submitted by",
    "target": "Compute target",
    "type": "Type",
    "experiment": "Experiment",
    "id": "Run ID",
    "parent": "Parent run",
    "children": "Child runs",
    "heartbeat": "Heartbeat",
}
_SEVERAL = {"tags", "children"}
_UNSORTABLE = {"description", "artifact_uri", "starred", "archived"}
BUILT_IN = {
    key: Column(key, label, None if key in _SEVERAL else Field(Source.ATTRIBUTE, key))
    for key, label in _LABELS.items()
}
DEFAULT = tuple(
    BUILT_IN[key]
    for key in ("name", "status", "experiment", "tags", "created", "duration", "created_by", "target")
)
NEWEST_FIRST = (Sort(BUILT_IN["created"], is_descending=True),)


def parse_columns(text: str) -> tuple[Column, ...]:
    """The columns of an address, such as `name,status,metrics.loss.min`; the default ones for an empty text.

    Twice the same is shown once. Raises Invalid with field "columns".
    """
    found = dict.fromkeys(_column(part, "columns") for part in split(text))
    if len(found) > MOST_COLUMNS:
        raise Invalid(
            f"A list shows at most {MOST_COLUMNS} columns; these are {len(found)}.", field="columns"
        )
    return tuple(found) or DEFAULT


def parse_sort(text: str) -> tuple[Sort, ...]:
    """The order of an address, such as `-metrics.acc,created`; newest first for an empty text.

    `metrics.acc DESC` is understood too. Raises Invalid with field "sort".
    """
    found: dict[Column, Sort] = {}
    for part in split(text):
        sort = _sort(part)
        found.setdefault(sort.column, sort)
    if len(found) > MOST_SORTS:
        raise Invalid(f"A list is sorted by at most {MOST_SORTS} columns.", field="sort")
    return tuple(found.values()) or NEWEST_FIRST


def columns_text(columns: Sequence[Column]) -> str:
    """The columns as an address names them."""
    return ",".join(column.key for column in columns)


def sort_text(sorts: Sequence[Sort]) -> str:
    """The order as an address names it."""
    return ",".join(str(sort) for sort in sorts)


def split(text: str) -> list[str]:
    """The parts between commas, those inside quotes left alone."""
    parts, quote = [""], ""
    for character in text:
        if character == "," and not quote:
            parts.append("")
            continue
        parts[-1] += character
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"`'":
            quote = character
    return [part.strip() for part in parts if part.strip()]


def _sort(text: str) -> Sort:
    text, descending = text.removeprefix("-"), text.startswith("-")
    name, _, word = text.rpartition(" ")
    if name and word.upper() in ("ASC", "DESC"):
        text, descending = name.strip(), word.upper() == "DESC"
    column = _column(text, "sort")
    if not column.is_sortable:
        raise Invalid(f"Runs cannot be sorted by {column.key}.", field="sort")
    return Sort(column, descending)


def _column(text: str, place: str) -> Column:
    several = BUILT_IN.get(text.lower())
    if several is not None:
        return several
    try:
        field = parse_field(text)
    except Invalid as refusal:
        raise Invalid(f"There is no column {text[:80]!r}. {refusal.message}", field=place) from None
    return as_column(field)


def as_column(field: Field) -> Column:
    """The column that shows the field."""
    if field.source == Source.ATTRIBUTE:
        return BUILT_IN.get(field.key) or Column(field.key, field.key.capitalize().replace("_", " "), field)
    return Column(str(field), _label(field), field)


def _label(field: Field) -> str:
    return (
        f"{field.key} ({field.part})" if field.source == Source.METRIC and field.part != "last" else field.key
    )

"""The choice of columns: which, in which order, which number of a metric, how many pinned, and the order of rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

from runs.access import Caller, get_workspace
from runs.errors import Invalid, NotFound
from runs.models import Name, Workspace
from runs.models.name import Kind
from runs.query.columns import BUILT_IN, Column, parse_columns, parse_sort, sort_text
from runs.query.fields import PARTS, Field, Source
from runs.query.suggest import suggest_keys
from runs.query.variety import Variety, variety_of
from runs.web.address import Address
from runs.web.bulk import scope_at
from runs.web.frame import caller_of
from runs.web.headings import keys_of
from runs.web.scope import plan_of
from runs.web.selection import pinned_of

MOST_NAMES = 200
MOST_ASKED = 1000
LISTS = ("runs", "experiment", "run_children")
PART = "part."
KINDS = {
    Kind.TAG: (Source.TAG, "Tags"),
    Kind.PARAM: (Source.PARAM, "Parameters"),
    Kind.METRIC: (Source.METRIC, "Metrics"),
    Kind.PROPERTY: (Source.PROPERTY, "Properties"),
}


@dataclass(frozen=True)
class Choice:
    """A column that may be shown; of a metric, which of its numbers."""

    column: Column
    # Whether it says the same of all runs of the list.
    is_constant: bool = False

    @property
    def source(self) -> str:
        """Where its value comes from, in a word; nothing for what every run has."""
        field = self.column.field
        return "" if field is None or field.source == Source.ATTRIBUTE else str(field.source)

    @property
    def name(self) -> str:
        """Its words, without the part, which is chosen beside it."""
        return self.column.field.key if self.source and self.column.field else self.column.label

    @property
    def parts(self) -> Sequence[str]:
        """The numbers of a metric's series."""
        return PARTS if self.source == Source.METRIC else ()

    @property
    def part(self) -> str:
        """The one that is shown."""
        return self.column.field.part if self.column.field else ""


@require_safe
def columns(request: HttpRequest, workspace: str) -> HttpResponse:
    """The columns that a list may show, as a form that leads back to it; as a dialog for htmx."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    at = list_of(request.GET.get("at", ""), workspace)
    query = request.GET.copy()
    moved, hidden, text = (query.pop(name, [""])[-1] for name in ("move", "hide", "find"))
    shown = list(parse_columns(",".join(chosen_columns(query))))
    _move(shown, moved)
    for name in [name for name in query if name.startswith(PART) or name in ("column", "then", "at")]:
        del query[name]
    address = Address(at, query)
    sort = parse_sort(address.get("sort"))
    variety = _variety(caller, found, address)
    if hidden == "constant":
        shown = [column for column in shown if column.key == "name" or not variety.is_constant(column)]
    facts = {
        "workspace": found,
        "at": at,
        "back": address.having(),
        "shown": [Choice(column, variety.is_constant(column)) for column in shown],
        "groups": list(_groups(found, shown, variety, text)),
        "variety": variety,
        "hidden": list(address.pairs("columns", "pin")),
        "pin": pinned_of(query),
        "keys": keys_of(address, sort),
        "sortable": [column for column in shown if column.is_sortable],
        "most": MOST_NAMES,
    }
    name = "runs/_columns.html" if request.htmx else "runs/columns.html"  # type: ignore[attr-defined]
    return render(request, name, facts)


def one_columns(request: HttpRequest) -> str | None:
    """The address to go to instead, where the form of the columns gave each choice by itself."""
    asked = request.GET
    is_form = "at" in asked or len(asked.getlist("columns")) > 1
    if not (is_form or asked.get("column", "").strip() or asked.get("then")):
        return None
    query = asked.copy()
    chosen = ",".join(chosen_columns(query))
    if then := asked.get("then"):
        query["sort"] = _sorted_also(asked.get("sort", ""), then)
    for name in [name for name in query if name.startswith(PART) or name in ("column", "then", "at")]:
        del query[name]
    if query.get("pin") == "1":
        del query["pin"]
    return Address(request.path, query).having(columns=chosen)


def _sorted_also(text: str, then: str) -> str:
    """The order with one more key; what cannot be read stays, for the list to say so."""
    try:
        return sort_text(parse_sort(",".join(part for part in (text, then) if part)))
    except Invalid:
        return text


def chosen_columns(query: QueryDict) -> list[str]:
    """The keys that the form gave, each metric with the number that was chosen for it."""
    given = [*query.getlist("columns"), query.get("column", "").strip()]
    keys = []
    for text in given:
        part = query.get(f"{PART}{text}", "")
        keys.append(_with_part(text, part) if part in PARTS else text)
    return [key for key in keys if key]


def _with_part(text: str, part: str) -> str:
    try:
        (column,) = parse_columns(text)
    except (Invalid, ValueError):
        return text
    if column.field is None or column.field.source != Source.METRIC:
        return text
    return str(replace(column.field, part=part))


def _move(shown: list[Column], moved: str) -> None:
    """`up metrics.loss` or `down metrics.loss`: what the buttons say where no script moves the rows."""
    way, _, key = moved.partition(" ")
    place = next((n for n, column in enumerate(shown) if column.key == key), None)
    if place is None or way not in ("up", "down"):
        return
    column = shown.pop(place)
    shown.insert(max(0, place + (1 if way == "down" else -1)), column)


def _variety(caller: Caller, workspace: Workspace, address: Address) -> Variety:
    """What differs among the runs of the list; nothing is known while its address holds a mistake."""
    try:
        scope = scope_at(caller, workspace, address)
        sort = parse_sort(address.get("sort"))
        return variety_of(plan_of(scope, caller, address.query, sort), sort)
    except Invalid:
        return Variety()


def _groups(
    workspace: Workspace, shown: Sequence[Column], variety: Variety, text: str
) -> Iterator[tuple[str, list[Choice]]]:
    """What else there is and holds the text, by kind; what differs among the runs of the list comes first."""
    known = {column.key for column in shown}
    yield "Run", _varied([column for column in BUILT_IN.values() if column.key not in known], variety)
    names = Name.objects.offered().filter(workspace=workspace).order_by("text").values_list("text", flat=True)
    for kind, (source, label) in KINDS.items():
        differing = names.filter(kind=kind, text__in=sorted(variety.differing.get(source, ()))[:MOST_ASKED])
        some = suggest_keys(workspace, source, text, most=MOST_NAMES)
        texts = dict.fromkeys(some if text else [*differing[:MOST_NAMES], *some])
        made = [column_of(source, text) for text in list(texts)[:MOST_NAMES]]
        yield label, _varied([column for column in made if column.key not in known], variety)


def _varied(columns: Sequence[Column], variety: Variety) -> list[Choice]:
    choices = [Choice(column, variety.is_constant(column)) for column in columns]
    return sorted(choices, key=lambda choice: choice.is_constant)


def column_of(source: Source, text: str) -> Column:
    field = Field(source, text)
    return Column(str(field), text, field)


def list_of(path: str, workspace: str) -> str:
    """The path, if it is that of a list of this workspace: nothing else may be led to."""
    try:
        match = resolve(unquote(path))
    except Resolver404:
        match = None
    if match is None or match.url_name not in LISTS or match.kwargs.get("workspace") != workspace:
        raise NotFound("There is no list of runs at this address.")
    return path

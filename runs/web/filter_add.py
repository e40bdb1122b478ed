"""Add filter: what to filter by, then how; and what may follow in the filter as one writes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from runs.access import get_workspace
from runs.errors import Invalid
from runs.models import Workspace
from runs.query.columns import BUILT_IN
from runs.query.complete import complete
from runs.query.fields import Field, Kind, Source
from runs.query.filters import RunFilters, key_condition
from runs.query.grammar import parse, parse_field
from runs.query.nodes import all_of, quote, to_text
from runs.query.suggest import Suggestion, suggest_keys, suggest_values
from runs.web import show
from runs.web.address import Address
from runs.web.chips import CHIPS, KEYED, SIMPLE
from runs.web.columns import MOST_NAMES, list_of
from runs.web.frame import caller_of

ATTRIBUTES = ("status", "experiment", "created_by", "target", "type", "created", "duration")
LABELS = {
    Source.TAG: "Tags",
    Source.PARAM: "Parameters",
    Source.METRIC: "Metrics",
    Source.PROPERTY: "Properties",
}
OWN = ("at", "by", "op", "value", "op_now", "value_now", "instead", "cursor", "in", "find")
TEXT_WAYS = (
    ("=", "is"),
    ("!=", "is not"),
    ("contains", "contains"),
    ("is not null", "is there"),
    ("is null", "is missing"),
)
NUMBER_WAYS = (
    ("<", "is less than"),
    ("<=", "is at most"),
    (">", "is more than"),
    (">=", "is at least"),
    ("=", "is"),
)
TIME_WAYS = ((">=", "after"), ("<=", "before"))
SPAN_WAYS = ((">=", "at least"), ("<=", "at most"))
_RANGES = {
    ("created", ">="): "created_after",
    ("created", "<="): "created_before",
    ("duration", ">="): "duration_min",
    ("duration", "<="): "duration_max",
}
_TIMES = (
    ("-1h", "the last hour"),
    ("-1d", "the last day"),
    ("-7d", "the last week"),
    ("-30d", "the last 30 days"),
)


@dataclass(frozen=True)
class Pick:
    """One thing that can be picked by a click."""

    label: str
    url: str
    count: str = ""


@require_safe
def add_filter(request: HttpRequest, workspace: str) -> HttpResponse:
    """What to filter by; with `by` the values it has; with `op` the list that is narrowed so."""
    found = get_workspace(caller_of(request), workspace)
    at = list_of(request.GET.get("at", ""), workspace)
    asked, state = request.GET, request.GET.copy()
    for name in OWN:
        state.pop(name, None)
    address = Address(at, state)
    here = Address(
        request.path, _without(asked, "op", "value", "op_now", "value_now", "cursor", "in", "find")
    )
    facts = {"workspace": found, "at": at, "back_url": address.having()}
    if not asked.get("by"):
        return _show(request, facts | {"groups": list(_fields(found, here, asked.get("find", "")))})
    field = parse_field(asked["by"])
    refusal = None
    if asked.get("op"):
        try:
            return redirect(
                narrowed(
                    _dropped(address, asked.get("instead", "")), field, asked["op"], asked.get("value", "")
                )
            )
        except Invalid as refused:
            refusal = refused
    facts |= {
        "field": field,
        "label": _title_of(field),
        "ways": ways_of(field),
        "op": asked.get("op") or asked.get("op_now", ""),
        "value": asked.get("value") or asked.get("value_now", ""),
        "hint": _HINTS.get(field.kind, "a value"),
        "picks": list(_values(found, field, here)),
        "hidden": list(here.pairs("op", "value")),
        "other_url": here.having(by=None, instead=None),
        "refusal": refusal,
    }
    return _show(request, facts, status=400 if refusal else 200)


@require_safe
def completions(request: HttpRequest, workspace: str) -> HttpResponse:
    """What may follow the `text` of a filter, as JSON for the list below the field."""
    found = get_workspace(caller_of(request), workspace)
    made = complete(found, request.GET.get("text", "")[:20_000])
    options = [{"text": option.text, "note": option.note} for option in made.options]
    return JsonResponse({"start": made.start, "options": options})


def _title_of(field: Field) -> str:
    """What is filtered by: the attribute's name, or the kind of value and its key."""
    if field.source == Source.ATTRIBUTE:
        return BUILT_IN[field.key].label
    return f"{CHIPS[KEYED[field.source]].capitalize()} {field.key}"


def narrowed(address: Address, field: Field, op: str, value: str) -> str:
    """The list with one condition more: as a chip where a chip can say it, else in the filter. Raises Invalid."""
    if op not in dict(ways_of(field)):
        raise Invalid(f"{field} is not compared by {op[:20]!r}.", field="op")
    value, query = value.strip(), address.query.copy()
    if "null" not in op and not value:
        raise Invalid(f"Write what {field} is compared with.", field="value")
    if field.source == Source.ATTRIBUTE and (field.key, op) in _RANGES:
        query[_RANGES[field.key, op]] = value
    elif field.source == Source.ATTRIBUTE and op == "=":
        query.appendlist(SIMPLE[field.key], value)
    else:
        _put(query, field, op, value)
    RunFilters(query).conditions()  # so that a mistake is told here, beside what was written
    return Address(address.path, query).having()


def ways_of(field: Field) -> tuple[tuple[str, str], ...]:
    """The comparisons that are offered, each with its word."""
    if field.source == Source.METRIC:
        return (*NUMBER_WAYS, ("is not null", "is there"), ("is null", "is missing"))
    if field.source == Source.PARAM:
        return (*TEXT_WAYS, *NUMBER_WAYS[:4])
    if field.kind == Kind.TIME:
        return TIME_WAYS
    if field.kind == Kind.DURATION:
        return SPAN_WAYS
    return TEXT_WAYS[:2] if field.kind == Kind.STATUS else TEXT_WAYS


def _put(query: QueryDict, field: Field, op: str, value: str) -> None:
    """The condition as a chip of its key, if that means the same; else at the end of the filter."""
    is_number = field.source == Source.METRIC or op in ("<", "<=", ">", ">=")
    operand = "" if "null" in op else f" {value if is_number else quote(value)}"
    node = parse(f"{field} {op}{operand}")
    name = KEYED.get(field.source)
    key = field.key if field.part == "last" else f"{field.key}.{field.part}"
    chip = key if op == "is not null" else f"{key}{op}{value}"
    try:
        is_same = name is not None and key_condition(field.source, chip) == node
    except Invalid:
        is_same = False
    if is_same and name is not None:
        query.appendlist(name, chip)
    else:
        query["filter"] = to_text(all_of([parse(query.get("filter", "")), node]))


def _dropped(address: Address, instead: str) -> Address:
    """The address without the chip that is edited, told as `name=value`."""
    name, sign, value = instead.partition("=")
    if not sign or name not in RunFilters.base_filters:
        return address
    return Address(address.path, QueryDict(address.dropping(name, value).partition("?")[2]))


def _fields(workspace: Workspace, here: Address, text: str) -> Iterator[tuple[str, list[Pick]]]:
    """By kind, what runs have and whose name holds the text."""
    yield "Run", [Pick(BUILT_IN[key].label, here.having(by=key)) for key in ATTRIBUTES]
    for source, label in LABELS.items():
        names = suggest_keys(workspace, source, text, most=MOST_NAMES)
        yield label, [Pick(name, here.having(by=str(Field(source, name)))) for name in names]


def _values(workspace: Workspace, field: Field, here: Address) -> Iterator[Pick]:
    """The values that exist, each a click that narrows the list to it."""
    if field.kind == Kind.TIME:
        for text, label in _TIMES:
            yield Pick(label, here.having(op=">=", value=text))
        return
    try:
        found = suggest_values(workspace, field)
    except Invalid:
        return
    for each in found:
        yield _pick(field, each, here)


def _pick(field: Field, each: Suggestion, here: Address) -> Pick:
    count = str(each.count or "")
    if each.text is None:
        return Pick("there, with or without a value", here.having(op="is not null"), count)
    label = show.word_of(each.text) if field.kind == Kind.STATUS else each.text
    return Pick(label, here.having(op="=", value=each.text), count)


def _without(query: QueryDict, *names: str) -> QueryDict:
    left = query.copy()
    for name in names:
        left.pop(name, None)
    return left


def _show(request: HttpRequest, facts: dict[str, object], status: int = 200) -> HttpResponse:
    name = "runs/_filter.html" if request.htmx else "runs/filter.html"  # type: ignore[attr-defined]
    return render(request, name, facts | {"most": MOST_NAMES}, status=status)


_HINTS = {
    Kind.NUMBER: "0.3",
    Kind.TIME: "2026-11-01 or -7d",
    Kind.DURATION: "90s, 15m or 1h30m",
    Kind.PARAM: "a value or a number",
}

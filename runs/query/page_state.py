"""What a saved view keeps of an address: the canonical form of it, whether it makes sense, and what has gone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from runs.errors import Invalid
from runs.models import SavedView
from runs.query.charts import chart_text, parse_chart
from runs.query.columns import NEWEST_FIRST, columns_text, parse_columns, parse_sort, sort_text
from runs.query.filters import RunFilters
from runs.query.literals import FLAGS

State = dict[str, list[str]]
# A run whose children are looked into is not a change that one would save by itself.
_PASSING = {"open"}
# What an address of a list has besides, and no view keeps.
PAGE_ONLY = frozenset({"cursor", "view", "version", "in", "only", "depth"})
_ORDERED = {"chart", "selected", "open"}
_SWITCHES = {"include_children", "mine", "archived"}
_ONE = {
    *("filter", "q", "created_after", "created_before", "duration_min", "duration_max", "parent"),
    *_SWITCHES,
    *("sort", "columns", "group", "only", "pin"),
}
LABELS = {
    "q": "Search",
    "submitted_by": "Submitted by",
    "created_after": "Submitted after",
    "created_before": "Submitted before",
    "duration_min": "At least",
    "duration_max": "At most",
    "param": "Parameter",
    "include_children": "Child runs",
    "mine": "Only my runs",
    "archived": "Archived",
    "group": "Grouped by",
    "selected": "Selected runs",
    "only": "Shown",
    "open": "Opened runs",
    "pin": "Pinned columns",
}


@dataclass(frozen=True)
class Difference:
    """A part in which two states differ, and what each says; nothing where it says nothing."""

    label: str
    first: str
    second: str


def state_of(asked: Mapping[str, Any]) -> State:
    """The state that an address or a kept view says, canonical where it can be read, else as it stands.

    Takes a QueryDict, or names with one text or a list of texts. Other parameters are left out.
    """
    state: State = {}
    for name in SavedView.PARAMETERS:
        texts = [text for text in (text.strip() for text in _texts(asked, name)) if text]
        if name in _ONE:
            texts = texts[-1:]
        texts = [_canonical(name, text) for text in dict.fromkeys(texts)]
        texts = [text for text in texts if text]
        if texts:
            state[name] = texts if name in _ORDERED else sorted(texts)
    return state


def read_state(asked: Mapping[str, Any]) -> State:
    """The state, checked by the parsers of the list itself. Raises Invalid, naming the parameter."""
    state = state_of(asked)
    RunFilters(state_query(state)).conditions()
    parse_sort(_one(state, "sort"))
    parse_columns(_one(state, "columns"))
    for text in state.get("chart", []):
        parse_chart(text)
    for name in _SWITCHES:
        if _one(state, name) not in ("", "true", "false"):
            raise Invalid(f"{name} is true or false.", field=name)
    if (pinned := _one(state, "pin")) and not (pinned.isdecimal() and len(pinned) < 4):
        raise Invalid(f"{pinned[:40]!r} is not a number of columns.", field="pin")
    if _one(state, "only") not in ("", "selected"):
        raise Invalid("Only the selected runs can be shown alone.", field="only")
    return state


def state_in(text: str) -> QueryDict:
    """The parameters of an address that was written as one text, with or without its question mark."""
    try:
        return QueryDict(text.partition("?")[2] if "?" in text.partition("=")[0] else text)
    except TooManyFieldsSent:
        raise Invalid("This address holds more parameters than can be read.", field="address") from None


def check_known(sent: QueryDict) -> None:
    """Raise Invalid for a parameter of an address that no list has: what it was to narrow would not be narrowed."""
    for name in sent:
        if name not in SavedView.PARAMETERS and name not in PAGE_ONLY:
            raise Invalid(
                f"{name[:80]!r} is not a part of a view. There are: {', '.join(SavedView.PARAMETERS)}.",
                field="state",
            )


def state_text(state: Mapping[str, Sequence[str]]) -> str:
    """The state as the part of an address after the question mark."""
    query = QueryDict(mutable=True)
    for name in SavedView.PARAMETERS:
        query.setlist(name, list(state.get(name, [])))
    return query.urlencode(safe="=,:<>'()")


def is_same(first: State, second: State) -> bool:
    """Whether both show the same, runs that are merely looked into aside."""
    return {k: v for k, v in first.items() if k not in _PASSING} == {
        k: v for k, v in second.items() if k not in _PASSING
    }


def differences(first: State, second: State) -> Iterator[Difference]:
    """In which parts they differ, in the order of SavedView.PARAMETERS."""
    for name in SavedView.PARAMETERS:
        if name not in _PASSING and first.get(name) != second.get(name):
            label = LABELS.get(name, name.capitalize())
            yield Difference(label, _words(first.get(name)), _words(second.get(name)))


def _words(texts: Sequence[str] | None) -> str:
    return ", ".join(texts or ())


def _texts(asked: Mapping[str, Any], name: str) -> Iterable[str]:
    if isinstance(asked, MultiValueDict):
        return [str(text) for text in asked.getlist(name)]
    value = asked.get(name)
    if value is None:
        return []
    return [str(text) for text in value] if isinstance(value, list | tuple) else [str(value)]


def _canonical(name: str, text: str) -> str:
    if name in _SWITCHES:
        is_on = FLAGS.get(text.lower())
        word = text if is_on is None else "true" if is_on else "false"
        return "" if (name, word) == ("mine", "false") else word
    try:
        return _CANONICAL[name](text) if name in _CANONICAL else text
    except Invalid:
        return text


def _canonical_sort(text: str) -> str:
    order = parse_sort(text)
    return "" if order == NEWEST_FIRST else sort_text(order)


def _canonical_pin(text: str) -> str:
    return "" if text == "1" else text


_CANONICAL: dict[str, Callable[[str], str]] = {
    "sort": _canonical_sort,
    "columns": lambda text: columns_text(parse_columns(text)),
    "chart": lambda text: chart_text(parse_chart(text)),
    "pin": _canonical_pin,
}


def _one(state: State, name: str) -> str:
    return next(iter(state.get(name, [])), "")


def state_query(state: State) -> QueryDict:
    """The state as parameters."""
    query = QueryDict(mutable=True)
    for name, texts in state.items():
        query.setlist(name, texts)
    return query

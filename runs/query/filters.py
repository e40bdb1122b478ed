"""The filter parameters of an address: simple ones and `filter`, all ending in the same conditions.

`tag=team=vision` says the same as `filter=tags.team = 'vision'`. A mistake is an error of the form, at its field,
and says where. A parameter that may come several times is read whole, so commas need no escape.
"""

import re
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES
from drf_spectacular.utils import extend_schema_field

from runs.errors import Invalid
from runs.models import Run
from runs.query import literals, moments
from runs.query.conditions import Conditions, make_context
from runs.query.fields import PARTS, Field, Kind, Source, attribute
from runs.query.grammar import parse
from runs.query.lexer import composed, first_unstorable
from runs.query.nodes import Compare, Node, Op, Scalar, all_of
from runs.query.planner import make_plan
from runs.query.search import words_of

_METRIC = re.compile(r"(.+?)\s*(<=|>=|!=|=|<|>)\s*([^<>=]+)", re.DOTALL)
MOST_VALUES = 50


class SeveralField(forms.Field):
    """A parameter that may come several times: a list of texts."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[str]:
        """The texts that are not empty, each once."""
        texts = [str(text) for text in (value if isinstance(value, list | tuple) else [value]) if text]
        if len(texts) > MOST_VALUES:
            raise forms.ValidationError(f"At most {MOST_VALUES} values are allowed here.", code="invalid")
        if any(first_unstorable(text) is not None for text in texts):
            raise forms.ValidationError("A character here cannot be part of any value.", code="invalid")
        return list(dict.fromkeys(composed(text) for text in texts))


class SwitchField(forms.Field):
    """true or false, as a link or a checkbox says it; None when it is not given."""

    def to_python(self, value: Any) -> bool | None:
        """The switch, or an error for any other word."""
        if value in EMPTY_VALUES:
            return None
        known = literals.FLAGS.get(str(value).lower())
        if known is None:
            raise forms.ValidationError("Write true or false.", code="invalid")
        return known


class _Untouched:
    """A parameter whose condition is made by the whole FilterSet: alone it touches no queryset."""

    def filter(self, qs: Any, value: Any) -> Any:
        """Nothing: see `RunFilters.filter_queryset`."""
        return qs


class Text(_Untouched, filters.CharFilter):
    """A text."""


class Several(_Untouched, filters.MultipleChoiceFilter):
    """A text that may come several times."""

    field_class = SeveralField


class Switch(_Untouched, filters.BooleanFilter):
    """true or false; the library's own widget would take any other word for nothing at all."""

    field_class = SwitchField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput, **kwargs)


def _several(label: str) -> Several:
    shape = extend_schema_field({"type": "string", "description": label})
    return cast(Several, shape(Several(label=label)))


class RunFilters(filters.FilterSet):
    """What narrows a list of runs, for the page and for REST."""

    filter = Text(label="A filter such as: status = 'Failed' and metrics.loss < 0.3")
    q = Text(label="Words to find in name, id, description, experiment, submitter, tags and status")
    status = _several("One of these statuses, such as Running; several may be given")
    experiment = _several("In one of these experiments")
    tag = _several("With this tag: key, or key=value; of several, each must hold")
    property = _several("With this property: key, or key=value; of several, each must hold")
    param = _several("With this parameter: key, key=value or lr<0.01; of several, each must hold")
    metric = _several("With this metric: name, or a bound such as loss<0.3; of several, each must hold")
    target = _several("On one of these compute targets")
    submitted_by = _several("Submitted by one of these people")
    created_after = Text(label="Submitted at or after this date, date with time, or -7d")
    created_before = Text(label="Submitted before the end of this date, date with time, or -7d")
    duration_min = Text(label="Ran at least this long, such as 15m")
    duration_max = Text(label="Ran at most this long, such as 1h30m")
    type = _several("Of one of these types")
    parent = Text(label="Child runs of the run with this id")
    below = Text(label="Runs at any depth below the run with this id")
    include_children = Switch(label="Child runs too")
    mine = Switch(label="Only runs that I submitted")
    archived = Switch(label="Only archived runs; without it, only those that are not")

    class Meta:
        model = Run
        fields: list[str] = []

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__({} if data is None else data, *args, **kwargs)

    def conditions(self) -> Conditions:
        """What the parameters say together; raises Invalid, naming the parameter, for a form that is not valid."""
        if not self.is_valid():
            field, errors = next(iter(self.form.errors.get_json_data().items()))
            position = self.positions.get(field)
            raise Invalid(errors[0]["message"], field=field, position=position)
        values = self.form.cleaned_data
        return Conditions(
            tree=self._tree,
            search=values["q"] or "",
            include_children=values["include_children"],
            archived=values["archived"],
            mine=bool(values["mine"]),
        )

    def is_valid(self) -> bool:
        """Whether every parameter makes sense; each that does not has its error in the form."""
        if not hasattr(self, "positions"):
            self.positions: dict[str, int] = {}
            self._tree: Node | None = None
            if super().is_valid():
                self._read(self.form.cleaned_data)
        return not self.form.errors

    def filter_queryset(self, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """The runs of the queryset that the conditions leave, for generic views that list a workspace's runs."""
        first = queryset.select_related("workspace").first()
        if first is None:
            return queryset
        viewer = getattr(self.request, "user", None)
        conditions = self.conditions()
        plan = make_plan(make_context(first.workspace, conditions, viewer=viewer), conditions)
        return queryset.filter(pk__in=plan.runs())

    def _read(self, values: dict[str, Any]) -> None:
        nodes: list[Node | None] = []
        for name, read in _READERS.items():
            if values.get(name) in EMPTY_VALUES:
                continue
            try:
                nodes.append(read(values[name]))
            except Invalid as refusal:
                self.form.add_error(name, refusal.message)
                if refusal.position is not None:
                    self.positions[name] = refusal.position
        self._tree = all_of(nodes)


def key_condition(source: Source, text: str) -> Node:
    """`key`, `key=value` or, of numbers, `key<0.3`, as a comparison. Keys may hold anything but these signs."""
    found = _METRIC.fullmatch(text) if source in (Source.METRIC, Source.PARAM) else None
    if found is not None:
        key, op, value = found[1].strip(), Op(found[2]), found[3].strip()
    else:
        key, sign, value = text.partition("=")
        op = Op.EQ if sign else Op.IS_NOT_NULL
    is_cut = found is None and source in (Source.METRIC, Source.PARAM) and any(sign in text for sign in "<>")
    if not key.strip() or is_cut or (source == Source.METRIC and op is Op.EQ and not value):
        raise Invalid(
            f"I did not understand {text!r}: write a name, or a bound such as loss<0.3.", field="filter"
        )
    field = _field(source, key)
    if op is Op.IS_NOT_NULL:
        return Compare(field, op)
    return Compare(field, op, _value(field, op, value))


def _field(source: Source, key: str) -> Field:
    """The key's field; `loss.min` is the least value of loss, as in a filter."""
    name, _, part = key.rpartition(".")
    if source == Source.METRIC and name and part in PARTS:
        return Field(source, name, part)
    return Field(source, key)


def _value(field: Field, op: Op, text: str) -> Scalar:
    if field.source in (Source.TAG, Source.PROPERTY) or (
        field.source == Source.PARAM and op in (Op.EQ, Op.NE)
    ):
        return text
    number = literals.number(text)
    if number is None:
        raise Invalid(f"I did not understand {text!r}: {field} is compared with a number.", field="filter")
    return number


def _one_of(key: str, texts: Iterable[str]) -> Node:
    field = _attribute(key)
    values = tuple(texts)
    for word in values if field.kind == Kind.STATUS else ():
        if literals.statuses_of(word) is None:
            sentence = f"There is no status {word!r}. The statuses are {literals.STATUSES}."
            raise Invalid(sentence, field="filter")
    return Compare(field, Op.EQ, values[0]) if len(values) == 1 else Compare(field, Op.IN, values)


def _each(source: Source, texts: Iterable[str]) -> Node | None:
    return all_of([key_condition(source, text) for text in texts])


def _moment(key: str, op: Op, text: str) -> Node:
    try:
        return Compare(_attribute(key), op, moments.parse_moment(text))
    except ValueError:
        raise Invalid(
            f"I did not understand {text!r}: a time is written 2026-11-01, 2026-11-01 10:30 or -7d.",
            field="filter",
        ) from None


def _span(op: Op, text: str) -> Node:
    try:
        return Compare(_attribute("duration"), op, moments.parse_span(text))
    except ValueError:
        raise Invalid(
            f"I did not understand {text!r}: a duration is written 90s, 15m or 1h30m.", field="filter"
        ) from None


def _storable(text: str) -> str:
    if first_unstorable(text) is not None:
        raise Invalid("A character here cannot be part of any value.", field="filter")
    return composed(text)


def _attribute(key: str) -> Field:
    return cast(Field, attribute(key))


_READERS: dict[str, Any] = {
    "filter": parse,
    "q": lambda text: words_of(text) and None,
    "status": lambda texts: _one_of("status", texts),
    "experiment": lambda texts: _one_of("experiment", texts),
    "tag": lambda texts: _each(Source.TAG, texts),
    "property": lambda texts: _each(Source.PROPERTY, texts),
    "param": lambda texts: _each(Source.PARAM, texts),
    "metric": lambda texts: _each(Source.METRIC, texts),
    "target": lambda texts: _one_of("target", texts),
    "submitted_by": lambda texts: _one_of("created_by", texts),
    "created_after": lambda text: _moment("created", Op.GE, text),
    "created_before": lambda text: _moment("created", Op.LE, text),
    "duration_min": lambda text: _span(Op.GE, text),
    "duration_max": lambda text: _span(Op.LE, text),
    "type": lambda texts: _one_of("type", texts),
    "parent": lambda text: _one_of("parent", [_storable(text)]),
    "below": lambda text: _one_of("ancestor", [_storable(text)]),
}

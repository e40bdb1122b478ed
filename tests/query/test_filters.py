"""The parameters of an address end in the same conditions as the filter they could have been written as."""

import pytest
from django.http import QueryDict

from runs.errors import Invalid
from runs.query.filters import RunFilters
from runs.query.nodes import to_text

SAME = {
    "status=Failed": "status = 'Failed'",
    "status=Failed&status=Canceled": "status in ('Failed', 'Canceled')",
    "experiment=digits": "experiment = 'digits'",
    "tag=team": "tags.team is not null",
    "tag=team=vision": "tags.team = 'vision'",
    "tag=team=a=b": "tags.team = 'a=b'",
    "tag=a&tag=b=1": "tags.a is not null and tags.b = '1'",
    "tag=": "",
    "property=commit=abc": "properties.commit = 'abc'",
    "param=lr=0.1": "params.lr = '0.1'",
    "param=lr<0.1": "params.lr < 0.1",
    "metric=loss": "metrics.loss is not null",
    "metric=loss<0.3": "metrics.loss < 0.3",
    "metric=loss.min<0.3": "metrics.loss.min < 0.3",
    "metric=eval.loss<0.3": "metrics.eval.loss < 0.3",
    "metric=loss.count": "metrics.loss.count is not null",
    "metric=val loss >= -1e-3": 'metrics."val loss" >= -0.001',
    "metric=acc=NaN": "metrics.acc = NaN",
    "target=gpu": "target = 'gpu'",
    "submitted_by=ada&submitted_by=bob": "created_by in ('ada', 'bob')",
    "created_after=2026-11-01": "created >= 2026-11-01",
    "created_before=-7d": "created <= -7d",
    "duration_min=15m&duration_max=1h30m": "duration >= 15m and duration <= 1h30m",
    "type=sweep": "type = 'sweep'",
    "parent=abc": "parent = 'abc'",
    "below=abc": "ancestor = 'abc'",
    "filter=status = 'Failed' or tags.a is null&tag=b": "(status = 'Failed' or tags.a is null) and tags.b is not null",
    "unknown=1": "",
}


def read(query: str) -> RunFilters:
    return RunFilters(QueryDict(query.replace("+", "%2B")))


@pytest.mark.parametrize(("query", "text"), SAME.items())
def test_parameters_say_the_same_as_a_filter(query: str, text: str) -> None:
    assert to_text(read(query).conditions().tree) == text


def test_switches_and_words_stand_beside_the_tree() -> None:
    conditions = read("q=bert large&mine=true&include_children=1&archived=false").conditions()
    assert (conditions.search, conditions.mine) == ("bert large", True)
    assert (conditions.include_children, conditions.archived) == (True, False)


@pytest.mark.parametrize(
    ("query", "field", "part"),
    [
        ("filter=metrics.loss < x", "filter", "'x' at character 16"),
        ("status=Flying", "status", "There is no status 'Flying'. The statuses are NotStarted, "),
        ("metric=loss<abc", "metric", "'abc'"),
        ("metric=<3", "metric", "name"),
        ("tag==x", "tag", "name"),
        ("created_after=soon", "created_after", "'soon'"),
        ("duration_min=long", "duration_min", "'long'"),
        ("tag=a%00", "tag", "cannot be part"),
        ("filter=tags.x = '%00'", "filter", ""),
        ("q=%00", "q", ""),
        ("parent=%00", "parent", ""),
        ("q=" + "a" * 501, "q", "501"),
        ("&".join(f"tag=t{n}" for n in range(51)), "tag", "At most 50"),
    ],
)
def test_a_mistake_is_an_error_at_its_parameter(query: str, field: str, part: str) -> None:
    filters = read(query)
    assert not filters.is_valid()
    assert part in filters.form.errors[field][0]
    with pytest.raises(Invalid) as refusal:
        filters.conditions()
    assert refusal.value.field == field
    assert part in refusal.value.message


def test_a_mistake_in_the_filter_gives_its_place() -> None:
    with pytest.raises(Invalid) as refusal:
        read("filter=metrics.loss < x").conditions()
    assert refusal.value.position == 15


def test_the_parameters_stand_in_an_openapi_schema(capsys: pytest.CaptureFixture[str]) -> None:
    from django.urls import path
    from django_filters.rest_framework import DjangoFilterBackend
    from drf_spectacular.generators import SchemaGenerator
    from rest_framework import generics, serializers

    from runs.models import Run

    class Shape(serializers.ModelSerializer):
        class Meta:
            model = Run
            fields = ["number"]

    class Listing(generics.ListAPIView):
        queryset = Run.objects.all()
        serializer_class = Shape
        filter_backends = [DjangoFilterBackend]
        filterset_class = RunFilters

    schema = SchemaGenerator(patterns=[path("runs/", Listing.as_view())]).get_schema(public=True)
    parameters = {p["name"]: p for p in schema["paths"]["/runs/"]["get"]["parameters"]}
    assert {"filter", "q", "tag", "metric", "mine", "created_after"} <= set(parameters)
    assert parameters["tag"]["description"].startswith("With this tag")
    assert parameters["tag"]["schema"] == {"type": "array", "items": {"type": "string"}}
    assert parameters["mine"]["schema"] == {"type": "boolean"}
    assert not capsys.readouterr().err

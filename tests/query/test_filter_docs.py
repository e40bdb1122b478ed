"""What docs/filter.md shows is true."""

import re
from pathlib import Path

import pytest
from django.http import QueryDict

from runs.errors import Invalid
from runs.query.columns import parse_columns, parse_sort
from runs.query.fields import ATTRIBUTES
from runs.query.filters import RunFilters
from runs.query.grammar import parse
from runs.query.nodes import to_text

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "filter.md").read_text()


def examples(kind: str) -> list[str]:
    blocks = re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("text", examples("filter"))
def test_the_examples_are_understood(text: str) -> None:
    assert parse(to_text(parse(text))) == parse(text)


@pytest.mark.parametrize("text", examples("refused"))
def test_the_mistakes_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


@pytest.mark.parametrize(
    ("query", "text"), re.findall(r"^\| `(\w+=[^`]*)` \| `([^`]*)` \|$", TEXT, re.MULTILINE)
)
def test_the_simple_parameters_say_so(query: str, text: str) -> None:
    assert to_text(RunFilters(QueryDict(query)).conditions().tree) == text


def test_every_attribute_and_parameter_is_described() -> None:
    named = set(re.findall(r"`(\w+)`", TEXT))
    assert set(ATTRIBUTES) - {"artifact_uri"} <= named
    parameters = set(re.findall(r"`?(\w+)=", TEXT))
    assert set(RunFilters.base_filters) <= parameters | named


def test_the_orders_and_columns_are_understood() -> None:
    (sort,) = re.findall(r"`sort=([^`]*)`", TEXT)
    (columns,) = re.findall(r"`columns=([^`]*)`", TEXT)
    assert parse_sort(sort) and parse_columns(columns)

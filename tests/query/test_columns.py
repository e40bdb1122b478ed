"""How an address names columns and orders."""

import pytest

from runs.errors import Invalid
from runs.query.columns import DEFAULT, NEWEST_FIRST, columns_text, parse_columns, parse_sort, sort_text


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("name,status", ["name", "status"]),
        (" name , status ,", ["name", "status"]),
        ("name,name", ["name"]),
        ("tags,children,id", ["tags", "children", "id"]),
        ("Tags.team,tag.team", ["tags.team"]),
        ("metrics.loss.min,metric.loss", ["metrics.loss.min", "metrics.loss"]),
        ('tags."a,b",params.`c d`', ['tags."a,b"', 'params."c d"']),
        ("run_name,start_time", ["name", "started"]),
    ],
)
def test_columns_of_an_address(text: str, keys: list[str]) -> None:
    columns = parse_columns(text)
    assert [column.key for column in columns] == keys
    assert parse_columns(columns_text(columns)) == columns


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("-metrics.acc,name", "-metrics.acc,name"),
        ("metrics.acc DESC,name asc", "-metrics.acc,name"),
        ("attributes.start_time DESC", "-started"),
        ("-created,created", "-created"),
        ('-tags."a,b"', '-tags."a,b"'),
        ("-children", "-children"),
    ],
)
def test_orders_of_an_address(text: str, again: str) -> None:
    assert sort_text(parse_sort(text)) == again


def test_nothing_means_the_default() -> None:
    assert parse_columns("") == DEFAULT
    assert parse_sort(" ") == NEWEST_FIRST


@pytest.mark.parametrize(
    "text", ["password", "metrics.", "created_by__password", "owner.token", "name;", "k" * 600, "tags.a b"]
)
def test_what_is_no_column_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_columns(text)
    assert refusal.value.field == "columns"
    with pytest.raises(Invalid) as refusal:
        parse_sort(text)
    assert refusal.value.field == "sort"


@pytest.mark.parametrize("text", ["tags", "description", "starred", "datasets.name"])
def test_what_has_no_order_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cannot be sorted"):
        parse_sort(text)


def test_there_are_limits() -> None:
    with pytest.raises(Invalid, match="at most 100 columns"):
        parse_columns(",".join(f"tags.t{n}" for n in range(101)))
    with pytest.raises(Invalid, match="at most 5"):
        parse_sort(",".join(f"tags.t{n}" for n in range(6)))

"""The filter language: what is accepted and what it means, what is refused and where, and back to text."""

import pytest

from runs.errors import Invalid
from runs.query.fields import Field, Source, attribute
from runs.query.grammar import CLAUSES, DEPTH, LENGTH, parse, parse_field
from runs.query.moments import Moment, Span
from runs.query.nodes import And, Compare, Node, Not, NotFinite, Op, Or, to_text


def a(name: str) -> Field:
    found = attribute(name)
    assert found is not None
    return found


def tag(key: str) -> Field:
    return Field(Source.TAG, key)


def metric(key: str, part: str = "last") -> Field:
    return Field(Source.METRIC, key, part)


def param(key: str) -> Field:
    return Field(Source.PARAM, key)


FAILED = Compare(a("status"), Op.EQ, "Failed")
TAGGED = Compare(tag("x"), Op.IS_NOT_NULL)
LOW = Compare(metric("loss"), Op.LT, 0.3)

MEANINGS: dict[str, Node | None] = {
    "": None,
    "  \n ": None,
    "status = 'Failed'": FAILED,
    "STATUS='Failed'": FAILED,
    "attributes.status = 'Failed'": FAILED,
    'attr.status = "Failed"': FAILED,
    "run.status = Failed": FAILED,
    "`status` = 'Failed'": FAILED,
    "attribute.`status` = 'Failed'": FAILED,
    # and, or, not and brackets
    "status='Failed' AND tags.x IS NOT NULL": And((FAILED, TAGGED)),
    "status='Failed' and tags.x is not null or metrics.loss < 0.3": Or((And((FAILED, TAGGED)), LOW)),
    "status='Failed' and (tags.x is not null or metrics.loss < .3)": And((FAILED, Or((TAGGED, LOW)))),
    "not status='Failed' and metrics.loss < 0.3": And((Not(FAILED), LOW)),
    "not (status='Failed' and metrics.loss < 3e-1)": Not(And((FAILED, LOW))),
    "NOT NOT tags.x IS NOT NULL": Not(Not(TAGGED)),
    "((tags.x is not null))": TAGGED,
    "status='Failed' and (tags.x is not null and metrics.loss < 0.3)": And((FAILED, TAGGED, LOW)),
    "not tags.x IS NOT NULL": Not(TAGGED),
    # keys
    "tags.mlflow.source.name = '1'": Compare(tag("mlflow.source.name"), Op.EQ, "1"),
    "tags.mlflow.parentRunId = '1'": Compare(a("parent"), Op.EQ, "1"),
    "tags.mlflow.runName LIKE 'x%'": Compare(a("name"), Op.LIKE, "x%"),
    "tags.\"mlflow.runName\" = '1'": Compare(tag("mlflow.runName"), Op.EQ, "1"),
    "tags.\"great run\" = '1'": Compare(tag("great run"), Op.EQ, "1"),
    "tag.`great run` = '1'": Compare(tag("great run"), Op.EQ, "1"),
    'tags."a ""b""" is null': Compare(tag('a "b"'), Op.IS_NULL),
    "tags.team-a = '1'": Compare(tag("team-a"), Op.EQ, "1"),
    "tags.u\u0308 = 'e\u0301'": Compare(tag("ü"), Op.EQ, "é"),
    "tags.größe = '1'": Compare(tag("größe"), Op.EQ, "1"),
    "properties.git/commit = 'a'": Compare(Field(Source.PROPERTY, "git/commit"), Op.EQ, "a"),
    "metrics.val/loss.min < 1": Compare(metric("val/loss", "min"), Op.LT, 1.0),
    "metrics.loss.last < 0.3": LOW,
    'metrics."loss.min" < 1': Compare(metric("loss.min"), Op.LT, 1.0),
    'metrics."loss".min < 1': Compare(metric("loss", "min"), Op.LT, 1.0),
    "metrics.loss.min.max < 1": Compare(metric("loss.min", "max"), Op.LT, 1.0),
    "metrics.loss.minimum < 1": Compare(metric("loss.minimum"), Op.LT, 1.0),
    "metrics.min < 1": Compare(metric("min"), Op.LT, 1.0),
    "metrics.loss.count >= 10": Compare(metric("loss", "count"), Op.GE, 10.0),
    "params.lr.min = '1'": Compare(param("lr.min"), Op.EQ, "1"),
    # values
    "metrics.loss<-0.5": Compare(metric("loss"), Op.LT, -0.5),
    "metrics.loss=NaN": Compare(metric("loss"), Op.EQ, NotFinite.NAN),
    "metrics.loss != -inf": Compare(metric("loss"), Op.NE, NotFinite.MINUS_INFINITY),
    "metrics.loss < 1e999": Compare(metric("loss"), Op.LT, NotFinite.INFINITY),
    "metrics.loss in (1, 2.5)": Compare(metric("loss"), Op.IN, (1.0, 2.5)),
    "params.lr = 0.1": Compare(param("lr"), Op.EQ, 0.1),
    "params.lr = '0.1'": Compare(param("lr"), Op.EQ, "0.1"),
    "params.opt = adam": Compare(param("opt"), Op.EQ, "adam"),
    "tags.fold = 3": Compare(tag("fold"), Op.EQ, "3"),
    "tags.x = 'it''s'": Compare(tag("x"), Op.EQ, "it's"),
    'tags.x = "it\'s"': Compare(tag("x"), Op.EQ, "it's"),
    "tags.x = 'a\\b'": Compare(tag("x"), Op.EQ, "a\\b"),
    "tags.x = ''": Compare(tag("x"), Op.EQ, ""),
    "tags.x = 'and'": Compare(tag("x"), Op.EQ, "and"),
    "tags.x IN ('a', \"b\",c)": Compare(tag("x"), Op.IN, ("a", "b", "c")),
    "tags.x NOT IN ('a')": Compare(tag("x"), Op.NOT_IN, ("a",)),
    "name LIKE 'a%'": Compare(a("name"), Op.LIKE, "a%"),
    "name ilike '%B_'": Compare(a("name"), Op.ILIKE, "%B_"),
    "description CONTAINS '100%'": Compare(a("description"), Op.CONTAINS, "100%"),
    "created > -7d": Compare(a("created"), Op.GT, Moment("-7d")),
    "created >= 2026-11-01 and ended < '2026-11-02 10:30'": And(
        (
            Compare(a("created"), Op.GE, Moment("2026-11-01")),
            Compare(a("ended"), Op.LT, Moment("2026-11-02 10:30")),
        )
    ),
    "started = today": Compare(a("started"), Op.EQ, Moment("today")),
    "heartbeat < -2h": Compare(a("heartbeat"), Op.LT, Moment("-2h")),
    "duration > 1h30m": Compare(a("duration"), Op.GT, Span(5400.0)),
    "duration <= '1h 04m'": Compare(a("duration"), Op.LE, Span(3840.0)),
    "duration < 90": Compare(a("duration"), Op.LT, Span(90.0)),
    "starred = true and archived != No": And(
        (Compare(a("starred"), Op.EQ, True), Compare(a("archived"), Op.NE, False))
    ),
    "number IN (1,2)": Compare(a("number"), Op.IN, (1.0, 2.0)),
    "status in (Failed, CANCELED)": Compare(a("status"), Op.IN, ("Failed", "CANCELED")),
    "parent IS NULL": Compare(a("parent"), Op.IS_NULL),
    "experiment = 'a b'": Compare(a("experiment"), Op.EQ, "a b"),
    "created_by = 'ada' and type='sweep' and target != 'gpu'": And(
        (
            Compare(a("created_by"), Op.EQ, "ada"),
            Compare(a("type"), Op.EQ, "sweep"),
            Compare(a("target"), Op.NE, "gpu"),
        )
    ),
    # MLflow's own
    "run_id IN ('a','b')": Compare(a("id"), Op.IN, ("a", "b")),
    "attributes.run_name LIKE 'x%'": Compare(a("name"), Op.LIKE, "x%"),
    "\"run name\" = 'x'": Compare(a("name"), Op.EQ, "x"),
    "`Run Name` = 'x'": Compare(a("name"), Op.EQ, "x"),
    "attributes.`Run name` = 'x'": Compare(a("name"), Op.EQ, "x"),
    "user_id = 'ada'": Compare(a("created_by"), Op.EQ, "ada"),
    "attributes.start_time >= 1664067852747": Compare(a("started"), Op.GE, Moment("1664067852747")),
    "end_time < 1": Compare(a("ended"), Op.LT, Moment("1")),
    "artifact_uri LIKE '%/artifacts'": Compare(a("artifact_uri"), Op.LIKE, "%/artifacts"),
    "status = 'FINISHED'": Compare(a("status"), Op.EQ, "FINISHED"),
    "metric.m = 1 and parameter.p = '1' and parameters.p != '2' and tag.t ILIKE 'x'": And(
        (
            Compare(metric("m"), Op.EQ, 1.0),
            Compare(param("p"), Op.EQ, "1"),
            Compare(param("p"), Op.NE, "2"),
            Compare(tag("t"), Op.ILIKE, "x"),
        )
    ),
    "dataset.name = 'd' and datasets.context IN ('train')": And(
        (
            Compare(Field(Source.DATASET, "name"), Op.EQ, "d"),
            Compare(Field(Source.DATASET, "context"), Op.IN, ("train",)),
        )
    ),
    "run_id IN ('a',)": Compare(a("id"), Op.IN, ("a",)),
    "`metrics`.loss < 0.3": LOW,
    "`tags`.`x` IS NOT NULL": TAGGED,
    "`attributes`.run_name LIKE 'x%'": Compare(a("name"), Op.LIKE, "x%"),
    "tags.x = 'a'and tags.y='b'": And((Compare(tag("x"), Op.EQ, "a"), Compare(tag("y"), Op.EQ, "b"))),
}


@pytest.mark.parametrize(("text", "tree"), MEANINGS.items())
def test_a_filter_means(text: str, tree: Node | None) -> None:
    assert parse(text) == tree
    assert parse(to_text(tree)) == tree


MISTAKES = {
    "foo = 1": (0, "'foo' at character 1"),
    "stats = 'Failed'": (0, "did you mean 'status'?"),
    "status": (6, "ends too early at character 7"),
    "status =": (8, "a value is missing at character 9"),
    "= 1": (0, "'=' at character 1"),
    "and": (0, "'and' at character 1"),
    "not": (3, "ends too early at character 4"),
    "status = 'Failed' tags.x = 1": (18, "'tags.x' at character 19"),
    "status = 'Failed' and": (21, "ends too early at character 22"),
    "status = 'Failed": (9, "The quote ' at character 10 is not closed"),
    "status = 'Flying'": (9, "There is no status 'Flying'"),
    "status > 'Failed'": (7, "'>' at character 8"),
    "status ~ 1": (7, "'~' at character 8"),
    "metrics.loss < abc": (15, "'abc' at character 16"),
    "metrics.loss < '0.3'": (15, "without quotes"),
    "metrics.loss < and": (15, "'and' at character 16"),
    "metrics.loss like 'a'": (13, "'like' at character 14"),
    "metrics.loss < 0.3 banana": (19, "'banana' at character 20"),
    "metrics. < 1": (0, "comes a name"),
    "metrics.loss not like 1": (17, "'like' at character 18"),
    'metrics."loss".median < 1': (14, "'.median' at character 15"),
    'tags."a".min = 1': (8, "'.min' at character 9"),
    "foo.bar = 1": (0, "'foo.bar'"),
    "tags.x > 'a'": (7, "'>' at character 8"),
    "tags.x is": (9, "NULL"),
    "tags.x is 1": (10, "'1' at character 11"),
    "tags.x in 'a'": (10, "a list in brackets"),
    "tags.x in ()": (11, "a value is missing"),
    "tags.x in (,)": (11, "a value is missing"),
    "tags.x in ('a',,)": (15, "a value is missing"),
    "tags.x in ('a' 'b')": (15, "'b' at character 16"),
    "tags.x in ('a'": (14, "ends too early"),
    f"tags.{'k' * 257} = 1": (0, "1 to 256"),
    "(status = 'Failed'": (18, "the bracket at character 1 is not closed"),
    "status = 'Failed')": (17, "')' at character 18"),
    "'status' = 'Failed'": (0, "'status' at character 1"),
    "created > soon": (10, "'soon' at character 11"),
    "created > 2026-13-01": (10, "'2026-13-01'"),
    "created > -99999999999w": (10, "'-99999999999w'"),
    "created > '2026-11-01 10:30.5'": (10, "10:30.5"),
    "created in (2026-11-01)": (8, "'in'"),
    "duration > long": (11, "'long'"),
    "duration > -1h": (11, "'-1h'"),
    "starred = maybe": (10, "'maybe'"),
    "number = NaN": (9, "'NaN'"),
    "number = 1.2.3": (9, "'1.2.3'"),
    "params.lr < adam": (12, "'adam'"),
    "dataset.size = 1": (0, "'size'"),
    f"name like '{'%' * 1001}'": (10, "longer than 1,000"),
    " and ".join(["tags.x is null"] * (CLAUSES + 1)): (950, "more than 50 conditions"),
    "(" * (DEPTH + 1) + "tags.x is null" + ")" * (DEPTH + 1): (21, "deeper than 20"),
    "not " * (DEPTH + 1) + "tags.x is null": (84, "deeper than 20"),
    "tags.x = '" + "a" * LENGTH: (LENGTH, "at most 8,000"),
    "tags.x = 'a\x00'": (11, "'\\x00' at character 12"),
    "tags.x = '\ud800'": (10, "cannot be part"),
    "tags.x = 'a' ; drop table runs_run": (13, "';' at character 14"),
}


@pytest.mark.parametrize(("text", "place_and_part"), MISTAKES.items())
def test_a_mistake_says_what_and_where(text: str, place_and_part: tuple[int, str]) -> None:
    position, part = place_and_part
    with pytest.raises(Invalid) as refusal:
        parse(text)
    assert part in refusal.value.message
    assert (refusal.value.field, refusal.value.position) == ("filter", position)


def test_the_limits_are_reached_exactly() -> None:
    assert parse(" and ".join(["tags.x is null"] * CLAUSES))
    assert parse("(" * DEPTH + "tags.x is null" + ")" * DEPTH)
    assert parse(("tags.x = '" + "a" * LENGTH)[: LENGTH - 1] + "'")


@pytest.mark.parametrize(
    "hostile", ["(" * 1_000_000, "'" * 1_000_001, "a and " * 170_000, "\x00" * 1_000_000]
)
def test_a_hostile_megabyte_is_refused_by_its_length_alone(
    hostile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.query.grammar.tokens", None)  # reading even one token would fail
    with pytest.raises(Invalid, match="at most 8,000"):
        parse(hostile)


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        ("metrics.loss.min = 1", metric("loss", "min"), metric("loss.min")),
        ("created > 1", a("created"), a("started")),
        ("tags.`mlflow.runName` = 'ada'", tag("mlflow.runName"), a("name")),
    ],
)
def test_mlflows_reading_of_a_field(text: str, ours: Field, theirs: Field) -> None:
    assert next(iter(_comparisons(parse(text)))).field == ours
    assert next(iter(_comparisons(parse(text, mlflow=True)))).field == theirs


def test_for_mlflow_an_infinity_is_greater_than_every_number() -> None:
    assert to_text(parse("metrics.x > 0", mlflow=True)) == "metrics.x > 0 or metrics.x = Infinity"
    assert to_text(parse("metrics.x <= 0", mlflow=True)) == "metrics.x <= 0 or metrics.x = -Infinity"
    assert to_text(parse("metrics.x > 0")) == "metrics.x > 0"


@pytest.mark.parametrize(("text", "value"), [("'it''s'", "it''s"), (r"'it\'s'", r"it\'s"), ('"a"', "a")])
def test_mlflow_knows_no_escapes(text: str, value: str) -> None:
    assert parse(f"params.x = {text}", mlflow=True) == Compare(param("x"), Op.EQ, value)


@pytest.mark.parametrize(
    "text", ["metrics.loss.min", 'tags."a b"', "created", "name", "properties.x", "params.`y`"]
)
def test_a_field_alone_is_read_for_columns(text: str) -> None:
    field = parse_field(text)
    assert parse_field(str(field)) == field


@pytest.mark.parametrize("text", ["", "foo", "tags.", "tags.a b", "name = 1", "(name)", "a" * 10_000])
def test_what_is_no_field_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_field(text)


def _comparisons(node: Node | None) -> list[Compare]:
    assert isinstance(node, Compare)
    return [node]

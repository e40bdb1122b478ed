"""The text of a chart in an address."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.errors import Invalid
from runs.query.charts import (
    ACROSS,
    GROUPING,
    HEIGHTS,
    MEASURED,
    MOST_CHARTS,
    Chart,
    ChartKind,
    chart_text,
    parse_chart,
    parse_charts,
)
from runs.query.fields import PARTS, Field, Source

KEYS = (
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x00"), min_size=1, max_size=20
    )
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: text.strip() == text)
)
METRICS = KEYS.map(lambda key: Field(Source.METRIC, key))
VALUES = st.builds(Field, st.sampled_from([Source.PARAM, Source.TAG, Source.PROPERTY]), KEYS)
MEASURES = (
    METRICS
    | VALUES
    | st.builds(Field, st.just(Source.METRIC), KEYS, st.sampled_from(PARTS))
    | st.sampled_from(MEASURED).map(lambda key: Field(Source.ATTRIBUTE, key))
)
GROUPS = VALUES | st.sampled_from(GROUPING).map(lambda key: Field(Source.ATTRIBUTE, key))
LOOKS = {"is_wide": st.booleans(), "height": st.sampled_from(HEIGHTS)}


def several(fields, least, most):
    return st.lists(fields, min_size=least, max_size=most, unique=True).map(tuple)


def built(kind, fields, **others):
    return st.builds(Chart, st.just(kind), fields, **{**LOOKS, **others})


CHARTS = st.one_of(
    built(
        ChartKind.LINE,
        several(METRICS, 1, 12),
        across=st.sampled_from(ACROSS[ChartKind.LINE]),
        by=st.none() | GROUPS,
        smooth=st.integers(0, 990).map(lambda n: n / 1000),
        log=st.sampled_from(["", "y"]),
    ),
    built(ChartKind.BAR, several(MEASURES, 1, 1), by=st.none() | GROUPS, log=st.sampled_from(["", "y"])),
    built(
        ChartKind.SCATTER,
        several(MEASURES, 2, 2),
        by=st.none() | GROUPS | MEASURES,
        log=st.sampled_from(["", "x", "y", "xy"]),
    ),
    built(ChartKind.PARALLEL, several(MEASURES, 2, 12), by=st.none() | MEASURES),
    built(ChartKind.BOX, several(MEASURES, 1, 1), by=GROUPS),
    built(ChartKind.STATUS, st.just(()), across=st.sampled_from(ACROSS[ChartKind.STATUS])),
)


@given(CHARTS)
def test_a_chart_comes_back_from_its_text(chart):
    assert parse_chart(chart_text(chart)) == chart


@given(st.text(max_size=80))
def test_any_text_is_a_chart_or_a_sentence(text):
    for made in parse_charts([text]):
        assert made.message.endswith((".", "?")) if isinstance(made, Invalid) else made.kind in ChartKind


@pytest.mark.parametrize(
    "text",
    [
        "line:metrics.loss",
        "line:metrics.loss,metrics.val_loss;x=relative;by=tags.team;smooth=0.6;log=y;size=full;height=tall",
        "bar:params.lr;by=experiment",
        "scatter:params.lr,metrics.acc.max;log=x",
        "parallel:params.lr,params.depth,metrics.acc",
        "box:metrics.acc;by=status",
        "status",
        "status;x=hour",
        'line:metrics."a;b,c"',
    ],
)
def test_texts_are_short_and_stay_as_they_are(text):
    assert chart_text(parse_chart(text)) == text


def test_other_spellings_are_understood():
    assert chart_text(parse_chart("LINE: metric.loss , metrics.loss; log=YX")) == "line:metrics.loss;log=xy"
    assert chart_text(parse_chart("scatter:start_time,duration_s")) == "scatter:started,duration"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pie:metrics.loss", "no kind of chart 'pie'"),
        ("lin:metrics.loss", "Did you mean line?"),
        ("", "There are line, bar"),
        ("line", "takes metrics; these are 0"),
        ("line:params.lr", "drawn of a metric"),
        ("line:metrics.loss.min", "drawn of a metric"),
        ("line:nothing", "no field 'nothing'"),
        ("line:metrics.loss;smooth=2", "a number from 0 to 0.99"),
        ("line:metrics.loss;smoth=0.5", "Did you mean smooth?"),
        ("line:metrics.loss;x=hour", "write step or time or relative"),
        ("line:metrics.loss;x=time;log=x", "no such logarithmic axis"),
        ("bar:metrics.loss;smooth=0.5", "cannot be smoothed"),
        ("bar:status", "no number to draw"),
        ("bar:metrics.loss;by=metrics.acc", "not put into groups"),
        ("box:metrics.loss", "needs groups"),
        ("scatter:metrics.loss", "two numbers"),
        ("status;by=tags.a", "always by status"),
        ("line:metrics.loss;size=huge", "half or full"),
        ("line:metrics.loss;height=9", "small, medium, tall"),
        ("line:" + "metrics.x," * 900, "at most 4,000"),
    ],
)
def test_a_mistake_says_what_is_wrong(text, said):
    with pytest.raises(Invalid) as refused:
        parse_chart(text)
    assert said in refused.value.message and refused.value.field == "chart"


def test_one_chart_that_is_wrong_leaves_the_others():
    made = parse_charts(["status", "pie", "", "line:metrics.loss"])
    assert [isinstance(each, Invalid) for each in made] == [False, True, False]


def test_a_page_has_a_limit_of_charts_and_says_so():
    made = parse_charts(["status"] * (MOST_CHARTS + 5))
    assert len(made) == MOST_CHARTS + 1 and "at most 24" in made[-1].message

"""Any tree written as text and read again is the same tree; any text is read or refused, never worse."""

from unicodedata import normalize

from hypothesis import given, settings
from hypothesis import strategies as st

from runs.errors import Invalid
from runs.query.fields import ATTRIBUTES, PARTS, Field, Kind, Source
from runs.query.grammar import parse
from runs.query.moments import Moment, Span
from runs.query.nodes import ORDERED, PATTERNS, Compare, Node, Not, NotFinite, Op, all_of, any_of, to_text

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(
    lambda text: normalize("NFC", text)
)
keys = st.one_of(
    st.sampled_from(
        ["loss", "val/loss", "a.b", "loss.min", "min", "not", "a b", "it's", 'say "hi"', "`x`", ".x", "x."]
    ),
    texts.filter(bool),
)
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-1000, 1000).map(float),
    st.sampled_from(NotFinite),
)
moments = st.sampled_from(
    ["-7d", "-1h30m", "now", "today", "2026-11-01", "2026-11-01 10:30", "1664067852747"]
).map(Moment)
spans = st.one_of(st.integers(0, 10**8).map(float), st.sampled_from([0.5, 0.25, 90.125])).map(Span)
words = st.sampled_from(["Failed", "RUNNING", "Running"])
VALUES = {
    Kind.TEXT: texts,
    Kind.STATUS: words,
    Kind.NUMBER: numbers,
    Kind.TIME: moments,
    Kind.DURATION: spans,
    Kind.FLAG: st.booleans(),
}
OPS = {Kind.NUMBER: ORDERED | {Op.EQ, Op.NE}, Kind.TIME: ORDERED | {Op.EQ, Op.NE}, Kind.DURATION: ORDERED}


@st.composite
def comparisons(draw: st.DrawFn) -> Compare:
    source = draw(st.sampled_from(Source))
    if source == Source.ATTRIBUTE:
        field = Field(source, draw(st.sampled_from(sorted(ATTRIBUTES))))
    elif source == Source.DATASET:
        field = Field(source, "name")
    else:
        field = Field(source, draw(keys), draw(st.sampled_from(PARTS)) if source == Source.METRIC else "last")
    if draw(st.integers(0, 5)) == 0:
        return Compare(field, draw(st.sampled_from([Op.IS_NULL, Op.IS_NOT_NULL])))
    kind = field.kind
    if kind == Kind.PARAM:
        value = draw(st.one_of(texts, st.floats(allow_nan=False, allow_infinity=False)))
        return Compare(
            field, draw(st.sampled_from(sorted(ORDERED if isinstance(value, float) else PATTERNS))), value
        )
    if kind in (Kind.TEXT, Kind.STATUS) and draw(st.booleans()):
        return Compare(
            field, draw(st.sampled_from([Op.IN, Op.NOT_IN])), tuple(draw(st.lists(VALUES[kind], min_size=1)))
        )
    value = draw(VALUES[kind])
    number_in_attribute = isinstance(value, NotFinite) and source == Source.ATTRIBUTE
    op = draw(st.sampled_from(sorted(OPS.get(kind, frozenset({Op.EQ, Op.NE})))))
    return Compare(field, op, 1.0 if number_in_attribute else value)


trees = st.recursive(
    comparisons(),
    lambda node: st.one_of(
        st.builds(Not, node),
        st.lists(node, min_size=2, max_size=3).map(lambda nodes: all_of(nodes) or nodes[0]),
        st.lists(node, min_size=2, max_size=3).map(any_of),
    ),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(trees)
def test_a_tree_survives_its_text(tree: Node) -> None:
    text = to_text(tree)
    assert parse(text) == tree
    assert to_text(parse(text)) == text


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(
                ["tags.", "metrics.loss", "status", "=", "<", "not", "and", "or", "(", ")", "'a'", '"', "in", "is",
                 "null", ",", "1", "-7d", "like", "`", " ", "created", "params.x", ".min", "NaN"]
            ),
            max_size=12,
        ).map(" ".join),
    )
)  # fmt: skip
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        tree = parse(text)
    except Invalid as refusal:
        assert refusal.position is not None
        assert 0 <= refusal.position <= len(text)
    else:
        assert parse(to_text(tree)) == tree

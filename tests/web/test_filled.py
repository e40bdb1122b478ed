"""Values filled into HTML: what is text is escaped as Django does it, what is drawn once stays true of each row."""

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from hypothesis import given
from hypothesis import strategies as st

from runs.web.cells import _status_button, _tag_button, _word_button
from runs.web.filled import escaped, filled

HOSTILE = "'\"><script>alert(1)</script>&amp;"


@given(st.text(alphabet=st.one_of(st.sampled_from("&<>\"'{}"), st.characters())))
def test_any_text_is_escaped_as_by_django(text):
    assert escaped(text) == escape(text) and type(escaped(text)) is SafeString
    assert filled('<a title="{}">{}</a>', text, mark_safe("<b>")) == f'<a title="{escape(text)}"><b></a>'


def test_what_is_drawn_once_is_escaped_and_told_apart():
    for drawn in (_tag_button(HOSTILE, HOSTILE), _word_button("target", HOSTILE), _status_button(HOSTILE)):
        assert "<script" not in drawn and "&lt;script&gt;" in drawn and "&amp;amp;" in drawn
    assert _tag_button("team", "a") != _tag_button("team", "b") != _tag_button("team", None)
    assert 'value="team"' in _tag_button("team", None) and 'value="team=a"' in _tag_button("team", "a")
    assert _word_button("experiment", "x") != _word_button("target", "x")

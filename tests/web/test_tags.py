"""Tags edited where one reads them: one at a time, with Undo, and with the reason of a refusal."""

import re
from html import unescape

import pytest

from runs.actions import organise
from runs.query.values import values_of

HX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


def tags(run):
    return values_of([run])[run.pk].tags


@pytest.fixture
def send(browser, place):
    """Sends the form of tags and returns the piece of the page."""

    def sent(status=200, **form):
        answer = browser.post(place("tags/"), form, headers=HX)
        assert answer.status_code == status
        return answer.content.decode()

    return sent


def undo_of(html):
    """The fields of the form that the words carry."""
    form = html.split('hx-swap-oob="innerHTML"')[1]
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in pairs if name != "csrfmiddlewaretoken"}


def test_a_tag_is_added_with_and_without_a_value(send, run):
    send(new_key="quality", new_value=" great ")
    html = send(new_key="seen", new_value="", stay="true")
    assert tags(run) == {"team": "vision", "baseline": None, "quality": "great", "seen": None}
    assert 'name="new_key" value=""' in html and "The tag “seen” is added." in html


def test_keys_of_the_workspace_are_suggested(browser, place):
    html = browser.get(place("tags/"), headers=HX).content.decode()
    assert '<option value="team"></option>' in html and '<option value="rate">' not in html


def test_one_is_changed_where_it_stands(browser, place, send, run):
    html = browser.get(place("tags/?tag=team"), headers=HX).content.decode()
    assert 'name="was" value="team"' in html and 'name="new_value" value="vision"' in html
    send(was="team", new_key="team", new_value="audio")
    assert tags(run)["team"] == "audio"
    send(was="team", new_key="group", new_value="audio")
    assert tags(run) == {"baseline": None, "group": "audio"}


@pytest.mark.parametrize(
    "form",
    [
        {"new_key": "quality", "new_value": "great"},
        {"was": "team", "new_key": "team", "new_value": "audio"},
        {"was": "team", "new_key": "group", "new_value": "audio"},
        {"remove": "team"},
        {"remove": "baseline"},
        {"remove": " odd "},
    ],
)
def test_each_can_be_undone_exactly(send, run, owner, form):
    organise.set_tags(run, {" odd ": " two\nlines "}, by=owner)
    before = tags(run)
    html = send(**form)
    assert tags(run) != before
    send(**undo_of(html))
    assert tags(run) == before


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"new_key": "x" * 300, "new_value": "kept"}, "at most 256"),
        ({"new_key": "a", "new_value": "y" * 8001}, "at most 8,000"),
        (
            {"was": "team", "new_key": "baseline", "new_value": "kept"},
            "There is a tag &#x27;baseline&#x27; already",
        ),
        ({"was": "team", "new_key": "", "new_value": "kept"}, "must not be empty"),
        ({"new_key": "a\x00b"}, "NUL"),
    ],
)
def test_a_refused_change_says_why_in_place_and_keeps_what_was_typed(send, run, form, words):
    before = tags(run)
    html = send(400 if "already" not in words else 409, **form)
    assert words in html and 'aria-describedby="tags-refusal"' in html
    assert form.get("new_value", "")[:20] in html and tags(run) == before


def test_the_form_over_a_list_leaves_values_of_several_lines_alone(browser, place, run, owner):
    organise.set_tags(run, {"note": "two\nlines"}, by=owner)
    form = {"key": ["note", "team"], "value": ["twolines", "audio"], "in": "list"}
    assert browser.post(place("tags/"), form, headers=HX).status_code == 204
    assert tags(run)["note"] == "two\nlines" and tags(run)["team"] == "audio"


def test_it_works_without_a_script(browser, place, run):
    assert 'name="remove" value="team"' in browser.get(place()).content.decode()
    assert browser.post(place("tags/"), {"remove": "team"})["Location"] == place()
    html = browser.get(place()).content.decode()
    assert "The tag “team” is removed." in html and "Undo" in html and "team" not in tags(run)


def test_readers_see_chips_and_nothing_to_press(client_of, reader, place):
    html = client_of(reader).get(place()).content.decode()
    assert 'class="tag"' in html and "Remove the tag" not in html and "Add a tag" not in html

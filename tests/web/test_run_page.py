"""The page of a run: what it shows, and what people change there."""

import pytest

from runs.actions.run import complete_run, fail_run
from runs.models import Run
from tests import make

HX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


def html_of(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def test_the_overview_shows_everything_there_is(browser, place):
    html = html_of(browser.get(place()))
    for words in (
        "first try",
        "<strong>bold</strong>",
        "team",
        "vision",
        "baseline",
        "rate",
        "commit",
        "4f1c09e",
    ):
        assert words in html
    for words in ("loss", "0.25", "good", "Running", "last heard", 'data-live="3"', "olga"):
        assert words in html


def test_an_ended_run_is_no_longer_asked_for(browser, place, run, owner):
    complete_run(run, by=owner)
    html = html_of(browser.get(place()))
    assert 'data-live="0"' in html and "Completed" in html and "/cancel/" not in html


def test_a_failure_is_told_with_its_trace(browser, place, run, owner):
    fail_run(
        run, by=owner, message="no memory", code="UserError", details={"trace": "line 1\nline 2", "type": "X"}
    )
    html = html_of(browser.get(place()))
    assert "no memory" in html and "UserError" in html and "line 1\nline 2</pre>" in html


def test_a_child_names_its_parent(browser, place, run):
    child = Run.objects.get(parent=run)
    html = html_of(browser.get(f"/w/vision/runs/{child.public_id}/"))
    assert html.count(f'href="{place()}"') >= 2


@pytest.mark.parametrize(("tab", "words"), [("children", "its child"), ("activity", "created the run")])
def test_each_tab_has_an_address_of_its_own(browser, place, tab, words):
    assert words in html_of(browser.get(place(f"{tab}/")))


@pytest.mark.parametrize("tab", ["explanations", "fairness"])
def test_tabs_that_do_not_exist_yet_are_not_found(browser, place, tab):
    assert html_of(browser.get(place(f"{tab}/")), 404)
    assert f"/{tab}/" not in html_of(browser.get(place()))


def test_a_run_with_nothing_in_it_says_so(browser, workspace):
    run = make.run(workspace, start=False)
    path = f"/w/vision/runs/{run.public_id}/"
    for tab, words in (("", "Nothing logged yet"), ("metrics/", "No metrics yet"), ("logs/", "No files yet")):
        assert words in html_of(browser.get(path + tab))
    assert "No child runs" in html_of(browser.get(f"{path}children/"))


def test_the_description_is_edited_in_place(browser, place, run):
    form = html_of(browser.get(place("description/"), headers=HX))
    assert "<!doctype" not in form and "**bold** words</textarea>" in form
    sent = {"description": "# New\r\n\r\n*text*", "version": "0"}
    html = html_of(browser.post(place("description/"), sent, headers=HX))
    assert "<h3>New</h3>" in html and "<textarea" not in html
    run.refresh_from_db()
    assert run.description == "# New\n\n*text*"


def test_without_a_script_the_form_is_part_of_the_page(browser, place):
    assert "<textarea" in html_of(browser.get(place("description/")))
    answer = browser.post(place("description/"), {"description": "x", "version": "0"})
    assert answer.status_code == 302 and answer["Location"] == place()


def test_two_people_do_not_overwrite_each_other(browser, place, run, owner, client_of):
    client_of(owner).post(place("description/"), {"description": "mine", "version": "0"})
    answer = browser.post(place("description/"), {"description": "yours, long", "version": "0"}, headers=HX)
    html = html_of(answer, 409)
    assert "Somebody else changed this description" in html and "yours, long</textarea>" in html
    run.refresh_from_db()
    assert run.description == "mine"


def test_a_description_over_the_limit_is_refused_and_kept_in_the_form(browser, place):
    html = html_of(
        browser.post(place("description/"), {"description": "x" * 70_000, "version": "0"}, headers=HX), 400
    )
    assert "at most 65,536 are allowed" in html and "xxxxx</textarea>" in html


def test_the_name_is_changed_or_refused_with_a_sentence(browser, place, run):
    assert "<bdi>second try</bdi></h1>" in html_of(
        browser.post(place("name/"), {"display_name": " second try "}, headers=HX)
    )
    assert "must not be empty" in html_of(
        browser.post(place("name/"), {"display_name": " "}, headers=HX), 400
    )


def test_cancel_asks_once_and_names_what_will_go(browser, place):
    html = html_of(browser.get(place("cancel/"), headers=HX))
    assert "<!doctype" not in html and "Cancel first try?" in html and "1 active child run" in html


def test_a_run_is_asked_to_stop_with_its_children(browser, place, run):
    answer = browser.post(place("cancel/"), {"reason": "loss explodes", "children": "true"})
    assert answer["Location"] == place()
    run.refresh_from_db()
    assert run.status == "CancelRequested" and run.status_reason == "loss explodes"
    assert Run.objects.get(parent=run).status == "Canceled"
    html = html_of(browser.get(place()))
    assert "is asked to stop" in html and "Cancel requested" in html and "/cancel/" not in html


def test_children_that_were_not_chosen_go_on(browser, place, run):
    browser.post(place("cancel/"))
    assert Run.objects.get(parent=run).status == "Running"


def test_a_run_that_has_ended_is_not_canceled(browser, place, run, owner):
    complete_run(run, by=owner)
    assert "has already ended" in html_of(browser.post(place("cancel/")), 409)


def test_activity_tells_changes_in_words(browser, place, run):
    browser.post(place("tags/"), {"key": ["team"], "value": ["audio"]})
    browser.post(place("name/"), {"display_name": "other"})
    html = html_of(browser.get(place("activity/")))
    assert "renamed it from “first try” to “other”" in html and "was vision" in html and "carl" in html


def test_a_run_whose_children_log_leads_to_them(browser, workspace, owner):
    parent = make.run(workspace)
    make.run(workspace, parent=parent, metrics={"loss": [1.0]})
    complete_run(parent, by=owner)
    base = f"/w/vision/runs/{parent.public_id}/"
    for tab in ("", "metrics/"):
        assert f'no metrics itself; see its <a class="link" href="{base}children/">' in html_of(
            browser.get(base + tab)
        )

"""What is done with a whole experiment from its page: renamed, thrown away, restored."""

from html import unescape

import pytest

from runs.actions.experiment_trash import trash_experiment
from runs.actions.run import complete_run
from runs.actions.trash import trash_run
from runs.models import Experiment
from tests import make

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


@pytest.fixture
def runs(workspace, owner):
    """Two ended runs of the experiment digits, number 1."""
    return [complete_run(make.run(workspace, display_name=name), by=owner) for name in ("one", "two")]


def place(what):
    return f"/w/vision/experiment/1/{what}/"


def said(browser, answer):
    return unescape(browser.get(answer["Location"]).content.decode())


def test_the_menu_is_for_those_who_may_change_it(client_of, browser, reader, runs):
    for client, is_there in ((browser, True), (client_of(reader), False)):
        page = client.get("/w/vision/experiments/digits/").content.decode()
        assert ("Move to the trash" in page) == is_there and (place("name") in page) == is_there


def test_it_goes_to_the_trash_with_its_runs_and_comes_back(browser, runs):
    asked = browser.get(place("trash"), headers=HTMX).content.decode()
    assert "Its 2 runs go along." in asked and "For 30 days" in asked and "<html" not in asked
    assert "<html" in browser.get(place("trash")).content.decode()
    answer = browser.post(place("trash"))
    assert answer["Location"] == "/w/vision/experiments/"
    page = said(browser, answer)
    assert "digits is in the trash, where it stays for 30 days." in page and "No experiments yet" in page
    gone = browser.get("/w/vision/experiments/digits/")
    assert gone.status_code == 404 and "lies in the trash" in gone.content.decode()
    trash = browser.get("/w/vision/trash/").content.decode()
    assert "Restore digits" in trash and "Restore one" not in trash and "Restore two" not in trash
    answer = browser.post(place("trash"), {"deleted": "false"})
    assert answer["Location"] == "/w/vision/experiments/digits/"
    assert "digits is restored with the runs that went along." in said(browser, answer)
    assert "The trash is empty" in browser.get("/w/vision/trash/").content.decode()


@pytest.mark.parametrize(("number", "words"), [(0, "It holds no runs."), (1, "Its run goes along.")])
def test_the_question_says_how_many_runs_go_along(browser, workspace, owner, number, words):
    make.experiment(workspace)
    for _ in range(number):
        complete_run(make.run(workspace), by=owner)
    assert words in browser.get(place("trash"), headers=HTMX).content.decode()


def test_while_a_run_goes_on_there_is_no_button(browser, workspace, runs):
    make.run(workspace)
    asked = browser.get(place("trash"), headers=HTMX).content.decode()
    assert "One of its runs goes on." in asked and "<form" not in asked
    make.run(workspace)
    assert "2 of its runs go on." in browser.get(place("trash"), headers=HTMX).content.decode()
    answer = browser.post(place("trash"))
    assert answer.status_code == 409 and "cancel it first" in answer.content.decode()
    assert Experiment.objects.get().deleted_at is None


def test_it_is_renamed_and_the_name_can_be_taken_back(browser, workspace, runs):
    make.experiment(workspace, "taken")
    form = browser.get(place("name"), headers=HTMX).content.decode()
    assert 'value="digits"' in form and "makes a new experiment" in form
    refused = browser.post(place("name"), {"name": "taken"}, headers=HTMX)
    assert refused.status_code == 409
    page = unescape(refused.content.decode())
    assert "There is an experiment 'taken' already." in page and 'value="taken"' in page
    assert browser.post(place("name"), {"name": "a/../b"}).status_code == 400
    done = browser.post(place("name"), {"name": " letters "}, headers=HTMX)
    assert (done.status_code, done["HX-Redirect"]) == (204, "/w/vision/experiments/letters/")
    page = unescape(browser.get("/w/vision/experiments/letters/").content.decode())
    assert (
        "digits is called letters now." in page and '<input type="hidden" name="name" value="digits">' in page
    )
    answer = browser.post(place("name"), {"name": "digits"})
    assert answer["Location"] == "/w/vision/experiments/digits/"


def test_the_trash_shows_experiments_above_runs_page_by_page(browser, workspace, owner, runs, monkeypatch):
    trash_run(runs[0], by=owner)
    trash_experiment(runs[1].experiment, by=owner)
    page = browser.get("/w/vision/trash/").content.decode()
    assert page.index("Restore digits") < page.index("Restore one") and "Restore two" not in page
    make.experiment(workspace, "second")
    trash_experiment(Experiment.objects.get(name="second"), by=owner)
    monkeypatch.setattr("runs.query.trash.A_PAGE", 1)
    page = unescape(browser.get("/w/vision/trash/").content.decode())
    assert "Restore second" in page and "Restore digits" not in page
    older = page.split('href="')
    link = next(part.split('"')[0] for part in older if part.startswith("/w/vision/trash/?experiments="))
    page = browser.get(link).content.decode()
    assert "Restore digits" in page and "Restore second" not in page and "First page" in page
    assert browser.get("/w/vision/trash/?experiments=none").status_code == 400


def test_a_run_in_the_trash_of_an_experiment_there_says_what_to_restore(browser, owner, runs):
    trash_run(runs[0], by=owner)
    trash_experiment(runs[1].experiment, by=owner)
    report = browser.post(
        "/w/vision/bulk/",
        {"action": "restore", "selected": runs[0].public_id, "at": "/w/vision/trash/"},
        headers=HTMX,
    )
    assert "It cannot come back while its experiment digits is in the trash" in report.content.decode()

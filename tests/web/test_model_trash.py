"""Models in the trash, by themselves or with their run or experiment: what is said of them, and how they come back."""

import re

import pytest
from django.utils import timezone

from runs.actions import logged_models
from runs.actions.experiment_trash import trash_experiment, untrash_experiment
from runs.actions.files import put_file
from runs.actions.logged_models import (
    create_logged_model,
    delete_logged_model,
    delete_old_models,
    restore_logged_model,
)
from runs.actions.trash import KEPT_FOR, empty_trash, trash_run
from runs.errors import Gone
from runs.models import LoggedModel
from runs.query import trash as trash_query
from tests import make


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


@pytest.fixture
def run(workspace):
    return make.run(workspace, display_name="train it")


@pytest.fixture
def model(run, owner):
    """One that the run made."""
    return create_logged_model(run.experiment, "net", by=owner, run=run, model_type="sklearn")


@pytest.fixture
def alone(workspace, owner):
    """One that no run made."""
    return create_logged_model(make.experiment(workspace), "agent", by=owner)


def at(model, below=""):
    return f"/w/vision/models/{model.public_id}/{below}"


def shown(browser, model, status=200):
    answer = browser.get(at(model))
    assert answer.status_code == status
    return answer.content.decode()


def test_one_is_deleted_after_a_question_and_comes_back(browser, run, model):
    assert "Delete the model net?" in browser.get(at(model, "trash/")).content.decode()
    dialog = browser.get(at(model, "trash/"), headers={"HX-Request": "true"}).content.decode()
    assert "Delete the model net?" in dialog and "<html" not in dialog
    answer = browser.post(at(model, "trash/"), follow=True)
    assert answer.redirect_chain[0][0] == "/w/vision/experiments/digits/"
    assert "net is deleted; for 30 days it can be restored." in answer.content.decode()
    assert (
        "deleted the model net" in browser.get(f"/w/vision/runs/{run.public_id}/activity/").content.decode()
    )
    assert "Restore it" in shown(browser, model, 410)
    answer = browser.post(at(model, "trash/"), {"deleted": "false"}, follow=True)
    assert answer.redirect_chain[0][0] == at(model) and "net is restored." in answer.content.decode()
    assert (
        "restored the model net" in browser.get(f"/w/vision/runs/{run.public_id}/activity/").content.decode()
    )


def test_the_trash_lists_those_that_come_back_by_themselves(browser, run, model, alone, owner):
    for each in (model, alone):
        delete_logged_model(each, by=owner)
    html = browser.get("/w/vision/trash/").content.decode()
    for each in (model, alone):
        assert f'action="{at(each, "trash/")}"' in html
    trash_run(run, by=owner, active=True)
    html = browser.get("/w/vision/trash/").content.decode()
    assert at(model, "trash/") not in html and at(alone, "trash/") in html and "<h2>Runs</h2>" in html
    browser.post(at(alone, "trash/"), {"deleted": "false"})
    html = browser.get("/w/vision/trash/").content.decode()
    assert "<h2>Models</h2>" not in html and "<h2>Runs</h2>" not in html


def test_readers_are_offered_neither(client_of, reader, owner, model, alone):
    browser = client_of(reader)
    assert "Delete…" not in shown(browser, model)
    delete_logged_model(alone, by=owner)
    html = shown(browser, alone, 410)
    assert (
        "Restore it" not in html
        and "A contributor can restore it." in html
        and "can be restored for 29 days" in html
    )
    assert browser.post(at(alone, "trash/"), {"deleted": "false"}).status_code == 403


def test_one_whose_run_is_in_the_trash_comes_back_with_it(browser, run, model, owner):
    trash_run(run, by=owner, active=True)
    html = shown(browser, model, 410)
    assert "with the run that made it, train it" in html and f"/w/vision/runs/{run.public_id}/" in html
    assert browser.get(at(model, "files/")).status_code == 410
    assert browser.post(at(model, "trash/"), {"deleted": "false"}).status_code == 410


def test_one_whose_experiment_is_in_the_trash_comes_back_with_it(browser, alone, owner):
    put_file(alone, "a.txt", [b"1"], by=owner)
    trash_experiment(alone.experiment, by=owner)
    html = shown(browser, alone, 410)
    assert "with its experiment, digits, and comes back with it." in html
    assert 'href="/w/vision/trash/"' in html
    assert browser.get(at(alone, "files/download/?file=a.txt")).status_code == 410


def test_one_that_was_deleted_before_its_experiment_waits_for_that_one(browser, alone, owner):
    delete_logged_model(alone, by=owner)
    trash_experiment(alone.experiment, by=owner)
    assert "with its experiment, digits.</p>" in shown(browser, alone, 410)
    answer = browser.post(at(alone, "trash/"), {"deleted": "false"})
    assert (
        answer.status_code == 409 and "digits lies in the trash: restore it first" in answer.content.decode()
    )
    for ask in (browser.get, browser.post):  # there is nothing to delete any more
        assert ask(at(alone, "trash/")).status_code == 410
    untrash_experiment(alone.experiment, by=owner)
    assert browser.post(at(alone, "trash/"), {"deleted": "false"})["Location"] == at(alone)
    shown(browser, alone)


def test_the_end_of_a_list_of_the_trash_leads_back(browser, alone, owner, monkeypatch):
    monkeypatch.setattr(trash_query, "A_PAGE", 1)
    for name in ("one", "two"):
        delete_logged_model(create_logged_model(alone.experiment, name, by=owner), by=owner)
    older = re.search(r'href="([^"]*models=[^"]*)"', browser.get("/w/vision/trash/").content.decode())
    LoggedModel.objects.filter(name="one").update(deleted_at=None)
    html = browser.get(older[1].replace("&amp;", "&")).content.decode()
    assert "Nothing more here" in html and "The trash is empty" not in html and "First page" in html
    assert "The trash is empty" not in browser.get("/w/vision/trash/").content.decode()


def test_nobody_brings_back_what_is_deleted_for_good(alone, run, owner):
    kept = create_logged_model(run.experiment, "kept", by=owner)
    for each in (alone, kept):
        delete_logged_model(each, by=owner)
        LoggedModel.objects.filter(pk=each.pk).update(deleted_at=timezone.now() - 2 * KEPT_FOR)
    assert restore_logged_model(kept, by=owner).deleted_at is None
    restore_logged_model(kept, by=owner)
    assert delete_old_models() == 1
    with pytest.raises(Gone, match="for good"):
        restore_logged_model(alone, by=owner)
    kept.refresh_from_db()
    assert kept.is_in_use


def test_one_that_is_restored_while_old_ones_are_deleted_stays(alone, run, owner, monkeypatch):
    late = create_logged_model(run.experiment, "late", by=owner)
    LoggedModel.objects.update(deleted_at=timezone.now() - 2 * KEPT_FOR)
    delete_rows = logged_models.delete_rows

    def deleted_as_somebody_restores(files):
        restore_logged_model(late, by=owner)
        delete_rows(files)

    monkeypatch.setattr(logged_models, "delete_rows", deleted_as_somebody_restores)
    assert delete_old_models() == 1
    assert [*LoggedModel.objects.values_list("name", flat=True)] == ["late"]


def test_one_that_went_with_its_run_is_nowhere(browser, run, model, owner):
    trash_run(run, by=owner, active=True)
    empty_trash(timezone.now() + 2 * KEPT_FOR)
    shown(browser, model, 404)

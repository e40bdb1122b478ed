"""The tab Models of an experiment: there where it has any, the newest first, page by page."""

import pytest

from runs.actions.logged_models import create_logged_model, delete_logged_model, set_model_status
from runs.actions.trash import trash_run
from runs.query import logged_models
from runs.web import experiment as experiment_page
from tests import make

EXPERIMENT, MODELS = "/w/vision/experiments/digits/", "/w/vision/experiment/1/models/"
TAB = f'<a href="{MODELS}">Models<span>'


@pytest.fixture
def browser(client_of, reader):
    return client_of(reader)


@pytest.fixture
def run(workspace):
    return make.run(workspace, display_name="train it")


def shown(browser, url=MODELS):
    answer = browser.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_experiment_of_runs_alone_has_no_tabs(browser, run):
    assert "Models" not in shown(browser, EXPERIMENT)
    assert "No models" in shown(browser)


def test_models_in_use_are_counted_and_listed(browser, run, workspace, owner):
    other = make.run(workspace)
    gone = create_logged_model(run.experiment, "gone", by=owner)
    lost = create_logged_model(run.experiment, "lost", by=owner, run=other)
    net = create_logged_model(run.experiment, "net", by=owner, run=run, model_type="sklearn")
    alone = create_logged_model(run.experiment, "alone", by=owner)
    set_model_status(net, "READY")
    delete_logged_model(gone, by=owner)
    trash_run(other, by=owner, active=True)
    create_logged_model(make.experiment(workspace, "another"), "foreign", by=owner)
    assert f"{TAB}2</span></a>" in shown(browser, EXPERIMENT)
    html = shown(browser)
    rows = html.split("<tbody>")[1]
    assert rows.index("alone") < rows.index(">net<") and rows.count("<tr") == 2
    for words in (
        at(net),
        at(alone),
        f"/w/vision/runs/{run.public_id}/",
        "sklearn",
        "Ready",
        "Pending",
        owner.username,
    ):
        assert words in rows
    assert lost.public_id not in html and "foreign" not in html and '<a href="' + EXPERIMENT in html


def at(model):
    return f'href="/w/vision/models/{model.public_id}/"'


def test_pages_follow_each_other_without_gaps(browser, run, owner, monkeypatch):
    monkeypatch.setattr(logged_models, "A_PAGE", 2)
    models = [create_logged_model(run.experiment, f"m{n}", by=owner) for n in range(5)]
    type(models[0]).objects.update(created_at=models[0].created_at)  # all at the same time
    seen, url = [], MODELS
    while url:
        html = shown(browser, url)
        seen += [model.name for model in models if at(model) in html]
        older = html.partition('rel="next"')[0].rpartition('href="')[2] if 'rel="next"' in html else ""
        url = older.partition('"')[0]
    assert sorted(seen) == ["m0", "m1", "m2", "m3", "m4"]
    assert browser.get(f"{MODELS}?cursor=wrong").status_code == 400


def test_many_are_counted_up_to_a_bound(browser, run, owner, monkeypatch):
    for module in (logged_models, experiment_page):
        monkeypatch.setattr(module, "MOST_COUNTED", 2)
    for n in range(4):
        create_logged_model(run.experiment, f"m{n}", by=owner)
    assert f"{TAB}2+</span></a>" in shown(browser, EXPERIMENT)


def test_names_are_only_text(browser, run, owner):
    create_logged_model(run.experiment, "<b>net<b>", by=owner, model_type="<script>alert(1)</script>")
    html = shown(browser)
    assert "<b>net" not in html and "<script>alert" not in html and "&lt;b&gt;net" in html


def test_the_list_reads_as_often_with_many_models(browser, workspace, run, owner, reads):
    for n in range(20):
        create_logged_model(run.experiment, f"m{n}", by=owner, run=make.run(workspace))
    browser.get("/w/vision/")
    with reads(at_most=6):
        shown(browser)


def test_the_number_of_models_costs_the_page_of_runs_no_read(browser, run, owner, reads):
    browser.get("/w/vision/")
    with reads(at_most=12):
        shown(browser, EXPERIMENT)
    create_logged_model(run.experiment, "net", by=owner)
    with reads(at_most=12):
        assert TAB in shown(browser, EXPERIMENT)

"""The page of a model: what it tells of a model of a run and of one without, and to whom."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from runs import safe_html
from runs.access import Caller
from runs.access_models import get_model_in_use
from runs.actions.files import put_file
from runs.actions.inputs import log_inputs, log_outputs
from runs.actions.logged_models import (
    add_model_params,
    create_logged_model,
    remove_model_tag,
    set_model_status,
    set_model_tags,
)
from runs.actions.model_points import ModelPoint, log_model_points
from runs.actions.run_tokens import create_run_token
from runs.actions.trash import trash_run
from runs.errors import NotAllowed, NotFound
from runs.models import LoggedModel
from runs.web import logged_model
from tests import make

HOSTILE = "<script>alert(1)</script>"


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


def measure(run, model, key, value, **fields):
    log_model_points(run, [ModelPoint(model, key, value, fields.pop("step", 0), 0, **fields)])


def test_a_model_without_a_run_and_without_anything_has_a_page(browser, alone, owner):
    html = shown(browser, alone)
    for words in (
        "agent",
        "Pending",
        "<dt>Source run</dt><dd><span",
        'href="/w/vision/experiments/digits/"',
        owner.username,
        f'data-copy="{alone.public_id}"',
        "Nothing measured yet",
        "No files yet",
        "No run has made",
        "No tags",
        "model logged without a run",
    ):
        assert words in html
    assert "Parameters" not in html and 'data-live="3"' in html
    set_model_status(alone, "UPLOAD_FAILED", "disk full")
    html = shown(browser, alone)
    assert "Upload failed" in html and "disk full" in html and 'data-live="0"' in html


def test_a_model_of_a_run_tells_what_it_is(browser, workspace, run, owner):
    tags = {
        "team": "vision",
        "mlflow.user": "ada",
        LoggedModel.NOTE: f"**Good** at it, as run:{run.public_id}",
    }
    model = create_logged_model(
        run.experiment, "net", by=owner, run=run, model_type="sklearn", tags=tags, params={"depth": "3"}
    )
    set_model_status(model, "READY")
    other = make.run(workspace, display_name="look at it")
    log_outputs(run, [(model, 3), (model, 1200)])
    log_inputs(other, models=[model], by=owner)
    measure(other, model, "accuracy", 0.912345, step=1200, dataset_name="held out", dataset_digest="abc123")
    measure(run, model, "loss", float("nan"))
    html = shown(browser, model)
    for words in (
        "Ready",
        "sklearn",
        "depth",
        ">vision</b>",
        "1 tag of MLflow's own",
        "<strong>Good</strong>",
        'title="0.912345">0.9123<',
        "held out",
        "abc123",
        ">NaN<",
        f'href="/w/vision/runs/{other.public_id}/"',
        f'class="link" href="/w/vision/runs/{run.public_id}/"',
        "<td>made it</td>",
        "<td>read it</td>",
    ):
        assert words in html
    assert 'aria-current="page" title="Experiments"' in html  # the rail
    assert html.count("1,200") == 2 and html.count("made it<") == 1 and LoggedModel.NOTE not in html


def test_what_mlflow_can_load_tells_how(browser, workspace, owner, model):
    outside = {logged_model.EXTERNAL: "true"}
    elsewhere = create_logged_model(make.experiment(workspace), "agent", by=owner, tags=outside)
    weights = create_logged_model(model.experiment, "weights", by=owner)
    put_file(model.run, f"{model.folder}/MLmodel", [b"1"], by=owner)
    put_file(elsewhere, "MLmodel", [b"1"], by=owner)
    put_file(weights, "weights.bin", [b"1"], by=owner)
    assert "load_model" not in shown(browser, model)
    for each in (model, elsewhere, weights):
        set_model_status(each, "READY")
    assert "load_model" not in shown(browser, weights)
    assert f'mlflow.pyfunc.load_model("models:/{model.public_id}")' in shown(browser, model)
    assert "load_model" not in shown(browser, elsewhere)


def test_its_files_are_those_below_its_run(browser, run, model, owner):
    put_file(run, f"{model.folder}/MLmodel", [b"flavors: {}\n"], by=owner)
    put_file(run, f"{model.folder}/data/a b.txt", [b"1"], by=owner)
    put_file(run, "other.txt", [b"not the model's"], by=owner)
    html = shown(browser, model)
    logs, folder = f"/w/vision/runs/{run.public_id}/logs/", f"models%2F{model.public_id}"
    assert f'href="{logs}?file={folder}%2FMLmodel"' in html and "2 files, 13 B" in html
    assert f'href="{logs}?dir=models&amp;dir={folder}&amp;dir={folder}%2Fdata"' in html
    assert "other.txt" not in html
    assert browser.get(f"{logs}?file=models/{model.public_id}/MLmodel").status_code == 200
    assert browser.get(at(model, "files/"))["Location"] == f"{logs}?dir=models&dir={folder}"
    for below in ("files/download/?file=MLmodel", "files/image/?file=MLmodel", "files/zip/"):
        assert browser.get(at(model, below)).status_code == 404


def test_a_run_in_the_trash_is_no_link_and_no_use(browser, workspace, alone, owner):
    other = make.run(workspace, display_name="thrown away")
    log_inputs(other, models=[alone], by=owner)
    measure(other, alone, "accuracy", 0.5)
    trash_run(other, by=owner, active=True)
    html = shown(browser, alone)
    assert f"/runs/{other.public_id}/" not in html and "No run has made" in html
    assert "This run is in the trash" in html and "thrown away" in html


def test_long_lists_are_cut_and_say_so(browser, workspace, run, model, owner, monkeypatch):
    for name in ("MOST_METRICS", "MOST_RUNS", "MOST_ENTRIES", "MOST_PAIRS"):
        monkeypatch.setattr(logged_model, name, 2)
    set_model_tags(model, {f"tag-{n}": "1" for n in range(4)})
    add_model_params(model, {f"param-{n}": "1" for n in range(4)})
    for n in range(4):
        measure(run, model, f"metric-{n}", n)
        log_inputs(make.run(workspace), models=[model], by=owner)
        put_file(run, f"{model.folder}/{n}.txt", [b"1"], by=owner)
    html = shown(browser, model)
    for words in (
        "The first 2 by name",
        "The newest 2, and the run that made it.",
        "2 more: ",
        "2 more tags",
        "2 more parameters",
    ):
        assert words in html
    assert html.count("made it<") == 1 and html.count("read it<") == 2
    assert "tag-1" in html and "tag-2" not in html and "param-1" in html and "param-2" not in html
    assert "metric-1" in html and "metric-2" not in html and "1.txt" in html and "2.txt" not in html


def test_what_is_written_of_it_is_drawn_once(browser, model, monkeypatch):
    drawn, render = [], safe_html.render
    monkeypatch.setattr(safe_html, "render", lambda text: drawn.append(text) or render(text))
    set_model_tags(model, {LoggedModel.NOTE: "**good**", "team": "vision"})
    for _ in range(2):
        assert "<strong>good</strong>" in shown(browser, model)
    set_model_tags(model, {"team": "audio"})
    assert "<strong>good</strong>" in shown(browser, model) and drawn == ["**good**"]
    set_model_tags(model, {LoggedModel.NOTE: "*fair*"})
    assert "<em>fair</em>" in shown(browser, model) and "good" not in shown(browser, model)
    LoggedModel.objects.update(note_html="", tags={LoggedModel.NOTE: f"*from before* {HOSTILE}"})
    html = shown(browser, model)
    assert "<p>*from before* &lt;script&gt;" in html and HOSTILE not in html
    remove_model_tag(model, LoggedModel.NOTE)
    html = shown(browser, model)
    assert "from before" not in html and "<h2>Description</h2>" not in html


def test_one_that_its_script_left_is_asked_about_no_more(browser, model):
    assert 'data-live="3"' in shown(browser, model)
    LoggedModel.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert 'data-live="3"' not in shown(browser, model)


def test_what_scripts_say_is_only_text(browser, workspace, owner):
    run = make.run(workspace, display_name=HOSTILE)
    pairs = {HOSTILE: HOSTILE, LoggedModel.NOTE: f"{HOSTILE}[a](javascript:alert(1))"}
    name = HOSTILE.replace("/", "")
    model = create_logged_model(
        run.experiment, name, by=owner, run=run, model_type=HOSTILE, tags=pairs, params={HOSTILE: HOSTILE}
    )
    set_model_status(model, "UPLOAD_FAILED", HOSTILE)
    measure(run, model, HOSTILE, 1, dataset_name=HOSTILE, dataset_digest="<b>")
    put_file(run, f"{model.folder}/<img src=x>", [b"1"], by=owner)
    for url in (at(model), at(model, "trash/"), "/w/vision/experiment/1/models/"):
        html = browser.get(url).content.decode()
        assert "<script>alert" not in html and "<img src=x" not in html and 'href="javascript' not in html
        assert "&lt;script&gt;alert(1)" in html


def test_a_page_reads_as_often_whatever_there_is(browser, workspace, run, model, owner, reads):
    log_outputs(run, [(model, 0)])
    put_file(run, f"{model.folder}/MLmodel", [b"1"], by=owner)
    for n in range(20):
        other = make.run(workspace)
        log_inputs(other, models=[model], by=owner)
        measure(other, model, f"m{n}", n)
    browser.get("/w/vision/")
    with reads(at_most=10):
        shown(browser, model)


def test_strangers_and_nobody_learn_nothing(client_of, stranger, model):
    assert client_of(stranger).get(at(model)).status_code == 404
    assert (
        client_of(stranger).get(at(model).replace("vision", make.workspace(owner=stranger).name)).status_code
        == 404
    )
    assert Client().get(at(model))["Location"].startswith("/login/")
    assert client_of(make.owner_of(model.workspace)).get("/w/vision/models/m-none/").status_code == 404


def test_the_token_of_a_script_opens_no_page_and_reaches_models_of_its_runs(
    run, model, alone, workspace, owner
):
    token, text = create_run_token(run, by=owner)
    answer = Client(headers={"Authorization": f"Bearer {text}"}).get(at(model))
    assert answer.status_code == 302 and answer["Location"].startswith("/login/")
    other = make.run(workspace)
    foreign = create_logged_model(other.experiment, "other", by=owner, run=other)
    caller = Caller(owner, token)
    assert get_model_in_use(caller, workspace, model.public_id).pk == model.pk
    with pytest.raises(NotFound):
        get_model_in_use(caller, workspace, foreign.public_id)
    with pytest.raises(NotAllowed):
        get_model_in_use(caller, workspace, alone.public_id)

"""Strings that break other software: each comes back as it was sent or is refused by a sentence; lists answer on."""

import unicodedata

import pytest

from runs.actions import organise
from runs.actions.files import put_file
from runs.actions.tracking import log_points
from runs.errors import Refused
from runs.limits import clean_key, clean_value
from runs.models import Artifact, Metric
from runs.query.values import values_of
from tests import corpora, make

NAUGHTY = corpora.naughty()


def composed(text):
    return unicodedata.normalize("NFC", text)


def refused_or(action):
    """What the action answers, or the sentence that it refuses with."""
    try:
        return action(), ""
    except Refused as refusal:
        assert refusal.message.endswith((".", "?")) and len(refusal.message) < 12_000
        return None, refusal.message


@pytest.fixture
def run(workspace):
    return make.run(workspace)


@pytest.fixture
def answers(client_of, owner, api_of, run):
    """Checks that every list and page goes on answering."""

    def check():
        base = f"/w/vision/runs/{run.public_id}/"
        client = client_of(owner)
        for path in (
            base,
            f"{base}activity/",
            f"{base}logs/",
            f"{base}metrics/",
            "/w/vision/runs/",
            "/w/vision/",
        ):
            assert client.get(path).status_code == 200, path
        for path in ("workspaces/vision/runs/", f"runs/{run.public_id}/", f"runs/{run.public_id}/files/"):
            assert api_of(owner)("GET", path).status_code == 200, path

    return check


def test_names_and_descriptions(run, owner, answers):
    kept = 0
    for text in NAUGHTY:
        done, why = refused_or(lambda text=text: organise.edit_run(run, by=owner, display_name=text))
        assert done is None or done.display_name == composed(text.strip()), repr(text)
        assert bool(done) != bool(why)
        kept += bool(done)
    whole = "\n".join(
        text for text in NAUGHTY if len(text) < 5000 and "\x00" not in text and text.isprintable()
    )
    organise.edit_run(run, by=owner, description=whole)
    run.refresh_from_db()
    assert run.description == composed(whole) and kept > len(NAUGHTY) / 2
    answers()


@pytest.mark.parametrize("kind", ["tags", "params", "properties"])
def test_tags_parameters_and_properties_by_key_and_by_value(run, owner, answers, kind):
    change = {
        "tags": organise.set_tags,
        "params": organise.add_params,
        "properties": organise.add_properties,
    }[kind]
    wanted = {}
    for number, text in enumerate(NAUGHTY):
        for key, value in ((text, "x"), (f"value {number}", text)):
            if refused_or(lambda key=key, value=value: (clean_key(key, "tag"), clean_value(value, "it")))[1]:
                continue
            wanted[composed(key)] = composed(value)
    pairs = list(wanted.items())
    runs = [run] + [make.run(run.workspace) for _ in range(len(pairs) // 900)]
    for number, each in enumerate(runs):
        part = dict(pairs[number * 900 : (number + 1) * 900])
        change(each, part, by=owner)
        assert getattr(values_of([each])[each.pk], kind) == part
    assert len(wanted) > len(NAUGHTY)
    answers()


def test_a_refused_pair_changes_nothing(run, owner):
    for text in NAUGHTY:
        done, why = refused_or(lambda text=text: organise.set_tags(run, {"good": "1", text: "x"}, by=owner))
        if why:
            assert "The tag name" in why and done is None
    assert all(composed(key) == key for key in values_of([run])[run.pk].tags)


def test_names_of_metrics_and_files(run, owner, answers):
    names, paths = set(), set()
    for text in NAUGHTY:
        if not refused_or(lambda text=text: make.log(run, text, 1.0))[1]:
            names.add(composed(text))
        if not refused_or(lambda text=text: put_file(run, text, [b"x"], by=owner))[1]:
            paths.add(composed(text))
    stored = set(Metric.objects.filter(run=run).values_list("name__text", flat=True))
    assert stored == names and set(Artifact.objects.filter(run=run).values_list("path", flat=True)) == paths
    assert len(names) > len(NAUGHTY) / 2 and len(paths) > len(NAUGHTY) / 3
    assert log_points(run, []) == 0
    answers()


def test_over_rest_each_is_kept_or_told_by_name(run, owner, api_of):
    api = api_of(owner)
    for text in [*corpora.NAUGHTY, *NAUGHTY[:40]]:
        answer = api("POST", f"runs/{run.public_id}/tags/", {"set": {text: text}})
        assert answer.status_code in (200, 400, 413), repr(text)
        if answer.status_code != 200:
            assert answer.json()["error"]["message"]
        else:
            assert answer.json()[composed(text)] == composed(text)
    assert api("GET", f"runs/{run.public_id}/tags/").status_code == 200

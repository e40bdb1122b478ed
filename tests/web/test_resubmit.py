"""Resubmit from the page of a run: on a compute target with other arguments, or by commands."""

import pytest

from runs.models import ComputeTarget, Run
from tests import make


@pytest.fixture
def origin(workspace):
    made = make.run(
        workspace, script="train.py", arguments=["--lr", "0.1", "a b"], definition={"command": None}
    )
    make.snapshot(made, {"train.py": b"print(1)"})
    return made


@pytest.fixture
def target(workspace, origin):
    return ComputeTarget.objects.create(
        workspace=workspace, name="gpu", kind="slurm", created_at=origin.created_at
    )


def path(run):
    return f"/w/vision/runs/{run.public_id}/again/"


def test_the_form_offers_targets_that_are_on_and_the_same_arguments(origin, target, client_of, contributor):
    ComputeTarget.objects.create(
        workspace=origin.workspace, name="asleep", kind="slurm", enabled=False, created_at=origin.created_at
    )
    html = client_of(contributor).get(path(origin)).content.decode()
    assert "gpu · Slurm" in html and "asleep" not in html
    assert "--lr 0.1 &#x27;a b&#x27;" in html and "studio run resubmit" in html


def test_sent_it_is_queued_there_and_leads_to_the_new_run(origin, target, client_of, contributor):
    sent = {"target": "gpu", "arguments": "--lr '0.2 c'", "display_name": "slower"}
    answer = client_of(contributor).post(path(origin), sent)
    run = Run.objects.get(resubmitted_from=origin)
    assert (run.status, run.compute_target, run.created_by) == ("Queued", target, contributor)
    assert (run.arguments, run.display_name) == (["--lr", "0.2 c"], "slower")
    assert answer.status_code == 302 and answer.url == f"/w/vision/runs/{run.public_id}/"
    answer = client_of(contributor).post(path(origin), {"target": "gpu"}, headers={"HX-Request": "true"})
    newest = Run.objects.filter(resubmitted_from=origin).latest("id")
    assert answer.status_code == 204 and newest.public_id in answer["HX-Redirect"]
    assert newest.arguments == origin.arguments


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"target": "gpu", "arguments": "--lr 'open"}, 400, "quote that is not closed"),
        ({"target": "nowhere"}, 404, "no compute target"),
        ({"target": "asleep"}, 409, "is switched off"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    sent, status, words, origin, target, client_of, contributor
):
    ComputeTarget.objects.create(
        workspace=origin.workspace, name="asleep", kind="slurm", enabled=False, created_at=origin.created_at
    )
    answer = client_of(contributor).post(path(origin), sent)
    assert answer.status_code == status and words in answer.content.decode()
    if "arguments" in sent:
        assert "--lr &#x27;open" in answer.content.decode()
    assert not Run.objects.filter(resubmitted_from=origin).exists()


def test_a_command_has_no_arguments_to_change(workspace, target, client_of, contributor):
    run = make.run(workspace, definition={"command": "make train"})
    make.snapshot(run, {"Makefile": b"train:"})
    html = client_of(contributor).get(path(run)).content.decode()
    assert 'name="target"' in html and 'name="arguments"' not in html


def test_readers_see_the_commands_alone(origin, target, client_of, reader, contributor):
    html = client_of(reader).get(path(origin)).content.decode()
    assert "studio run resubmit" in html and 'name="target"' not in html
    assert client_of(reader).post(path(origin), {"target": "gpu"}).status_code == 403


def test_a_run_that_its_own_program_began_has_the_form_where_its_script_is_there(
    workspace, target, client_of, contributor, reader
):
    own = make.run(workspace, script="train.py", arguments=["--lr", "a b"])
    make.snapshot(own, {"train.py": b"print(1)"})
    html = client_of(contributor).get(path(own)).content.decode()
    assert "--lr &#x27;a b&#x27;" in html and 'name="target"' in html and "child of the new one" in html
    assert f"studio run resubmit -r {own.public_id}" in html
    assert 'name="target"' not in client_of(reader).get(path(own)).content.decode()
    client_of(contributor).post(path(own), {"target": "gpu", "arguments": "--lr 1"})
    made = Run.objects.get(resubmitted_from=own)
    assert (made.status, made.script, made.arguments) == ("Queued", "train.py", ["--lr", "1"])


def test_without_its_script_in_the_snapshot_it_says_so(workspace, target, client_of, contributor):
    own = make.run(workspace, script="elsewhere.py")
    make.snapshot(own, {"train.py": b"print(1)"})
    html = client_of(contributor).get(path(own)).content.decode()
    assert 'name="target"' not in html and "does not hold elsewhere.py" in html
    answer = client_of(contributor).post(path(own), {"target": "gpu"})
    assert answer.status_code == 409 and "does not hold elsewhere.py" in answer.content.decode()


def test_without_a_target_it_says_where_one_is_attached(origin, client_of, contributor):
    html = client_of(contributor).get(path(origin)).content.decode()
    assert "/w/vision/compute/" in html and 'name="target"' not in html

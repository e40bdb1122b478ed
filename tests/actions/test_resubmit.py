"""A run once more: the same sources and definition, and each knows the other."""

import pytest

from runs.actions.resubmit import Changes, resubmit_run
from runs.definition import clean_definition
from runs.errors import Conflict, Invalid
from runs.models import ComputeTarget, Property, Run, Tag
from tests import make

DEFINITION = {"environment": {"SEED": "1"}, "resources": {"gpus": 1}}


@pytest.fixture
def origin(workspace) -> Run:
    made = make.run(
        workspace,
        script="train.py",
        arguments=["--lr", "0.1"],
        definition=DEFINITION,
        properties={"mlflow.source.git.commit": "abc", "author": "ada"},
        tags={"best": None},
        run_type="studio.scriptrun",
    )
    make.snapshot(made, {"train.py": b"print(1)"})
    return made


def test_it_has_the_sources_and_the_definition_and_waits_to_be_executed(origin, contributor):
    run, is_new = resubmit_run(origin, by=contributor)
    run.refresh_from_db()
    assert is_new and (run.status, run.target, run.created_by) == ("NotStarted", "local", contributor)
    assert (run.script, run.arguments) == ("train.py", ["--lr", "0.1"])
    assert (run.definition, run.snapshot) == (origin.definition, origin.snapshot)
    assert (run.experiment, run.resubmitted_from) == (origin.experiment, origin)
    properties = {row.name.text: row.text for row in Property.objects.filter(run=run)}
    assert properties == {
        "mlflow.source.git.commit": "abc",
        "ContentSnapshotId": origin.snapshot.sha256,
    }
    assert not Tag.objects.filter(run=run).exists()
    assert origin.events.get(kind="resubmitted").details["again"] == run.public_id


def test_its_arguments_and_its_name_may_be_others(origin, owner):
    run, _ = resubmit_run(origin, by=owner, changes=Changes(["--lr", "a b", ""], "slower", "again-1"))
    assert (run.arguments, run.display_name, run.public_id) == (["--lr", "a b", ""], "slower", "again-1")
    assert resubmit_run(origin, by=owner, changes=Changes(arguments=[]))[0].arguments == []


def test_asked_twice_with_one_key_it_is_made_once(origin, owner):
    first, _ = resubmit_run(origin, by=owner, key="k")
    second, is_new = resubmit_run(origin, by=owner, key="k")
    assert (first.pk, is_new) == (second.pk, False)
    assert origin.events.filter(kind="resubmitted").count() == 1


def test_for_a_target_it_is_queued_there(origin, owner):
    target = ComputeTarget.objects.create(
        workspace=origin.workspace, name="gpu", kind="slurm", created_at=origin.created_at
    )
    run, _ = resubmit_run(origin, by=owner, target=target)
    run.refresh_from_db()
    assert (run.status, run.target, run.compute_target) == ("Queued", "gpu", target)
    target.enabled = False
    with pytest.raises(Conflict, match="gpu is switched off"):
        resubmit_run(origin, by=owner, target=target)


def test_the_script_of_a_run_that_its_own_program_began_is_submitted(workspace, owner):
    origin = make.run(workspace, script="src/train.py", arguments=["--lr", "a b"])
    make.snapshot(origin, {"src/train.py": b"print(1)"})
    run, _ = resubmit_run(origin, by=owner)
    run.refresh_from_db()
    assert (run.script, run.arguments, run.snapshot) == ("src/train.py", ["--lr", "a b"], origin.snapshot)
    assert (run.definition, run.run_type) == (clean_definition({}), "studio.scriptrun")
    assert resubmit_run(origin, by=owner, changes=Changes(["--lr", "1"]))[0].arguments == ["--lr", "1"]
    assert resubmit_run(run, by=owner)[0].definition == run.definition


@pytest.mark.parametrize(
    ("script", "files", "words"),
    [
        ("train.py", None, "has no snapshot of its sources"),
        ("train.py", {"src/train.py": b"1"}, "does not hold train.py, the script that began it"),
        ("", {"train.py": b"1"}, "Which script began digits-1 is not known"),
    ],
)
def test_what_is_missing_to_run_it_again_is_said(script, files, words, workspace, owner):
    origin = make.run(workspace, script=script, display_name="digits-1")
    if files:
        make.snapshot(origin, files)
    with pytest.raises(Conflict, match=words):
        resubmit_run(origin, by=owner)
    assert Run.objects.count() == 1


def test_without_its_sources_only_a_command_is_run_again(workspace, owner):
    with pytest.raises(Conflict, match="has no snapshot of its sources"):
        resubmit_run(make.run(workspace, script="train.py", definition={}), by=owner)
    command = make.run(workspace, definition={"command": "nvidia-smi"})
    assert resubmit_run(command, by=owner)[0].definition["command"] == "nvidia-smi"
    with pytest.raises(Invalid, match="has no arguments to change"):
        resubmit_run(command, by=owner, changes=Changes(["-l"]))


def test_a_resubmitted_run_can_be_resubmitted(origin, owner):
    second, _ = resubmit_run(origin, by=owner)
    third, _ = resubmit_run(second, by=owner)
    assert third.resubmitted_from == second and third.snapshot == origin.snapshot

"""Compute targets: who attaches them, what they take, what is told of them."""

import pytest

from runs.actions import compute
from runs.errors import Conflict, Gone, Invalid
from runs.models import ComputeTarget, Job, WorkspaceEvent
from runs.query.compute import targets_of
from tests import make


@pytest.fixture
def target(workspace, owner):
    return compute.attach_target(workspace, "cluster", "slurm", {}, by=owner, enabled=True)


def test_an_attached_target_has_every_setting_of_its_kind_and_is_asked_how_it_is(target):
    assert target.settings == {"partition": "", "account": "", "folder": "", "python": "", "url": ""}
    assert (target.state, Job.objects.get().name) == ("checking", "check target")
    event = WorkspaceEvent.objects.latest("pk")
    assert (event.kind, event.details["target"], event.details["engine"]) == (
        "target attached",
        "cluster",
        "slurm",
    )


@pytest.mark.parametrize(
    ("name", "kind", "settings", "said"),
    [
        ("local", "slurm", {}, "'local' is the machine that submits"),
        ("a b", "slurm", {}, "up to 64 letters"),
        ("../x", "slurm", {}, "up to 64 letters"),
        ("a\x00", "slurm", {}, "NUL"),
        ("gpu", "kubernetes", {}, "kind is one of local, ray, slurm"),
        ("gpu", "slurm", {"slots": 2}, "has no setting 'slots'"),
        ("gpu", "slurm", {"partition": "a;b"}, "settings.partition holds"),
        ("gpu", "slurm", {"partition": "--uid=0"}, "settings.partition holds"),
        ("gpu", "slurm", {"folder": "shared"}, "settings.folder is a whole path"),
        ("gpu", "slurm", {"url": "file:///etc"}, "settings.url is an address"),
        ("gpu", "slurm", {"url": "http://[oops"}, "settings.url is an address"),
        ("gpu", "local", {"slots": 0}, "settings.slots is a whole number"),
        ("gpu", "local", {"slots": "many"}, "settings.slots is a whole number"),
        ("gpu", "local", [], "settings must be an object"),
    ],
)
def test_what_is_not_right_is_said_and_nothing_is_attached(workspace, owner, name, kind, settings, said):
    with pytest.raises(Invalid, match=said):
        compute.attach_target(workspace, name, kind, settings, by=owner, enabled=False)
    assert not ComputeTarget.objects.exists()


def test_a_name_is_taken_once_in_a_workspace(target, workspace, owner):
    with pytest.raises(Conflict, match="already"):
        compute.attach_target(workspace, "cluster", "local", {}, by=owner, enabled=False)
    other = make.workspace()
    compute.attach_target(other, "cluster", "local", {}, by=owner, enabled=False)


def test_settings_left_out_stay_and_the_event_names_what_changed(target, owner):
    compute.change_target(target, {"partition": "gpu"}, by=owner)
    changed = compute.change_target(target, {"account": "vision"}, by=owner)
    assert (changed.settings["partition"], changed.settings["account"]) == ("gpu", "vision")
    assert WorkspaceEvent.objects.latest("pk").details["settings"] == ["account"]


def test_switching_twice_tells_it_once(target, owner):
    compute.disable_target(target, by=owner)
    compute.disable_target(target, by=owner)
    assert compute.enable_target(target, by=owner).enabled
    kinds = [*WorkspaceEvent.objects.order_by("pk").values_list("kind", flat=True)]
    assert kinds.count("target disabled") == kinds.count("target enabled") == 1


def test_a_target_is_detached_when_no_run_is_on_it(target, workspace, owner):
    run = make.run(workspace)
    run.compute_target = target
    run.save(update_fields=["compute_target"])
    with pytest.raises(Conflict, match="1 run waits for it or is on it"):
        compute.detach_target(target, by=owner)
    assert [(row.queued, row.running) for row in targets_of(workspace)] == [(0, 1)]
    run.status = "Completed"
    run.save(update_fields=["status"])
    compute.detach_target(target, by=owner)
    run.refresh_from_db()
    assert run.compute_target is None
    with pytest.raises(Gone):
        compute.enable_target(target, by=owner)


def test_the_answer_of_the_engine_is_noted(target):
    compute.note_check(target, reason="", capacity={"nodes": "4"})
    compute.note_check(target, reason="sbatch is not here", capacity=None)
    target.refresh_from_db()
    assert (target.state, target.state_reason, target.capacity) == (
        "failing",
        "sbatch is not here",
        {"nodes": "4"},
    )


def test_the_list_reads_the_database_twice(target, workspace, owner, reads):
    compute.attach_target(workspace, "other", "local", {}, by=owner, enabled=False)
    with reads(at_most=2):
        assert [row.target.name for row in targets_of(workspace)] == ["cluster", "other"]

"""The allowed moves of a run, and what each leaves behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actions import run as actions
from runs.actions.silence import reap_silent_runs
from runs.errors import Conflict
from runs.lifecycle import ACTIVE, ALLOWED, ENDED, Status, can_move
from runs.models import Run, RunCount, RunEvent
from tests import make


def test_ended_runs_go_nowhere():
    assert all(not ALLOWED[status] for status in ENDED)


def test_every_active_status_can_end_in_each_way():
    assert all(can_move(status, ended) for status in ACTIVE for ended in ENDED)


def test_a_cancel_can_be_asked_of_every_active_run_once():
    assert all(can_move(s, Status.CANCEL_REQUESTED) for s in ACTIVE - {Status.CANCEL_REQUESTED})


def test_a_cancelled_run_never_runs_again():
    assert not can_move(Status.CANCEL_REQUESTED, Status.RUNNING)


@pytest.mark.parametrize("end", [actions.complete_run, actions.fail_run, actions.confirm_canceled])
def test_an_end_sets_times_counts_and_one_event(workspace, owner, end):
    run = make.run(workspace)
    ended = end(run, by=owner)
    assert ended.ended_at is not None and ended.duration_s is not None and ended.duration_s >= 0
    counts = {c.status: c.runs for c in RunCount.objects.filter(experiment=run.experiment) if c.runs}
    assert counts == {ended.status: 1}
    kinds = list(RunEvent.objects.filter(run=run).order_by("id").values_list("kind", flat=True))
    assert kinds == ["created", ended.status.lower()]


def test_the_same_end_again_changes_nothing(workspace, owner):
    run = make.run(workspace)
    first = actions.complete_run(run, by=owner)
    again = actions.complete_run(run, by=owner)
    assert again.ended_at == first.ended_at
    assert RunEvent.objects.filter(run=run, kind="completed").count() == 1


def test_another_end_is_a_conflict_with_a_sentence(workspace, owner):
    run = make.run(workspace, display_name="resnet")
    actions.fail_run(run, by=owner, message="boom")
    with pytest.raises(Conflict, match="resnet has already ended as Failed; it cannot become Completed"):
        actions.complete_run(run, by=owner)
    with pytest.raises(Conflict):
        actions.cancel_run(run, by=owner)
    assert Run.objects.get(pk=run.pk).status == "Failed"


def test_a_stale_row_cannot_win_over_a_newer_end(workspace, owner):
    run = make.run(workspace)
    stale = Run.objects.select_related("workspace", "experiment").get(pk=run.pk)
    actions.complete_run(run, by=owner)
    with pytest.raises(Conflict):
        actions.cancel_run(stale, by=owner)


def test_a_silent_run_does_not_respond_and_comes_back_by_its_next_beat(workspace, owner):
    run = make.run(workspace, heartbeat=True)
    later = timezone.now() + timedelta(seconds=121)
    assert reap_silent_runs(later) == 1
    silent = Run.objects.select_related("workspace", "experiment").get(pk=run.pk)
    assert silent.status == "NotResponding" and "120 seconds" in silent.status_reason
    assert actions.heartbeat(silent, by=owner).status == "Running"


def test_a_run_that_promised_no_beats_is_never_judged(workspace):
    make.run(workspace)
    assert reap_silent_runs(timezone.now() + timedelta(days=30)) == 0


def test_a_run_silent_for_a_day_has_failed(workspace):
    run = make.run(workspace, heartbeat=True)
    reap_silent_runs(timezone.now() + timedelta(days=2))
    lost = Run.objects.get(pk=run.pk)
    assert (lost.status, lost.error_code) == ("Failed", "HeartbeatLost")


def test_cancelling_twice_is_no_error(workspace, owner):
    run = make.run(workspace, heartbeat=True)
    assert actions.cancel_run(run, by=owner).status == "CancelRequested"
    assert actions.cancel_run(run, by=owner).status == "CancelRequested"
    assert actions.confirm_canceled(run, by=owner).status == "Canceled"
    assert actions.cancel_run(run, by=owner).status == "Canceled"


def test_completed_wins_over_a_cancel_that_was_only_asked(workspace, owner):
    run = make.run(workspace, heartbeat=True)
    actions.cancel_run(run, by=owner)
    assert actions.complete_run(run, by=owner).status == "Completed"


def test_a_cancel_takes_active_children_along_at_any_depth(workspace, owner):
    top = make.run(workspace)
    child = make.run(workspace, parent=top)
    grandchild = make.run(workspace, parent=child)
    done = make.run(workspace, parent=top)
    actions.complete_run(done, by=owner)
    actions.cancel_run(top, by=owner, children=True)
    statuses = Run.objects.in_bulk([top.pk, child.pk, grandchild.pk, done.pk])
    assert [statuses[r.pk].status for r in (top, child, grandchild)] == ["Canceled"] * 3
    assert statuses[done.pk].status == "Completed"


def test_a_very_long_error_arrives_with_its_ends(workspace, owner):
    run = make.run(workspace)
    failed = actions.fail_run(run, by=owner, message="start " + "x" * 50_000 + " end")
    assert failed.error_message.startswith("start") and failed.error_message.endswith("end")
    assert "characters left out" in failed.error_message

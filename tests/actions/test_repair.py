"""A stuck run is marked by hand: which may be, what is kept of it, and what its script hears afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actions.repair import is_stuck, mark_run
from runs.actions.run import cancel_run, complete_run, heartbeat
from runs.errors import Conflict, Invalid
from runs.models import Run, RunCount, RunEvent
from tests import make


def heard(run, seconds_ago, **fields):
    Run.objects.filter(pk=run.pk).update(
        heartbeat_at=timezone.now() - timedelta(seconds=seconds_ago), **fields
    )
    return Run.objects.select_related("workspace", "experiment").get(pk=run.pk)


@pytest.fixture
def silent(workspace):
    return heard(make.run(workspace, display_name="lost one", heartbeat=True), 300, status="NotResponding")


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled"])
def test_a_silent_run_becomes_what_somebody_says(silent, owner, status):
    done = mark_run(silent, status, by=owner, reason="the machine burnt down")
    assert (done.status, done.status_reason) == (status, "the machine burnt down")
    assert done.ended_at and done.duration_s is not None
    event = RunEvent.objects.filter(run=silent).latest("id")
    assert (event.kind, event.by) == ("marked by hand", owner)
    assert event.details == {"before": "NotResponding", "after": status, "reason": "the machine burnt down"}
    assert RunCount.objects.get(experiment=silent.experiment, status=status).runs == 1


def test_one_marked_as_failed_tells_its_reason_as_the_error(silent, owner):
    done = mark_run(silent, "Failed", by=owner, reason="out of disk")
    assert (done.error_code, done.error_message) == ("MarkedByHand", "out of disk")


def test_a_run_that_never_promised_heartbeats_may_be_marked(workspace, owner):
    assert mark_run(make.run(workspace), "Completed", by=owner, reason="forgot to").status == "Completed"


def test_a_run_whose_script_is_alive_is_not_marked(workspace, owner):
    alive = heard(make.run(workspace, display_name="busy", heartbeat=True), 3)
    with pytest.raises(Conflict, match=r"busy is alive, its script was heard 3 s ago: cancel it instead"):
        mark_run(alive, "Failed", by=owner, reason="x")
    assert not is_stuck(alive) and Run.objects.get(pk=alive.pk).status == "Running"


def test_one_that_was_asked_to_stop_and_does_not_is_stuck_after_a_minute(workspace, owner):
    run = heard(make.run(workspace, heartbeat=True), 1)
    cancel_run(run, by=owner)
    with pytest.raises(Conflict, match="it was asked to stop just now"):
        mark_run(Run.objects.get(pk=run.pk), "Canceled", by=owner, reason="x")
    late = heard(run, 1, cancel_requested_at=timezone.now() - timedelta(seconds=61))
    assert mark_run(late, "Canceled", by=owner, reason="it ignores us").status == "Canceled"


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "\ud800", "x" * 3001])
def test_a_reason_is_needed(silent, owner, reason):
    with pytest.raises(Invalid, match="The reason"):
        mark_run(silent, "Failed", by=owner, reason=reason)
    assert Run.objects.get(pk=silent.pk).status == "NotResponding"


@pytest.mark.parametrize("status", ["Running", "NotStarted", "", "failed", "x" * 100])
def test_it_becomes_an_end_and_nothing_else(silent, owner, status):
    with pytest.raises(Invalid, match="Completed, Failed or Canceled"):
        mark_run(silent, status, by=owner, reason="x")


def test_an_end_is_never_changed_and_the_same_again_is_no_error(silent, owner):
    done = mark_run(silent, "Failed", by=owner, reason="x")
    assert mark_run(done, "Failed", by=owner, reason="y").status_reason == "x"
    with pytest.raises(Conflict, match="already ended as Failed"):
        mark_run(done, "Completed", by=owner, reason="z")


def test_a_beat_after_the_mark_changes_nothing_and_is_told_once(silent, owner):
    done = mark_run(silent, "Failed", by=owner, reason="x")
    for _ in range(3):
        assert heartbeat(done, by=owner).status == "Failed"
    kinds = list(RunEvent.objects.filter(run=done).order_by("id").values_list("kind", flat=True))
    assert kinds == ["created", "marked by hand", "heard after its end"]


def test_a_beat_after_an_ordinary_end_is_not_worth_a_word(workspace, owner):
    done = complete_run(heard(make.run(workspace, heartbeat=True), 1), by=owner)
    heartbeat(done, by=owner)
    assert RunEvent.objects.filter(run=done).count() == 2


def test_its_script_can_still_bring_what_it_logged(silent, owner):
    done = mark_run(silent, "Failed", by=owner, reason="x")
    assert make.log(done, "loss", 1.0, 0.5) == 2


def test_the_answer_to_a_beat_is_noted_as_the_moment_it_was_told(workspace, owner):
    run = heard(make.run(workspace, heartbeat=True), 1)
    asked = cancel_run(run, by=owner, reason="loss explodes")
    assert asked.cancel_told_at is None
    assert heartbeat(Run.objects.get(pk=run.pk), by=owner).cancel_requested
    told = Run.objects.get(pk=run.pk).cancel_told_at
    assert told is not None
    heartbeat(Run.objects.get(pk=run.pk), by=owner)
    kinds = list(RunEvent.objects.filter(run=run).order_by("id").values_list("kind", flat=True))
    assert kinds == ["created", "cancel requested", "cancel told"]
    assert Run.objects.get(pk=run.pk).cancel_told_at == told

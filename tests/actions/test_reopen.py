"""A run that has ended goes on."""

import pytest

from runs.actions.reopen import reopen_run
from runs.actions.run import cancel_run, complete_run, confirm_canceled, fail_run, heartbeat
from runs.actions.silence import reap_silent_runs
from runs.errors import Conflict
from runs.models import Run, RunCount
from tests import make


@pytest.mark.parametrize("end", [complete_run, fail_run, confirm_canceled])
def test_a_run_goes_on_after_any_end(workspace, owner, end):
    run = make.run(workspace, metrics={"loss": 1.0})
    end(run, by=owner)
    back = reopen_run(run, by=owner)
    row = Run.objects.get()
    assert (row.status, row.ended_at, row.duration_s, row.status_reason, row.heartbeat_at) == (
        "Running",
        None,
        None,
        "",
        None,
    )
    assert back.started_at == row.started_at == run.started_at
    assert list(RunCount.objects.filter(runs__gt=0).values_list("status", "runs")) == [("Running", 1)]
    make.log(row, "loss", 2.0)
    complete_run(row, by=owner)
    assert Run.objects.get().status == "Completed"


def test_the_error_and_the_cancel_are_forgotten_by_the_run_but_not_by_its_history(workspace, owner):
    run = make.run(workspace)
    fail_run(run, by=owner, message="no memory", code="OOM", details={"a": "b"})
    reopen_run(run, by=owner)
    cancel_run(run, by=owner, reason="enough")
    reopen_run(run, by=owner)
    row = Run.objects.get()
    assert (row.error_code, row.error_message, row.error_details) == ("", "", {})
    assert (row.cancel_requested_at, row.cancel_requested_by, row.cancel_told_at) == (None, None, None)
    kinds = list(row.events.order_by("id").values_list("kind", flat=True))
    assert kinds == ["created", "failed", "reopened", "canceled", "reopened"]
    told = row.events.filter(kind="reopened").latest("id")
    assert (told.details["before"], told.details["after"], told.by) == ("Canceled", "Running", owner)


def test_again_changes_nothing(workspace, owner):
    run = make.run(workspace)
    complete_run(run, by=owner)
    for _ in range(2):
        reopen_run(run, by=owner)
    assert run.events.filter(kind="reopened").count() == 1


def test_heartbeats_are_promised_anew(workspace, owner):
    run = make.run(workspace, heartbeat=True)
    complete_run(run, by=owner)
    Run.objects.update(heartbeat_at="2020-01-01T00:00:00Z")
    reopen_run(run, by=owner)
    assert reap_silent_runs() == 0 and Run.objects.get().status == "Running"
    complete_run(run, by=owner)
    reopen_run(run, by=owner, heartbeat=True)
    assert heartbeat(Run.objects.get(), by=owner).status == "Running"
    Run.objects.update(heartbeat_at="2020-01-01T00:00:00Z")
    assert reap_silent_runs() == 1


def test_what_has_not_ended_or_was_executed_here_is_refused(workspace, owner):
    waiting = make.run(workspace, start=False)
    with pytest.raises(Conflict, match="is NotStarted; only a run that has ended can go on again"):
        reopen_run(waiting, by=owner)
    executed = make.run(workspace)
    complete_run(executed, by=owner)
    Run.objects.filter(pk=executed.pk).update(definition={"script": "train.py"}, target="gpu")
    with pytest.raises(Conflict, match="executed on gpu and its program is over; resubmit it"):
        reopen_run(executed, by=owner)
    assert Run.objects.get(pk=executed.pk).status == "Completed"

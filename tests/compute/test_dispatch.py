"""From the queue to the engine and to the end, whatever dies between: with real processes, and time passed in."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from runs import dispatcher
from runs.actions import cancel_deadline, compute, dispatch
from runs.actions import run as runs
from runs.actions.create import NewRun, create_run
from runs.actions.members import remove_member
from runs.actions.stopping import close_unconfirmed_cancels
from runs.compute.engine import EngineAway, Seen, State
from runs.errors import Conflict, Invalid
from runs.lifecycle import Status
from runs.models import ApiToken, Dispatch, Run
from tests import make
from tests.compute.conftest import until
from tests.compute.test_local import WAIT, python

ON = Seen(State.RUNNING)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.DATA = tmp_path


@pytest.fixture
def target_with(workspace, owner, tmp_path):
    """A target of this machine whose Python is a script of the shell."""
    made = []

    def attached(script: str, slots: int = 2):
        settings = {"python": python(tmp_path, script), "slots": slots}
        made.append(compute.attach_target(workspace, "server", "local", settings, by=owner, enabled=True))
        return made[-1]

    yield attached
    for target in made:
        for run in Run.objects.all():
            dispatcher.engine_of(target).stop(run.public_id, hard=True)


def submitted(target, by=None, **definition) -> Run:
    by = by or make.owner_of(target.workspace)
    new = NewRun("digits", script="train.py", compute_target=target.name, definition=definition)
    return runs.move_run(create_run(target.workspace, new, by=by)[0], Status.QUEUED, by=by)


def look(after_s: float = 0.0) -> int:
    return dispatcher.look_after_runs(timezone.now() + timedelta(seconds=after_s))


def state_of(run: Run) -> str:
    return Dispatch.objects.get(run=run).state


def engine_says(run: Run, state: State) -> bool:
    target = run.compute_target
    return dispatcher.engine_of(target).states([run.public_id])[run.public_id].state == state


def test_a_queued_run_is_handed_over_and_its_history_tells(target_with):
    run = submitted(target_with(WAIT))
    assert (run.status, run.target, state_of(run)) == ("Queued", "server", "waiting")
    assert look() == 1
    assert engine_says(run, State.RUNNING)
    made = Dispatch.objects.get(run=run)
    assert (made.state, made.job_id) == ("submitted", run.public_id)
    assert run.events.get(kind="dispatched").details == {"target": "server", "job": run.public_id}
    assert ApiToken.objects.get(run=run).user == run.created_by


def test_a_supervisor_that_never_starts_fails_the_run_with_what_it_printed(target_with):
    run = submitted(target_with("echo No module named studio; exit 1"))
    look()
    until(lambda: engine_says(run, State.ENDED))
    look(4)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("Failed", "NotStarted")
    assert "before the script was started. No module named studio" in run.error_message
    assert run.error_details == {"start_log": "No module named studio"}
    look(10)
    assert state_of(run) == "ended"
    assert not dispatcher.engine_of(run.compute_target).find(run.public_id)


def test_a_dispatch_that_died_half_way_is_found_again_and_not_started_twice(target_with, tmp_path):
    run = submitted(target_with(f"echo started >> {tmp_path}/started; {WAIT}"))
    (taken,) = dispatch.claim_dispatches()
    start = dispatch.prepare_start(taken)
    dispatcher.engine_of(taken.target).submit(dispatcher._order(start))  # and here the worker is killed
    until((tmp_path / "started").exists)
    assert look(30) == 0, "the lease still holds"
    assert look(61) == 1
    assert state_of(run) == "submitted"
    assert (tmp_path / "started").read_text() == "started\n"


def test_a_slow_engine_starts_nothing_twice_when_two_workers_look(target_with, monkeypatch):
    """Each hand-over takes less than a lease, all of them take more: each run keeps its worker while it waits."""
    target = target_with(WAIT, slots=4)
    runs_there = [submitted(target) for _ in range(4)]
    started, meanwhile = [], []
    monkeypatch.setattr(dispatcher.LocalEngine, "states", lambda self, ids: dict.fromkeys(ids, ON))
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def slow(self, order):
            started.append(order.run_id)
            if not meanwhile:
                clock.shift(40)
                meanwhile.append("the other worker looks, and is answered at once")
                dispatcher.look_after_runs()
                meanwhile.clear()
            return order.run_id

        monkeypatch.setattr(dispatcher.LocalEngine, "submit", slow)
        dispatcher.look_after_runs()
    assert sorted(started) == sorted(run.public_id for run in runs_there)


def test_a_run_that_was_cancelled_while_its_worker_died_is_stopped(target_with, owner, tmp_path):
    run = submitted(target_with(f"touch {tmp_path}/started; {WAIT}"))
    (taken,) = dispatch.claim_dispatches()
    dispatcher.engine_of(taken.target).submit(dispatcher._order(dispatch.prepare_start(taken)))
    until((tmp_path / "started").exists)
    assert runs.cancel_run(run, by=owner).status == "Canceled"
    look(61)
    look(65)
    until(lambda: engine_says(run, State.ENDED))
    look(70)
    assert state_of(run) == "ended"


def test_a_queued_run_is_canceled_at_once_and_never_started(target_with, owner, tmp_path):
    run = submitted(target_with(f"touch {tmp_path}/started"))
    assert runs.cancel_run(run, by=owner).status == "Canceled"
    look()
    assert state_of(run) == "ended"
    assert not (tmp_path / "compute").exists()


def test_only_so_many_run_at_once_in_the_order_of_submission(target_with, owner):
    target = target_with(WAIT, slots=1)
    first, second, third = submitted(target), submitted(target), submitted(target)
    look()
    assert [state_of(run) for run in (first, second, third)] == ["submitted", "waiting", "waiting"]
    runs.cancel_run(first, by=owner)
    dispatcher.engine_of(target).stop(first.public_id, hard=True)
    until(lambda: engine_says(first, State.ENDED))
    look(20)
    look(20)
    assert [state_of(run) for run in (first, second, third)] == ["ended", "submitted", "waiting"]


def test_a_target_that_is_switched_off_begins_nothing(target_with, owner):
    target = target_with(WAIT)
    run = submitted(target)
    compute.disable_target(target, by=owner)
    assert look() == 0
    compute.enable_target(target, by=owner)
    assert look() == 1
    assert state_of(run) == "submitted"


def test_a_cancel_that_nobody_confirms_is_enforced_within_two_minutes(target_with, owner, tmp_path):
    run = submitted(target_with(f"trap '' TERM; touch {tmp_path}/started; {WAIT}"))
    look()
    until((tmp_path / "started").exists)
    runs.start_run(run, by=owner, heartbeat=True)
    runs.cancel_run(run, by=owner)
    look(30)
    assert engine_says(run, State.RUNNING)
    look(62)
    until(lambda: engine_says(run, State.ENDED))
    for after_s in (66, 88):
        look(after_s)
    run.refresh_from_db()
    assert run.status == "Canceled"
    assert run.status_reason == f"not confirmed; the job {run.public_id} of server has ended"
    assert (run.ended_at - run.cancel_requested_at) < timedelta(minutes=2)


def test_the_longest_grace_is_waited_for_and_the_run_is_closed_within_two_minutes(
    target_with, owner, tmp_path
):
    run = submitted(target_with(f"touch {tmp_path}/started; {WAIT}"), cancel_grace_seconds=60)
    look()
    until((tmp_path / "started").exists)
    runs.start_run(run, by=owner, heartbeat=True)
    runs.cancel_run(run, by=owner)
    look(85)
    assert engine_says(run, State.RUNNING)
    assert close_unconfirmed_cancels(timezone.now() + timedelta(seconds=108)) == 0
    look(91)
    until(lambda: engine_says(run, State.ENDED))
    look(111)
    run.refresh_from_db()
    assert run.status == "Canceled"


@pytest.mark.parametrize("grace_s", [None, 0, 30, 60, 3600], ids=str)
def test_who_kills_and_who_closes_follow_one_rule(target_with, grace_s):
    """3,600 s: as an earlier version took it."""
    run = submitted(target_with(WAIT))
    run.definition = {**run.definition, "cancel_grace_seconds": grace_s}
    grace = timedelta(seconds=min(grace_s or 10, 60))
    assert grace < cancel_deadline.kill_after(run) < cancel_deadline.close_after(run)
    assert cancel_deadline.close_after(run) <= cancel_deadline.LAST < timedelta(minutes=2)


def test_a_run_whose_supervisor_is_gone_fails_with_that_reason(target_with, owner, tmp_path):
    run = submitted(target_with(f"echo half way; touch {tmp_path}/started; {WAIT}"))
    look()
    until((tmp_path / "started").exists)
    runs.start_run(run, by=owner, heartbeat=True)
    dispatcher.engine_of(run.compute_target).stop(run.public_id, hard=True)
    until(lambda: engine_says(run, State.ENDED))
    look(16)
    run.refresh_from_db()
    assert run.status == "Running", "its last word may be on its way"
    look(40)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("Failed", "SupervisorLost")
    assert run.error_details == {"start_log": "half way"}


LIMIT = Seen(State.ENDED, "time limit", was_stopped=True)


def test_the_engine_says_why_a_supervisor_was_stopped(target_with, owner, monkeypatch):
    run = submitted(target_with(WAIT))
    look()
    runs.start_run(run, by=owner, heartbeat=True)
    runs.fail_run(run, by=owner, code="SupervisorStopped", message="It was stopped by SIGTERM.")
    monkeypatch.setattr(dispatcher.LocalEngine, "states", lambda self, ids: dict.fromkeys(ids, LIMIT))
    look(10)
    run.refresh_from_db()
    assert (run.status, run.status_reason) == ("Failed", "Stopped by the target server: time limit.")
    assert run.error_message == "Stopped by the target server: time limit. It was stopped by SIGTERM."


def test_a_run_that_its_engine_killed_without_a_word_is_told_with_the_engine_s_reason(
    target_with, owner, monkeypatch
):
    run = submitted(target_with(WAIT))
    look()
    runs.start_run(run, by=owner, heartbeat=True)
    monkeypatch.setattr(dispatcher.LocalEngine, "states", lambda self, ids: dict.fromkeys(ids, LIMIT))
    look(10)
    look(40)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("Failed", "SupervisorStopped")
    assert run.error_message == "Stopped by the target server: time limit."


@pytest.mark.parametrize("code", ["SupervisorStopped", "SupervisorKilled"])
def test_a_supervisor_that_is_ended_while_its_run_is_cancelled_is_no_failure(target_with, owner, code):
    run = submitted(target_with(WAIT))
    runs.start_run(run, by=owner, heartbeat=True)
    runs.cancel_run(run, by=owner)
    for _ in range(2):  # and the same again, as after a lost answer
        assert runs.fail_run(run, by=owner, code=code, message="It was killed.").status == "Canceled"
    failed = submitted(run.compute_target)
    runs.start_run(failed, by=owner, heartbeat=True)
    assert runs.fail_run(failed, by=owner, code=code, message="It was killed.").status == "Failed"


def test_an_engine_that_is_away_is_asked_again_each_time_later(target_with, owner):
    target = target_with(WAIT)
    run = submitted(target)
    (blocked := dispatcher.settings.DATA / "compute").write_text("a file where the folder should be")
    look()
    run.refresh_from_db()
    made = Dispatch.objects.get(run=run)
    assert (made.state, made.attempts, run.status) == ("submitting", 1, "Queued")
    assert "cannot be written" in made.last_error and "cannot be written" in run.status_reason
    look(5)
    assert Dispatch.objects.get(run=run).attempts == 2
    blocked.unlink()
    look(30)
    run.refresh_from_db()
    assert (state_of(run), run.status_reason) == ("submitted", "")


def test_a_cancelled_run_of_an_engine_that_is_away_is_closed_with_that_reason(
    target_with, owner, monkeypatch
):
    run = submitted(target_with(WAIT))
    look()
    runs.start_run(run, by=owner, heartbeat=True)
    runs.cancel_run(run, by=owner)

    def away(*_):
        raise EngineAway("squeue has not answered")

    with monkeypatch.context() as unplugged:
        unplugged.setattr(dispatcher.LocalEngine, "states", away)
        look(20)
        look(95)
    run.refresh_from_db()
    assert run.status == "Canceled"
    assert "could not be killed, as squeue has not answered" in run.status_reason


def test_what_the_engine_says_of_a_waiting_job_is_shown(target_with, monkeypatch):
    run = submitted(target_with(WAIT))
    look()
    waiting = Seen(State.QUEUED, "it waits for free machines")
    monkeypatch.setattr(dispatcher.LocalEngine, "states", lambda self, ids: dict.fromkeys(ids, waiting))
    look(5)
    run.refresh_from_db()
    assert (run.status, run.status_reason) == ("Queued", "it waits for free machines")


def test_who_has_left_starts_nothing(target_with, workspace, owner, contributor):
    run = submitted(target_with(WAIT), by=contributor)
    remove_member(workspace, contributor, by=owner)
    look()
    run.refresh_from_db()
    assert (run.status, run.error_code, state_of(run)) == ("Failed", "NotStarted", "ended")
    assert "carl may not run scripts in vision any more" in run.error_message


def test_a_run_goes_to_a_target_that_is_there_and_says_what_is_executed(target_with, workspace, owner):
    target_with(WAIT)

    def make_run(**fields):
        return create_run(workspace, NewRun("digits", **fields), by=owner)

    with pytest.raises(Invalid, match="no compute target 'gpu' in vision; there is server"):
        make_run(compute_target="gpu", definition={})
    with pytest.raises(Invalid, match="needs a definition"):
        make_run(compute_target="server")
    assert not Run.objects.exists()
    made = make_run(compute_target="server", definition={})[0]
    runs.complete_run(made, by=owner)
    with pytest.raises(Conflict):
        runs.move_run(made, Status.QUEUED, by=owner)
    assert not Dispatch.objects.exists()


def test_queueing_twice_starts_it_once(target_with, owner):
    run = submitted(target_with(WAIT))
    runs.move_run(run, Status.QUEUED, by=owner)
    assert Dispatch.objects.count() == 1


def test_the_connection_is_tried_by_the_worker(target_with):
    target = target_with("exit 0")
    assert dispatcher.check_target(target.pk) == "server answers"
    target.refresh_from_db()
    assert target.state == "ready" and int(target.capacity["CPUs"]) >= 1
    assert dispatcher.check_target(0) == "detached"

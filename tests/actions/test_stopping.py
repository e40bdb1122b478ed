"""Cancels that nobody confirms end by themselves, and say why."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs import worker
from runs.actions import run as actions
from runs.actions.cancel_deadline import LAST
from runs.actions.create import NewRun, create_children
from runs.actions.silence import reap_silent_runs
from runs.actions.stopping import close_unconfirmed_cancels
from runs.models import Run
from tests import make


@pytest.fixture
def asked(workspace, owner) -> Run:
    """A run whose script beats, and that somebody has cancelled."""
    made = make.run(workspace, heartbeat=True)
    return actions.cancel_run(made, by=owner)


def later(seconds: float = 0.0):
    return timezone.now() + LAST + timedelta(seconds=1 + seconds)


def test_it_is_given_two_minutes(asked):
    assert timedelta(minutes=2) > LAST
    assert close_unconfirmed_cancels() == 0
    asked.refresh_from_db()
    assert asked.status == "CancelRequested"


def test_one_that_was_never_heard_again_is_canceled(asked):
    assert close_unconfirmed_cancels(later()) == 1
    asked.refresh_from_db()
    assert (asked.status, asked.status_reason) == (
        "Canceled",
        "Nobody confirmed the cancel by olga within two minutes: its script was not heard any more.",
    )
    assert asked.events.get(kind="canceled").by is None
    assert close_unconfirmed_cancels(later()) == 0


def test_one_whose_script_goes_on_is_canceled_says_so_and_is_told_again(asked, owner):
    actions.heartbeat(asked, by=owner)
    close_unconfirmed_cancels(later())
    asked.refresh_from_db()
    assert asked.status_reason.endswith("its script was told to stop, and still sends heartbeats.")
    beat = actions.heartbeat(asked, by=owner)
    assert (beat.status, beat.cancel_requested) == ("Canceled", True)


def test_one_that_was_told_and_fell_silent_is_canceled(asked, owner):
    actions.heartbeat(asked, by=owner)
    assert reap_silent_runs(later(300)) == 1
    assert Run.objects.get(pk=asked.pk).status == "NotResponding"
    close_unconfirmed_cancels(later(300))
    asked.refresh_from_db()
    assert (asked.status, asked.status_reason.rpartition(": ")[2]) == (
        "Canceled",
        "its script was told to stop, and has fallen silent.",
    )


def test_one_that_says_late_that_it_has_stopped_is_no_error(asked, owner):
    close_unconfirmed_cancels(later())
    assert actions.confirm_canceled(asked, by=owner, reason="canceled by olga").status == "Canceled"


def test_one_that_ended_in_its_own_way_stays_so(asked, owner):
    actions.complete_run(asked, by=owner)
    assert close_unconfirmed_cancels(later()) == 0
    assert Run.objects.get(pk=asked.pk).status == "Completed"


def test_runs_that_nobody_cancelled_are_left_alone(workspace):
    made = make.run(workspace, heartbeat=True)
    assert close_unconfirmed_cancels(later(1000)) == 0
    assert Run.objects.get(pk=made.pk).status == "Running"


def test_200_children_are_cancelled_together_and_none_is_left(workspace, owner):
    parent = make.run(workspace, heartbeat=True)
    for _ in range(2):
        create_children(parent, [NewRun("digits", parent=parent, start=True)] * 100, by=owner)
    Run.objects.filter(parent=parent, pk__in=parent.children.values("pk")[:50]).update(
        heartbeat_at=timezone.now()
    )
    actions.cancel_run(parent, by=owner, children=True)
    statuses = list(Run.objects.filter(workspace=workspace).values_list("status", flat=True))
    assert (statuses.count("Canceled"), statuses.count("CancelRequested")) == (150, 51)
    assert close_unconfirmed_cancels(later()) == 51
    assert set(Run.objects.filter(workspace=workspace).values_list("status", flat=True)) == {"Canceled"}


def test_a_worker_that_begins_gives_silent_runs_the_time_to_come_back():
    silent = next(chore for chore in worker.chores() if chore.name == "runs that fell silent")
    others = [chore.due_at for chore in worker.chores() if chore.name != silent.name]
    assert silent.due_at > 0 and not any(others)

"""The worker does jobs at least once, survives those that fail, and keeps its clock."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from runs import worker
from runs.actions import jobs
from runs.models import Job, Segment
from tests import make

# Not in one big transaction: leases are what other processes see.
pytestmark = pytest.mark.django_db


def the_job() -> Job:
    return Job.objects.get()


def test_without_a_job_there_is_nothing_to_do():
    assert worker.do_next_job("w") is False


def test_small_batches_of_a_metric_are_merged(workspace):
    run = make.run(workspace)
    for number in range(80):
        make.log(run, "loss", float(number))
    assert the_job().name == "merge segments"
    assert worker.do_next_job("w") is True
    assert the_job().state == Job.DONE
    assert Segment.objects.count() < 80


def test_a_job_of_another_version_waits_and_is_tried_again():
    jobs.enqueue("from the future", {})
    assert worker.do_next_job("w") is True
    assert the_job().state == Job.READY
    assert "knows no job named 'from the future'" in the_job().last_error
    assert the_job().run_after > timezone.now()
    assert worker.do_next_job("w") is False


def test_a_job_that_fails_does_not_end_the_worker(monkeypatch):
    monkeypatch.setitem(worker.HANDLERS, "fails", lambda payload: 1 // 0)
    jobs.enqueue("fails", {})
    assert worker.do_next_job("w") is True
    assert "ZeroDivisionError" in the_job().last_error


def test_a_job_of_a_worker_that_died_goes_to_another(monkeypatch):
    done = []
    monkeypatch.setitem(worker.HANDLERS, "count", lambda payload: done.append(1) or "done")
    jobs.enqueue("count", {})
    jobs.lease_job("one that is killed", timezone.now() - timedelta(minutes=5))
    assert worker.do_next_job("w") is True
    assert done == [1]


def test_a_job_that_kills_its_workers_is_given_up(monkeypatch):
    done, given_up = [], []
    monkeypatch.setitem(worker.HANDLERS, "kills", lambda payload: done.append(1) or "done")
    monkeypatch.setitem(worker.GIVEN_UP, "kills", given_up.append)
    jobs.enqueue("kills", {"of": "memory"})
    for _ in range(jobs.MOST_ATTEMPTS):
        jobs.lease_job("one that is killed", timezone.now())
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert worker.do_next_job("w") is True
    assert (done, given_up) == ([], [{"of": "memory"}])
    assert the_job().state == Job.GIVEN_UP
    assert "The worker ended 10 times while it did this job." in the_job().last_error
    assert worker.do_next_job("w") is False


def test_chores_wait_for_their_time():
    done = []
    chore = worker.Chore("count", 3600, lambda: done.append(1) or 1)
    worker.do_chores([chore])
    worker.do_chores([chore])
    assert done == [1]


def test_a_chore_that_fails_leaves_the_others_to_be_done():
    done = []
    worker.do_chores(
        [worker.Chore("fails", 5, lambda: 1 // 0), worker.Chore("works", 5, lambda: done.append(1) or 1)]
    )
    assert done == [1]


def test_without_a_database_a_chore_stays_due():
    def away() -> int:
        raise OperationalError("no connection")

    chore = worker.Chore("reads", 3600, away)
    with pytest.raises(OperationalError):
        worker.do_chores([chore])
    assert chore.due_at == 0.0


def test_every_chore_runs_on_this_database(workspace):
    chores = worker.chores()
    for chore in chores:
        chore.due_at = 0.0
    worker.do_chores(chores)

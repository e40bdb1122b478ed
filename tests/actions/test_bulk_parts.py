"""Changes of many runs that go on in parts: how often they ask the database, and what happens half-way."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.access import Caller
from runs.actions import bulk, bulk_parts, organise
from runs.actions.members import remove_member, set_member
from runs.actions.run import complete_run
from runs.actions.upkeep import purge
from runs.errors import Conflict
from runs.models import BulkChange, BulkPart, Job, Run, RunCount, RunEvent, RunSearch
from runs.worker import do_next_job
from tests import make


@pytest.fixture
def many(workspace, owner):
    """Makes ended runs."""

    def made(count, **fields):
        return [complete_run(make.run(workspace, **fields), by=owner) for _ in range(count)]

    return made


@pytest.fixture
def in_small_parts(monkeypatch):
    """Parts of two runs, of which the request does one."""
    monkeypatch.setattr(bulk, "AT_ONCE_S", 0)
    monkeypatch.setattr(bulk, "PAUSE_S", 0)
    for action in bulk_parts.SIZE:
        monkeypatch.setitem(bulk_parts.SIZE, action, 2)


def change(action, runs, by, **more):
    numbers = [run.pk for run in runs]
    return bulk.change_runs(runs[0].workspace, numbers, action=action, by=by, **more)


def statements(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return len([query for query in captured if "SAVEPOINT" not in query["sql"]])


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("tag", {"key": "quality", "value": "good"}),
        ("untag", {"key": "team"}),
        ("archive", {}),
        ("trash", {}),
        ("star", {}),
    ],
)
def test_twenty_runs_take_as_many_statements_as_four(many, owner, action, more):
    few, lot = (many(count, tags={"team": "a"}) for count in (4, 20))
    # The first tag of an experiment is noted there.
    organise.set_tags(few[0], {"quality": "poor"}, by=owner)
    organise.set_tags(lot[0], {"quality": "poor"}, by=owner)
    numbers = [statements(lambda runs=runs: change(action, runs, owner, **more)) for runs in (few, lot)]
    assert numbers[0] == numbers[1] <= 18
    assert statements(lambda: change(action, lot, owner, **more)) <= 12


def test_undo_takes_as_few(many, owner):
    runs = many(20)
    kept = change("tag", runs, owner, key="quality", value="good")
    assert statements(lambda: bulk.undo_change(Caller(owner), kept.workspace, kept.pk)) <= 22


def test_each_run_has_its_event_and_its_search_row(many, owner):
    runs = many(3, display_name="bert", tags={"team": "a"})
    change("tag", runs, owner, key="quality", value="Great")
    assert RunEvent.objects.filter(kind="tagged", details__after={"quality": "Great"}, by=owner).count() == 3
    texts = RunSearch.objects.values_list("text", flat=True)
    assert all("quality=great\nteam=a" in text for text in texts)


def test_what_takes_longer_goes_on_in_the_worker(many, owner, in_small_parts):
    runs = many(5)
    begun = change("tag", runs, owner, key="quality", value="good")
    assert (begun.state, begun.taken, begun.total, begun.can_be_undone) == ("running", 2, 5, False)
    while do_next_job("tests"):
        pass
    ended = BulkChange.objects.get(pk=begun.pk)
    assert (ended.state, ended.done, ended.can_be_undone) == ("done", 5, True)
    assert not Job.objects.exclude(state="done").exists()
    back = bulk.undo_change(Caller(owner), ended.workspace, ended.pk)
    assert (back.state, back.taken) == ("running", 2)
    while do_next_job("tests"):
        pass
    back.refresh_from_db()
    assert (back.state, back.done) == ("done", 5)
    assert all("quality" not in text for text in RunSearch.objects.values_list("text", flat=True))


def test_a_server_that_stops_half_way_leaves_the_rest_to_the_worker(many, owner, in_small_parts, monkeypatch):
    monkeypatch.setattr(bulk, "take_part", lambda change: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        change("archive", many(3), owner)
    monkeypatch.undo()
    assert not do_next_job("tests")
    Job.objects.update(run_after=timezone.now())
    while do_next_job("tests"):
        pass
    assert Run.objects.filter(archived_at=None).count() == 0


def test_a_part_is_never_done_twice(many, owner, in_small_parts):
    begun = change("archive", many(5), owner)
    stale = BulkChange.objects.get(pk=begun.pk)
    bulk_parts.take_part(stale)
    bulk_parts.take_part(stale)
    ended = bulk_parts.take_part(stale)
    assert (ended.done, ended.unchanged, BulkPart.objects.count()) == (5, 0, 3)
    assert RunEvent.objects.filter(kind="archived").count() == 5


def test_what_is_stopped_stays_half_done_and_can_be_undone(many, owner, in_small_parts):
    begun = change("archive", many(5), owner)
    with pytest.raises(Conflict, match="still goes on"):
        bulk.undo_change(Caller(owner), begun.workspace, begun.pk)
    stopped = bulk.stop_change(begun)
    while do_next_job("tests"):
        pass
    assert stopped.state == "stopped" and Run.objects.exclude(archived_at=None).count() == 2
    assert bulk.stop_change(stopped).ended_at == stopped.ended_at
    assert bulk.undo_change(Caller(owner), begun.workspace, begun.pk).done == 2


def test_who_lost_the_right_meanwhile_changes_nothing_more(
    many, workspace, contributor, owner, in_small_parts
):
    runs = many(5)
    begun = change("archive", runs, contributor)
    set_member(workspace, contributor, "reader", by=owner)
    while do_next_job("tests"):
        pass
    begun.refresh_from_db()
    assert begun.state == "done" and begun.done == 2
    assert [(r["count"], "no longer" in r["reason"]) for r in begun.refused] == [(3, True)]
    remove_member(workspace, contributor, by=owner)
    assert Run.objects.exclude(archived_at=None).count() == 2


def test_a_run_that_is_deleted_meanwhile_is_told(many, owner, in_small_parts):
    runs = many(4)
    begun = change("archive", runs, owner)
    runs[3].delete()
    ended = bulk_parts.take_part(begun)
    assert (ended.done, ended.refused[0]["reason"]) == (3, "It is not there any more.")


def test_very_many_different_reasons_are_told_as_one(workspace, many, owner):
    runs = many(23)
    for number, run in enumerate(runs):
        make.run(workspace, parent=run, display_name=f"busy-{number}")
    refused = change("trash", runs, owner).refused
    assert len(refused) == 21 and refused[-1]["reason"] == "For other reasons." and refused[-1]["count"] == 3


def test_whole_trees_go_to_the_trash_and_come_back_with_their_counts(workspace, many, owner):
    (top,) = many(1, display_name="top")
    child, other = many(2, parent=top)
    (deep,) = many(1, parent=child)
    (alone,) = many(1, parent=other)
    runs = [deep, top, child]

    def counted():
        rows = RunCount.objects.filter(status="Completed").values_list("runs", flat=True)
        children = Run.objects.order_by("pk").values_list("child_count", flat=True)
        return sum(rows), list(children)

    before = counted()
    change("trash", [alone], owner)
    kept = change("trash", runs, owner)
    assert (kept.done, kept.refused) == (3, []) and counted()[0] == 0
    assert RunEvent.objects.filter(kind="trashed").count() == 2
    assert bulk.undo_change(Caller(owner), workspace, kept.pk).done == 3
    change("restore", [alone], owner)
    assert counted() == before


def test_after_a_day_it_is_forgotten(many, owner):
    kept = change("archive", many(1), owner)
    BulkChange.objects.filter(pk=kept.pk).update(at=timezone.now() - timedelta(hours=25))
    assert purge() and not BulkPart.objects.exists()

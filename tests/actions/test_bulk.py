"""Changes of many runs: what is done, what is refused and why, and that Undo gives back exactly what was."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.access import Caller
from runs.actions import bulk, organise
from runs.actions.run import complete_run
from runs.errors import Conflict, Invalid, NotFound
from runs.limits import KEYS_PER_RUN
from runs.models import BulkChange, Run, Star
from runs.query.values import values_of
from tests import make


@pytest.fixture
def runs(workspace, owner):
    """Two ended runs and one that goes on."""
    made = [make.run(workspace, display_name=name, heartbeat=True) for name in ("one", "two", "busy")]
    for run in made[:2]:
        complete_run(run, by=owner)
    return list(Run.objects.filter(pk__in=[run.pk for run in made]).order_by("pk"))


def again(runs):
    return list(Run.objects.filter(pk__in=[run.pk for run in runs]).order_by("pk"))


def tags_of(runs):
    values = values_of(runs)
    return [values[run.pk].tags for run in runs]


def change(action, runs, by, **more):
    numbers = [run.pk for run in runs]
    return bulk.change_runs(runs[0].workspace, numbers, action=action, by=by, **more)


def undone(report, by):
    return bulk.undo_change(Caller(by), report.workspace, report.pk)


def test_what_cannot_be_done_is_told_with_its_reason_and_the_rest_is_done(runs, owner):
    report = change("cancel", runs, owner, reason="enough")
    assert (report.done, report.unchanged, report.can_be_undone) == (1, 0, False)
    why = "It has already ended as Completed; it cannot become CancelRequested."
    assert report.refused == [{"reason": why, "count": 2, "names": ["one", "two"]}]
    assert again(runs)[2].status == "CancelRequested"
    assert change("cancel", runs, owner).unchanged == 1


def test_undo_gives_each_run_the_tag_it_had(runs, owner):
    organise.set_tags(runs[0], {"quality": "poor"}, by=owner)
    organise.set_tags(runs[1], {"quality": None, "other": "x"}, by=owner)
    before = tags_of(runs)
    report = change("tag", runs, owner, key="quality", value="great")
    assert report.done == 3 and [tags["quality"] for tags in tags_of(runs)] == ["great"] * 3
    assert undone(report, owner).done == 3
    assert tags_of(runs) == before


def test_undo_of_a_removal_brings_the_values_back(runs, owner):
    organise.set_tags(runs[0], {"quality": "poor"}, by=owner)
    organise.set_tags(runs[1], {"quality": None}, by=owner)
    before = tags_of(runs)
    report = change("untag", runs, owner, key="quality")
    assert (report.done, report.unchanged) == (2, 1)
    undone(report, owner)
    assert tags_of(runs) == before


def test_undo_leaves_alone_what_was_changed_again(runs, owner):
    report = change("tag", runs, owner, key="quality", value="great")
    organise.set_tags(runs[0], {"quality": "mine"}, by=owner)
    back = undone(report, owner)
    assert back.done == 2 and back.refused[0]["names"] == ["one"]
    assert tags_of(runs) == [{"quality": "mine"}, {}, {}]


def test_only_what_this_change_did_is_undone(runs, owner):
    organise.archive_run(runs[0], by=owner)
    report = change("archive", runs, owner)
    assert (report.done, report.unchanged) == (2, 1)
    undone(report, owner)
    assert [run.archived_at is not None for run in again(runs)] == [True, False, False]


def test_the_trash_takes_what_has_ended_and_gives_it_back(runs, owner):
    report = change("trash", runs, owner)
    assert report.done == 2 and "cancel it first" in report.refused[0]["reason"]
    assert [run.deleted_at is not None for run in again(runs)] == [True, True, False]
    undone(report, owner)
    assert not Run.objects.exclude(deleted_at=None).exists()


def test_stars_are_the_person_s_own(runs, owner, reader):
    change("star", runs[:1], owner)
    report = change("star", runs, owner)
    assert (report.done, report.unchanged) == (2, 1)
    undone(report, owner)
    assert list(Star.objects.filter(user=owner).values_list("run", flat=True)) == [runs[0].pk]
    with pytest.raises(NotFound):
        undone(change("star", runs[:1], owner), reader)


def test_undo_works_once_and_for_a_day(runs, owner, workspace):
    report = change("archive", runs, owner)
    undone(report, owner)
    with pytest.raises(Conflict, match="undone already"):
        undone(report, owner)
    report = change("archive", runs, owner)
    BulkChange.objects.update(at=timezone.now() - timedelta(hours=25))
    with pytest.raises(NotFound, match="too old"):
        undone(report, owner)


def test_a_run_that_refuses_keeps_nothing_and_stops_nobody(runs, owner):
    organise.set_tags(runs[1], {f"k{n}": "x" for n in range(KEYS_PER_RUN)}, by=owner)
    report = change("tag", runs, owner, key="one more", value="x")
    assert report.done == 2 and report.refused[0]["names"] == ["two"]
    assert len(tags_of(runs)[1]) == KEYS_PER_RUN and "one more" not in tags_of(runs)[1]


@pytest.mark.parametrize(("key", "value"), [("", "x"), ("k" * 257, "x"), ("k", "v" * 8001), ("a\nb", "x")])
def test_a_tag_that_cannot_be_is_refused_before_anything(runs, owner, key, value):
    with pytest.raises(Invalid):
        change("tag", runs, owner, key=key, value=value)
    assert tags_of(runs) == [{}, {}, {}] and not BulkChange.objects.exists()


def test_there_is_no_other_action(runs, owner):
    with pytest.raises(Invalid, match="There is no action 'explode'"):
        change("explode", runs, owner)

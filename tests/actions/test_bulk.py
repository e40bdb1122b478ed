"""Changes of many runs: what is done, what is refused and why, and that Undo gives back exactly what was."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actions import bulk, organise
from runs.actions.run import complete_run
from runs.errors import Conflict, Invalid, NotFound
from runs.models import Run, Star, Undo
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


def undone(report, runs, owner):
    kept = bulk.kept_change(runs[0].workspace, report.undo, by=owner)
    return bulk.undo(kept, again(runs), by=owner)


def test_what_cannot_be_done_is_told_with_its_reason_and_the_rest_is_done(runs, owner):
    report = bulk.cancel_runs(runs, by=owner, reason="enough")
    assert (report.done, report.unchanged, report.undo) == (1, 0, None)
    assert [(r.count, r.names) for r in report.refused] == [(2, ["one", "two"])]
    assert report.refused[0].reason == "It has already ended as Completed; it cannot become CancelRequested."
    assert again(runs)[2].status == "CancelRequested"
    assert bulk.cancel_runs(again(runs), by=owner).unchanged == 1


def test_undo_gives_each_run_the_tag_it_had(runs, owner):
    organise.set_tags(runs[0], {"quality": "poor"}, by=owner)
    organise.set_tags(runs[1], {"quality": None, "other": "x"}, by=owner)
    before = tags_of(runs)
    report = bulk.tag_runs(runs, key="quality", value="great", by=owner)
    assert report.done == 3 and [tags["quality"] for tags in tags_of(runs)] == ["great"] * 3
    assert undone(report, runs, owner).done == 3
    assert tags_of(runs) == before


def test_undo_of_a_removal_brings_the_values_back(runs, owner):
    organise.set_tags(runs[0], {"quality": "poor"}, by=owner)
    organise.set_tags(runs[1], {"quality": None}, by=owner)
    before = tags_of(runs)
    report = bulk.untag_runs(runs, key="quality", by=owner)
    assert (report.done, report.unchanged) == (2, 1)
    undone(report, runs, owner)
    assert tags_of(runs) == before


def test_undo_leaves_alone_what_was_changed_again(runs, owner):
    report = bulk.tag_runs(runs, key="quality", value="great", by=owner)
    organise.set_tags(runs[0], {"quality": "mine"}, by=owner)
    back = undone(report, runs, owner)
    assert back.done == 2 and back.refused[0].names == ["one"]
    assert tags_of(runs) == [{"quality": "mine"}, {}, {}]


def test_only_what_this_change_did_is_undone(runs, owner):
    organise.archive_run(runs[0], by=owner)
    report = bulk.archive_runs(again(runs), by=owner)
    assert (report.done, report.unchanged) == (2, 1)
    undone(report, runs, owner)
    assert [run.archived_at is not None for run in again(runs)] == [True, False, False]


def test_the_trash_takes_what_has_ended_and_gives_it_back(runs, owner):
    report = bulk.trash_runs(runs, by=owner)
    assert report.done == 2 and "cancel it first" in report.refused[0].reason
    assert [run.deleted_at is not None for run in again(runs)] == [True, True, False]
    undone(report, runs, owner)
    assert not Run.objects.exclude(deleted_at=None).exists()


def test_stars_are_the_person_s_own(runs, owner, reader):
    bulk.set_stars(runs[:1], on=True, by=owner)
    report = bulk.set_stars(runs, on=True, by=owner)
    assert (report.done, report.unchanged) == (2, 1)
    undone(report, runs, owner)
    assert list(Star.objects.filter(user=owner).values_list("run", flat=True)) == [runs[0].pk]
    with pytest.raises(NotFound):
        bulk.kept_change(runs[0].workspace, report.undo, by=reader)


def test_undo_works_once_and_for_a_day(runs, owner, workspace):
    report = bulk.archive_runs(runs, by=owner)
    undone(report, runs, owner)
    with pytest.raises(Conflict, match="undone already"):
        undone(report, runs, owner)
    report = bulk.archive_runs(again(runs), by=owner)
    Undo.objects.update(at=timezone.now() - timedelta(hours=25))
    with pytest.raises(NotFound, match="too old"):
        undone(report, runs, owner)


def test_a_run_that_refuses_keeps_nothing_and_stops_nobody(runs, owner):
    organise.set_tags(runs[1], {f"k{n}": "x" for n in range(1000)}, by=owner)
    report = bulk.tag_runs(runs, key="one more", value="x", by=owner)
    assert report.done == 2 and report.refused[0].names == ["two"]
    assert len(tags_of(runs)[1]) == 1000 and "one more" not in tags_of(runs)[1]


@pytest.mark.parametrize(("key", "value"), [("", "x"), ("k" * 257, "x"), ("k", "v" * 8001), ("a\nb", "x")])
def test_a_tag_that_cannot_be_is_refused_before_anything(runs, owner, key, value):
    with pytest.raises(Invalid):
        bulk.tag_runs(runs, key=key, value=value, by=owner)
    assert tags_of(runs) == [{}, {}, {}] and not Undo.objects.exists()


def test_there_is_no_other_action(runs, owner):
    with pytest.raises(Invalid, match="There is no action 'explode'"):
        bulk.change_runs("explode", runs, by=owner)

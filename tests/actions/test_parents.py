"""A run comes under another one later."""

import pytest

from runs.access import Caller, run_numbers
from runs.actions.parents import set_parent
from runs.actions.run import cancel_run
from runs.actions.trash import restore_runs, trash_run, trash_runs
from runs.models import Run
from runs.query.tree import descendants
from tests import make


@pytest.fixture
def study(workspace):
    return make.run(workspace)


def tree(run):
    return [(each.pk, each.parent_id) for each in descendants(Run.objects.get(pk=run.pk))]


def counts():
    return dict(Run.objects.order_by("pk").values_list("pk", "child_count"))


def test_a_run_comes_under_an_older_one_with_all_below_it(workspace, owner, study):
    trial = make.run(workspace)
    step = make.run(workspace, parent=trial)
    assert set_parent(trial, study, by=owner)
    assert tree(study) == [(trial.pk, study.pk), (step.pk, trial.pk)]
    assert counts() == {study.pk: 1, trial.pk: 1, step.pk: 0}
    assert trial.parent == study
    told = study.events.get(kind="child joined")
    assert (told.details, told.by) == ({"child": trial.public_id}, owner)


def test_again_changes_nothing(workspace, owner, study):
    trial = make.run(workspace)
    for _ in range(2):
        assert set_parent(trial, study, by=owner)
    assert counts() == {study.pk: 1, trial.pk: 0}
    assert study.events.filter(kind="child joined").count() == 1


def test_a_run_moves_to_another_parent_and_to_none(workspace, owner, study):
    other, trial = make.run(workspace), make.run(workspace, parent=study)
    step, inner = make.run(workspace, parent=trial), make.run(workspace)
    inner_step = make.run(workspace, parent=inner)
    assert set_parent(trial, other, by=owner)
    assert (tree(study), tree(other)) == ([], [(trial.pk, other.pk), (step.pk, trial.pk)])
    assert counts()[study.pk] == 0 and counts()[other.pk] == 1
    assert set_parent(inner, step, by=owner)
    assert tree(other)[-2:] == [(inner.pk, step.pk), (inner_step.pk, inner.pk)]
    assert set_parent(Run.objects.get(pk=trial.pk), None, by=owner)
    assert tree(other) == [] and counts()[other.pk] == 0
    assert tree(trial) == [(step.pk, trial.pk), (inner.pk, step.pk), (inner_step.pk, inner.pk)]
    assert Run.objects.get(pk=trial.pk).root is None


def test_no_run_comes_to_lie_below_itself_or_in_another_workspace(workspace, owner, study):
    trial = make.run(workspace, parent=study)
    step, foreign = make.run(workspace, parent=trial), make.run(make.workspace(owner=owner))
    for run, parent in ((study, trial), (study, step), (study, study), (trial, foreign), (foreign, study)):
        assert not set_parent(Run.objects.get(pk=run.pk), Run.objects.get(pk=parent.pk), by=owner)
    assert tree(study) == [(trial.pk, study.pk), (step.pk, trial.pk)]


def test_a_parent_may_be_made_after_its_child(workspace, owner, study):
    step = make.run(workspace, parent=study)
    sweep, top = make.run(workspace), make.run(workspace)
    assert set_parent(Run.objects.get(pk=study.pk), sweep, by=owner)
    assert set_parent(Run.objects.get(pk=sweep.pk), top, by=owner)
    assert tree(top) == [(sweep.pk, top.pk), (study.pk, sweep.pk), (step.pk, study.pk)]
    assert tree(sweep) == [(study.pk, sweep.pk), (step.pk, study.pk)]
    assert counts() == {study.pk: 1, step.pk: 0, sweep.pk: 1, top.pk: 1}
    assert not set_parent(Run.objects.get(pk=top.pk), Run.objects.get(pk=step.pk), by=owner)
    ids = [run.public_id for run in (step, study, sweep, top)]
    assert [*run_numbers(Caller(owner), workspace, ids=ids, need="read")] == [
        run.public_id for run in (top, sweep, study, step)
    ]


def test_a_parent_made_after_its_child_is_cancelled_trashed_and_restored_with_it(workspace, owner, study):
    sweep = make.run(workspace)
    assert set_parent(study, sweep, by=owner)
    cancel_run(Run.objects.get(pk=sweep.pk), by=owner, children=True)
    assert {run.status for run in Run.objects.all()} == {"Canceled"}
    Run.objects.update(status="Completed")
    outcome = trash_runs(list(Run.objects.order_by("pk")), by=owner)
    assert set(outcome.changed) == {study.pk, sweep.pk} and not outcome.refused
    assert {run.deleted_at is None for run in Run.objects.all()} == {False}
    outcome = restore_runs(list(Run.objects.order_by("pk")), by=owner)
    assert set(outcome.changed) == {study.pk, sweep.pk} and not outcome.refused
    assert counts() == {study.pk: 0, sweep.pk: 1} and tree(sweep) == [(study.pk, sweep.pk)]


def test_what_lies_in_the_trash_stays_where_it_is(workspace, owner, study):
    trial = make.run(workspace)
    Run.objects.update(status="Completed")
    trash_run(Run.objects.get(pk=trial.pk), by=owner)
    assert not set_parent(trial, study, by=owner)
    gone = make.run(workspace)
    later = make.run(workspace)
    Run.objects.update(status="Completed")
    trash_run(Run.objects.get(pk=gone.pk), by=owner)
    assert not set_parent(later, gone, by=owner)

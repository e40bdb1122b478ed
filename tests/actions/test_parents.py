"""A run comes under another one later."""

import pytest

from runs.actions.parents import set_parent
from runs.actions.trash import trash_run
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
    younger, foreign = make.run(workspace), make.run(make.workspace(owner=owner))
    for run, parent in (
        (study, trial),
        (study, study),
        (trial, younger),
        (younger, foreign),
        (foreign, study),
    ):
        assert not set_parent(run, parent, by=owner)
    assert tree(study) == [(trial.pk, study.pk)]


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

"""Stars: each person's own, set and taken away any number of times."""

import pytest
from django.db import transaction

from runs.actions.stars import set_star, star_runs
from runs.errors import NotFound
from runs.models import Run, Star
from runs.query.stars import starred
from tests import make


@pytest.fixture
def run(workspace):
    return make.run(workspace)


def test_a_star_is_the_person_s_own(run, reader, owner):
    assert set_star(reader, run=run, on=True) is True
    assert starred(reader, "run", [run.pk]) == {run.pk}
    assert starred(owner, "run", [run.pk]) == set()


def test_setting_or_taking_it_twice_is_no_error(run, reader):
    for on, count in ((True, 1), (True, 1), (False, 0), (False, 0)):
        assert set_star(reader, run=run, on=on) is on
        assert Star.objects.count() == count


def test_runs_and_experiments_are_starred_apart(run, reader):
    set_star(reader, experiment=run.experiment, on=True)
    set_star(reader, run=run, on=True)
    set_star(reader, run=run, on=False)
    assert starred(reader, "experiment", [run.experiment_id]) == {run.experiment_id}
    assert starred(reader, "run", [run.pk]) == set()


def test_one_thing_at_a_time(run, reader):
    with pytest.raises(TypeError):
        set_star(reader, run=run, experiment=run.experiment, on=True)
    with pytest.raises(TypeError):
        set_star(reader, on=False)


def test_many_runs_are_starred_at_once_and_only_changes_count(workspace, run, reader):
    other = make.run(workspace)
    set_star(reader, run=run, on=True)
    assert star_runs(reader, [run.pk, other.pk, other.pk], on=True) == {other.pk}
    assert starred(reader, "run", [run.pk, other.pk]) == {run.pk, other.pk}
    assert star_runs(reader, [run.pk, other.pk], on=False) == {run.pk, other.pk}


@pytest.mark.django_db(transaction=True)
def test_a_run_that_was_deleted_meanwhile_is_refused_in_words(run, reader):
    stale = Run.objects.get(pk=run.pk)
    with transaction.atomic():
        run.delete()
    with pytest.raises(NotFound, match="deleted a moment ago"):
        set_star(reader, run=stale, on=True)

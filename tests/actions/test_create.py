"""Runs that cannot be made say the real reason."""

import pytest

from runs.actions.create import NewRun, create_run
from runs.errors import Conflict
from runs.models import Experiment, Run
from tests import make


def test_an_id_that_is_taken_is_named(workspace, owner):
    make.run(workspace, run_id="mine")
    with pytest.raises(Conflict, match="run id 'mine' is taken") as refused:
        create_run(workspace, NewRun(experiment="digits", run_id="mine"), by=owner)
    assert refused.value.field == "run_id"


def test_a_counter_that_is_behind_is_not_called_a_taken_id(workspace, owner):
    make.run(workspace)
    Experiment.objects.update(last_run_number=0)
    with pytest.raises(Conflict, match="digits has a run 1 already") as refused:
        create_run(workspace, NewRun(experiment="digits", run_id="other"), by=owner)
    assert refused.value.field == "experiment" and Run.objects.count() == 1
    assert Experiment.objects.get().last_run_number == 0

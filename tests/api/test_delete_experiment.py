"""An experiment is deleted only when nothing of anybody's work goes with it."""

import pytest

from runs.actions.run import complete_run
from runs.actions.trash import trash_run
from runs.models import Experiment
from tests import make

PATH = "workspaces/vision/experiments/digits/"


def test_an_empty_one_is_deleted(workspace, contributor, api_of) -> None:
    make.experiment(workspace)
    assert api_of(contributor)("DELETE", PATH).status_code == 204
    assert not Experiment.objects.exists()
    assert api_of(contributor)("DELETE", PATH).status_code == 404


def test_one_with_runs_is_kept_and_says_so(workspace, contributor, api_of) -> None:
    make.run(workspace)
    trash_run(complete_run(make.run(workspace), by=contributor), by=contributor)
    answer = api_of(contributor)("DELETE", PATH)
    assert answer.status_code == 409
    assert "holds 1 run, and 1 in the trash" in answer.json()["error"]["message"]
    assert Experiment.objects.count() == 1


@pytest.mark.parametrize(("who", "status"), [("reader", 403), ("stranger", 404)])
def test_others_delete_none(workspace, request, api_of, who, status) -> None:
    make.experiment(workspace)
    assert api_of(request.getfixturevalue(who))("DELETE", PATH).status_code == status

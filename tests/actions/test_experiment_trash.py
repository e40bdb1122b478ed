"""The trash of experiments: what goes along, what comes back, what is refused, and what is gone for good."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actions.experiment import (
    create_experiment,
    edit_experiment,
    ensure_default_experiment,
    rename_experiment,
)
from runs.actions.experiment_trash import delete_old_experiments, trash_experiment, untrash_experiment
from runs.actions.run import cancel_run, complete_run, end_run, start_run
from runs.actions.silence import reap_silent_runs
from runs.actions.stopping import close_unconfirmed_cancels
from runs.actions.trash import empty_trash, restore_run, trash_run
from runs.errors import Conflict, Invalid, NotFound
from runs.lifecycle import Status
from runs.models import Experiment, Run, RunCount, RunSearch, WorkspaceEvent
from runs.worker import do_next_job
from tests import make

DEFINITION = {"command": ["python", "train.py"]}


@pytest.fixture
def ended(workspace, owner):
    """Makes an ended run."""

    def made(experiment="digits", **fields):
        return complete_run(make.run(workspace, experiment, **fields), by=owner)

    return made


def counted(experiment):
    rows = RunCount.objects.filter(experiment=experiment, runs__gt=0)
    return dict(rows.values_list("status", "runs"))


def in_use():
    return set(Run.objects.filter(deleted_at=None).values_list("display_name", flat=True))


def told(workspace):
    events = WorkspaceEvent.objects.filter(workspace=workspace, kind__startswith="experiment")
    return list(events.order_by("pk").values_list("kind", "details"))


def test_its_runs_go_along_and_come_back_but_not_what_was_thrown_away_before(workspace, ended, owner):
    top = ended(display_name="top")
    ended(display_name="child", parent=top)
    trash_run(ended(display_name="old"), by=owner)
    ended("other", display_name="elsewhere")
    experiment = trash_experiment(top.experiment, by=owner)
    assert in_use() == {"elsewhere"} and counted(experiment) == {}
    untrash_experiment(experiment, by=owner)
    assert in_use() == {"elsewhere", "top", "child"} and counted(experiment) == {"Completed": 2}
    assert Run.objects.get(pk=top.pk).child_count == 1
    assert told(workspace) == [
        ("experiment trashed", {"experiment": "digits", "runs": 2}),
        ("experiment restored", {"experiment": "digits", "runs": 2}),
    ]


def test_twice_is_no_error_and_told_once(workspace, ended, owner):
    experiment = ended().experiment
    first = trash_experiment(experiment, by=owner).deleted_at
    assert trash_experiment(experiment, by=owner).deleted_at == first
    for _ in range(2):
        assert untrash_experiment(experiment, by=owner).deleted_at is None
    assert counted(experiment) == {"Completed": 1} and len(told(workspace)) == 2


def test_many_runs_take_no_more_statements_than_one(workspace, ended, owner, django_assert_num_queries):
    experiment = ended().experiment
    for _ in range(30):
        make.run(workspace)
    Run.objects.update(status="Completed", ended_at=timezone.now())
    RunCount.objects.update(runs=0)
    RunCount.objects.filter(status="Completed").update(runs=31)
    with django_assert_num_queries(9):  # with the beginning and the end of the transaction
        trash_experiment(experiment, by=owner)
    with django_assert_num_queries(9):
        untrash_experiment(experiment, by=owner)
    assert counted(experiment) == {"Completed": 31}


def test_while_a_run_goes_on_it_stays(workspace, ended, owner):
    ended(display_name="done")
    busy = make.run(workspace, display_name="busy")
    with pytest.raises(Conflict, match="while its run 2, busy, is Running; cancel it first"):
        trash_experiment(busy.experiment, by=owner)
    assert in_use() == {"done", "busy"} and told(workspace) == []
    trash_experiment(busy.experiment, by=owner, active=True)
    assert in_use() == set()
    untrash_experiment(busy.experiment, by=owner)
    assert counted(busy.experiment) == {"Completed": 1, "Running": 1}


def test_what_an_engine_executes_never_goes_to_the_trash(workspace, owner):
    run = make.run(workspace, definition=DEFINITION, display_name="submitted")
    with pytest.raises(Conflict, match="cancel it first"):
        trash_experiment(run.experiment, by=owner, active=True)
    with pytest.raises(
        Conflict, match="submitted cannot go to the trash while it is Running; cancel it first"
    ):
        trash_run(run, by=owner, active=True)
    trash_experiment(complete_run(run, by=owner).experiment, by=owner)
    assert in_use() == set()


def test_a_run_that_only_logs_may_go_while_it_runs_where_that_is_asked_for(workspace, owner):
    top = make.run(workspace, display_name="top")
    make.run(workspace, parent=top, display_name="child")
    with pytest.raises(Conflict):
        trash_run(top, by=owner)
    trash_run(top, by=owner, active=True)
    assert in_use() == set() and counted(top.experiment) == {}
    restore_run(top, by=owner)
    assert in_use() == {"top", "child"} and counted(top.experiment) == {"Running": 2}


def test_the_worker_leaves_running_runs_in_the_trash_alone(workspace, owner):
    silent = make.run(workspace, heartbeat=True, display_name="silent")
    asked = cancel_run(make.run(workspace, heartbeat=True), by=owner)
    long_ago = timezone.now() - timedelta(days=2)
    Run.objects.update(heartbeat_at=long_ago)
    Run.objects.filter(pk=asked.pk).update(cancel_requested_at=long_ago)
    trash_experiment(silent.experiment, by=owner, active=True)
    assert reap_silent_runs() == 0 and close_unconfirmed_cancels() == 0
    untrash_experiment(silent.experiment, by=owner)
    assert reap_silent_runs() == 2


def test_a_run_that_ends_in_the_trash_is_counted_when_it_comes_back(workspace, owner):
    run = make.run(workspace)
    trash_run(run, by=owner, active=True)
    end_run(run, Status.FAILED, by=owner, kind="failed")
    assert counted(run.experiment) == {}
    restore_run(run, by=owner)
    assert counted(run.experiment) == {"Failed": 1}


def test_a_run_does_not_come_back_without_its_experiment(ended, owner):
    old, run = ended(display_name="old"), ended(display_name="new")
    trash_run(old, by=owner)
    trash_experiment(run.experiment, by=owner)
    for name in ("old", "new"):
        with pytest.raises(Conflict, match=f"{name} cannot come back while its experiment digits is in"):
            restore_run(Run.objects.get(display_name=name), by=owner)
    untrash_experiment(run.experiment, by=owner)
    restore_run(old, by=owner)
    assert in_use() == {"old", "new"}


def test_children_in_other_experiments_stay_and_are_never_deleted_with_their_parent(ended, owner):
    top = ended(display_name="top")
    child = ended("other", display_name="child", parent=top)
    grandchild = ended(display_name="grandchild", parent=child)
    trash_experiment(top.experiment, by=owner)
    assert in_use() == {"child"} and Run.objects.get(pk=child.pk).child_count == 0
    Run.objects.exclude(deleted_at=None).update(deleted_at=timezone.now() - timedelta(days=31))
    Experiment.objects.exclude(deleted_at=None).update(deleted_at=timezone.now() - timedelta(days=31))
    assert empty_trash() == 1 and not Run.objects.filter(pk=grandchild.pk).exists()
    assert set(Run.objects.values_list("display_name", flat=True)) == {"top", "child"}
    assert delete_old_experiments() == 0
    trash_run(child, by=owner)
    Run.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert empty_trash() == 2 and delete_old_experiments() == 1
    assert list(Experiment.objects.values_list("name", flat=True)) == ["other"]


def test_the_children_of_a_run_come_back_only_where_their_experiment_is_in_use(ended, owner):
    top = ended(display_name="top")
    child = ended("other", display_name="child", parent=top)
    ended(display_name="grandchild", parent=child)
    trash_run(top, by=owner)
    trash_experiment(child.experiment, by=owner)
    restore_run(top, by=owner)
    assert in_use() == {"top"}
    untrash_experiment(child.experiment, by=owner)
    restore_run(child, by=owner)
    assert in_use() == {"top", "child", "grandchild"} and Run.objects.get(pk=top.pk).child_count == 1


def test_it_comes_back_with_its_count_of_children_of_others(ended, owner):
    top = ended("other")
    child = ended(parent=top)
    trash_experiment(child.experiment, by=owner)
    assert Run.objects.get(pk=top.pk).child_count == 0
    untrash_experiment(child.experiment, by=owner)
    assert Run.objects.get(pk=top.pk).child_count == 1


def test_after_thirty_days_an_empty_one_is_gone(workspace, owner):
    made = trash_experiment(create_experiment(workspace, "digits", by=owner), by=owner)
    assert delete_old_experiments(timezone.now() + timedelta(days=29)) == 0
    assert delete_old_experiments(timezone.now() + timedelta(days=31)) == 1
    assert not Experiment.objects.exists()
    assert create_experiment(workspace, "digits", by=owner).number == made.number + 1


def test_nothing_is_made_in_one_that_lies_in_the_trash(workspace, owner):
    made = trash_experiment(create_experiment(workspace, "digits", by=owner), by=owner)
    words = "The experiment 'digits' lies in the trash; restore it"
    with pytest.raises(NotFound, match=words):
        make.run(workspace, "digits")
    with pytest.raises(Conflict, match=words):
        create_experiment(workspace, "digits", by=owner)
    with pytest.raises(Conflict, match=words):
        rename_experiment(made, "letters", by=owner)
    with pytest.raises(Conflict, match=words):
        rename_experiment(create_experiment(workspace, "letters", by=owner), "digits", by=owner)


def test_one_is_renamed_and_found_by_its_new_name(workspace, owner):
    run = make.run(workspace, "digits", display_name="the run")
    made = run.experiment
    assert rename_experiment(made, "letters", by=owner).name == "letters"
    assert rename_experiment(made, "letters", by=owner).changed_at == made.changed_at
    assert (Experiment.objects.get().name, Experiment.objects.get().number) == ("letters", 1)
    while do_next_job("tests"):
        pass
    text = RunSearch.objects.get(run=run).text
    assert "letters" in text and "digits" not in text
    assert told(workspace) == [("experiment renamed", {"before": "digits", "after": "letters"})]
    with pytest.raises(Invalid):
        rename_experiment(made, "a/./b", by=owner)
    create_experiment(workspace, "taken", by=owner)
    with pytest.raises(Conflict, match="There is an experiment 'taken' already"):
        rename_experiment(made, "taken", by=owner)


def test_the_default_experiment_stays_number_0_by_another_name(workspace, owner):
    made = rename_experiment(ensure_default_experiment(workspace, by=owner), "first", by=owner)
    assert ensure_default_experiment(workspace, by=owner).pk == made.pk


def test_it_knows_when_it_was_changed(workspace, owner):
    made = create_experiment(workspace, "digits", by=owner)
    assert made.changed_at is None
    edit_experiment(made, by=owner)
    assert made.changed_at is None
    moments = []
    for change in (
        lambda: edit_experiment(made, by=owner, tags={"a": "b"}),
        lambda: rename_experiment(made, "letters", by=owner),
        lambda: trash_experiment(made, by=owner),
        lambda: untrash_experiment(made, by=owner),
    ):
        moments.append(change().changed_at)
        assert Experiment.objects.get().changed_at == moments[-1]
    assert moments == sorted(set(moments))
    start_run(make.run(workspace, "letters"), by=owner)
    assert Experiment.objects.get().changed_at == moments[-1]

"""The trash: what goes there, what comes back, and what is gone for good."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs import storage
from runs.actions.files import put_file
from runs.actions.run import complete_run
from runs.actions.trash import empty_trash, restore_run, trash_run
from runs.errors import Conflict
from runs.models import Artifact, Run, RunCount, RunEvent
from runs.worker import do_next_job
from tests import make


@pytest.fixture
def ended(workspace, owner):
    """Makes an ended run."""

    def made(**fields):
        return complete_run(make.run(workspace, **fields), by=owner)

    return made


@pytest.fixture
def tree(ended):
    """A run, its child and its grandchild."""
    top = ended(display_name="top")
    child = ended(display_name="child", parent=top)
    return top, child, ended(display_name="grandchild", parent=child)


def counted(run):
    return sum(RunCount.objects.filter(experiment=run.experiment).values_list("runs", flat=True))


def in_use():
    return set(Run.objects.filter(deleted_at=None).values_list("display_name", flat=True))


def test_a_run_takes_what_is_below_it_along_and_brings_it_back(tree, owner):
    top = trash_run(tree[0], by=owner)
    assert in_use() == set() and counted(top) == 0
    restore_run(top, by=owner)
    assert in_use() == {"top", "child", "grandchild"} and counted(top) == 3
    assert [event.kind for event in RunEvent.objects.filter(run=top).order_by("id")][-2:] == [
        "trashed",
        "restored",
    ]


def test_a_child_leaves_the_count_of_its_parent(tree, owner):
    top, child, _ = tree
    trash_run(child, by=owner)
    assert Run.objects.get(pk=top.pk).child_count == 0 and in_use() == {"top"}
    restore_run(child, by=owner)
    assert Run.objects.get(pk=top.pk).child_count == 1 and counted(top) == 3


def test_what_was_in_the_trash_before_stays_there(tree, owner):
    top, _, grandchild = tree
    trash_run(grandchild, by=owner)
    trash_run(top, by=owner)
    restore_run(top, by=owner)
    assert in_use() == {"top", "child"}


def test_a_child_cannot_come_back_without_its_parent(tree, owner):
    top, child, _ = tree
    trash_run(top, by=owner)
    with pytest.raises(Conflict, match="child cannot come back while its parent top is in the trash"):
        restore_run(Run.objects.get(pk=child.pk), by=owner)


def test_what_still_runs_is_not_thrown_away(workspace, ended, owner):
    top = ended(display_name="top")
    make.run(workspace, parent=top, display_name="busy")
    with pytest.raises(Conflict, match="while its child busy is Running; cancel it first"):
        trash_run(top, by=owner)
    assert in_use() == {"top", "busy"}


def test_twice_is_no_error_and_counts_once(ended, owner):
    run = ended()
    trash_run(trash_run(run, by=owner), by=owner)
    assert counted(run) == 0
    restore_run(restore_run(run, by=owner), by=owner)
    assert counted(run) == 1 and RunEvent.objects.filter(run=run, kind="restored").count() == 1


def test_after_thirty_days_it_is_gone_with_its_files(tree, owner, ended):
    kept = ended(display_name="kept")
    for run in (*tree, kept):
        put_file(run, "outputs/a.bin", [b"x"], by=owner)
    keys = list(Artifact.objects.exclude(run=kept).values_list("key", flat=True))
    trash_run(tree[1], by=owner)
    trash_run(tree[0], by=owner)
    assert empty_trash(timezone.now() + timedelta(days=29)) == 0
    Run.objects.filter(deleted_at__isnull=False).update(deleted_at=timezone.now() - timedelta(days=31))
    assert empty_trash() == 3
    assert in_use() == {"kept"} and Run.objects.count() == 1
    while do_next_job("tests"):
        pass
    assert not any(storage.path_of(key).exists() for key in keys)
    assert storage.path_of(Artifact.objects.get(run=kept).key).exists()

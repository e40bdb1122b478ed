"""Experiments are made, described, tagged, archived and restored."""

import pytest

from runs.actions.experiment import (
    archive_experiment,
    create_experiment,
    edit_experiment,
    restore_experiment,
)
from runs.errors import Conflict, Invalid, TooLarge
from runs.models import Experiment, ExperimentTag
from tests import make


def tags_of(experiment: Experiment) -> dict[str, str | None]:
    return dict(ExperimentTag.objects.filter(experiment=experiment).values_list("key", "value"))


def test_one_is_made_with_description_and_tags(workspace, owner):
    made = create_experiment(
        workspace, "digits", by=owner, description="**ten**", tags={"team": "vision", "x": None}
    )
    assert "<strong>ten</strong>" in made.description_html
    assert (tags_of(made), made.created_by) == ({"team": "vision", "x": None}, owner)


@pytest.mark.parametrize("archived", [False, True])
def test_a_name_is_taken_once(workspace, owner, archived):
    made = create_experiment(workspace, "digits", by=owner)
    if archived:
        archive_experiment(made, by=owner)
    with pytest.raises(Conflict, match="already, in the archive" if archived else "already\\."):
        create_experiment(workspace, "digits", by=owner)


@pytest.mark.parametrize("name", ["", " x", "a/../b", "//", "..", "x\n", "x" * 501, None, "a\x00"])
def test_a_name_that_cannot_stand_in_an_address_is_refused(workspace, owner, name):
    with pytest.raises(Invalid):
        create_experiment(workspace, name, by=owner)
    assert not Experiment.objects.exists()


def test_tags_are_set_changed_and_removed_together_or_not_at_all(workspace, owner):
    made = create_experiment(workspace, "digits", by=owner, tags={"a": "1", "b": "2", "c": "3"})
    edit_experiment(made, by=owner, tags={"a": "9", "d": None}, remove_tags=["b", "missing"])
    assert tags_of(made) == {"a": "9", "c": "3", "d": None}
    with pytest.raises(Invalid):
        edit_experiment(made, by=owner, tags={"": "x"}, remove_tags=["a"])
    assert tags_of(made) == {"a": "9", "c": "3", "d": None}


def test_there_is_room_for_five_thousand_tags(workspace, owner):
    made = create_experiment(workspace, "digits", by=owner, tags={str(n): None for n in range(5000)})
    edit_experiment(made, by=owner, tags={"0": "changed"})
    with pytest.raises(Invalid, match="at most 5,000 tags"):
        edit_experiment(made, by=owner, tags={"one more": None})


def test_two_editors_do_not_overwrite_each_other(workspace, owner):
    made = create_experiment(workspace, "digits", by=owner)
    mine, theirs = (Experiment.objects.get(pk=made.pk) for _ in range(2))
    edit_experiment(mine, by=owner, description="mine", version=0)
    with pytest.raises(Conflict, match="Somebody else changed"):
        edit_experiment(theirs, by=owner, description="theirs", version=0, tags={"lost": None})
    made.refresh_from_db()
    assert (made.description, made.description_version, tags_of(made)) == ("mine", 1, {})
    edit_experiment(made, by=owner, description="both", version=1)
    assert made.description_version == 2


def test_a_description_has_a_limit(workspace, owner):
    with pytest.raises((Invalid, TooLarge)):
        edit_experiment(make.experiment(workspace), by=owner, description="ä" * 40_000)


def test_an_archived_experiment_still_takes_runs(workspace, owner):
    made = make.experiment(workspace, "digits", by=owner)
    archive_experiment(made, by=owner)
    first = made.archived_at
    archive_experiment(made, by=owner)
    assert made.archived_at == first
    run = make.run(workspace, "digits")
    assert run.experiment_id == made.pk and Experiment.objects.get(pk=made.pk).archived_at == first
    for _ in range(2):
        restore_experiment(made, by=owner)
    assert Experiment.objects.get(pk=made.pk).archived_at is None

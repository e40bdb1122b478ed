"""Tags, properties, parameters, names and descriptions."""

import pytest

from runs.actions import organise
from runs.errors import Conflict, Invalid
from runs.models import ExperimentName, Param, RunEvent, RunSearch
from runs.query.values import values_of
from tests import make


@pytest.fixture
def run(workspace):
    return make.run(workspace, display_name="first")


def test_tags_change_and_go_and_others_stay(run, owner):
    organise.set_tags(run, {"quality": "good", "debug": None}, by=owner)
    assert organise.set_tags(run, {"quality": "better"}, by=owner) == {"debug": None, "quality": "better"}
    assert organise.remove_tags(run, ["debug", "never there"], by=owner) == {"quality": "better"}
    kinds = list(RunEvent.objects.filter(run=run).order_by("id").values_list("kind", flat=True))
    assert kinds == ["created", "tagged", "tagged", "untagged"]


def test_a_tag_set_to_what_it_is_leaves_no_event(run, owner):
    organise.set_tags(run, {"a": "1"}, by=owner)
    organise.set_tags(run, {"a": "1"}, by=owner)
    assert RunEvent.objects.filter(run=run, kind="tagged").count() == 1


def test_a_property_never_changes_and_the_refusal_names_it(run, owner):
    organise.add_properties(run, {"author": "ada", "seed": 7}, by=owner)
    organise.add_properties(run, {"author": "ada"}, by=owner)
    with pytest.raises(Conflict, match="property 'author' of first is 'ada' and cannot be changed to 'eve'"):
        organise.add_properties(run, {"new": "x", "author": "eve"}, by=owner)
    assert values_of([run])[run.pk].properties == {"author": "ada", "seed": "7"}


def test_long_values_are_kept_whole(run, owner):
    long = "é" * 8000
    organise.set_tags(run, {"note": long}, by=owner)
    assert values_of([run])[run.pk].tags["note"] == long


def test_parameters_that_spell_numbers_sort_as_numbers(run, owner):
    organise.add_params(run, {"lr": 0.001, "optimizer": "adam", "odd": "nan"}, by=owner)
    numbers = dict(Param.objects.filter(run=run).values_list("name__text", "number"))
    assert numbers == {"lr": 0.001, "optimizer": None, "odd": None}


def test_the_experiment_knows_its_keys(run, owner):
    organise.set_tags(run, {"quality": "good"}, by=owner)
    make.log(run, "loss", 0.5)
    keys = ExperimentName.objects.filter(experiment=run.experiment).values_list("name__text", flat=True)
    assert sorted(keys) == ["loss", "quality"]


def test_search_finds_the_new_name_and_not_the_old(run, owner):
    organise.edit_run(run, by=owner, display_name="Second", description="a *note*")
    text = RunSearch.objects.get(run=run).text
    assert "second" in text and "first" not in text and "a *note*" in text


@pytest.mark.parametrize("key", ["", " ", "a\x00b", "line\nbreak", "\ud800", "k" * 257, 7])
def test_a_key_that_cannot_be_kept_is_refused(run, owner, key):
    with pytest.raises(Invalid, match="The tag name"):
        organise.set_tags(run, {key: "x"}, by=owner)
    assert values_of([run])[run.pk].tags == {}


def test_a_run_holds_five_thousand_tags_and_no_more(run, owner):
    organise.set_tags(run, {f"t{i}": None for i in range(5000)}, by=owner)
    with pytest.raises(Invalid, match="at most 5,000 tags"):
        organise.set_tags(run, {"one more": None}, by=owner)

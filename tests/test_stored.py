"""Rows become the objects that Django would have made of them."""

import pytest
from django.apps import apps
from django.db.models import Model

from runs.models import Run
from runs.models.stored import Stored
from tests import make


def test_a_row_is_what_django_makes_of_it(workspace):
    run = make.run(workspace, tags={"a": "b"}, arguments=["--lr", "0.1"])
    values = [getattr(run, field.attname) for field in Run._meta.concrete_fields]
    names = [field.attname for field in Run._meta.concrete_fields]
    django = Model.from_db.__func__(Run, "default", names, values)
    found = Run.from_db("default", names, values)
    states = [vars(each).pop("_state") for each in (found, django)]
    assert vars(found) == vars(django)
    assert [(state.adding, state.db, state.fields_cache) for state in states] == [(False, "default", {})] * 2


def test_a_field_that_was_not_read_is_read_when_it_is_asked_for(workspace, django_assert_num_queries):
    made = make.run(workspace, display_name="first")
    found = Run.objects.only("status").get(pk=made.pk)
    assert found.get_deferred_fields() >= {"display_name", "workspace_id"}
    with django_assert_num_queries(1):
        assert found.display_name == "first"
    found.display_name = "second"
    found.save(update_fields=["display_name"])
    assert Run.objects.get(pk=made.pk).display_name == "second"


@pytest.mark.parametrize(
    "model", list(apps.get_app_config("runs").get_models()), ids=lambda model: model.__name__
)
def test_every_model_is_one(model):
    assert issubclass(model, Stored)

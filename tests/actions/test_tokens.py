"""Tokens that people make: no token makes a wider one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.access import Caller
from runs.access_people import get_own_token
from runs.actions.tokens import create_own_token
from runs.actions.workspace import create_token
from runs.errors import Invalid, NotAllowed, NotFound
from runs.models import WorkspaceEvent
from tests import make


def ask(caller, **options):
    return create_own_token(
        caller, **{"name": "x", "scope": "write", "workspace": None, "days": None} | options
    )


def holder(person, **options):
    return Caller(person, create_token(person, name="maker", **options)[0])


def test_a_person_makes_any_of_theirs(workspace, owner):
    token, text = ask(Caller(owner), workspace="vision", days=30, scope="read")
    assert text.startswith(f"studio_{token.pk}_") and token.workspace == workspace
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    event = WorkspaceEvent.objects.latest("pk")
    assert (event.kind, event.details) == ("token created", {"token": "x", "scope": "read"})


@pytest.mark.parametrize(
    "options", [{"days": 31}, {"days": 0}, {"days": True}, {"scope": "all"}, {"name": ""}, {"name": "a\nb"}]
)
def test_what_is_wrong_is_refused(workspace, owner, options):
    with pytest.raises(Invalid):
        ask(Caller(owner), **options)


def test_nobody_makes_one_for_a_workspace_of_others(workspace, stranger):
    with pytest.raises(NotFound):
        ask(Caller(stranger), workspace="vision")


def test_a_reading_token_makes_none(workspace, owner):
    with pytest.raises(NotAllowed):
        ask(holder(owner, scope="read"), scope="read")


def test_the_token_of_a_run_makes_none(workspace, owner):
    maker = holder(owner)
    maker.token.run = make.run(workspace)
    with pytest.raises(NotAllowed):
        ask(maker)


def test_one_for_a_workspace_stays_in_it(workspace, owner):
    make.workspace("second", owner=owner)
    maker = holder(owner, workspace=workspace)
    assert ask(maker, workspace="vision")
    for wider in (None, "second"):
        with pytest.raises((NotAllowed, NotFound)):
            ask(maker, workspace=wider)
    other, _ = create_token(owner, name="other")
    with pytest.raises(NotFound):
        get_own_token(maker, other.pk)


def test_what_expires_makes_nothing_that_lives_longer(workspace, owner):
    maker = holder(owner, expires_at=timezone.now() + timedelta(days=60))
    assert ask(maker, days=30)
    for longer in (90, None):
        with pytest.raises(NotAllowed, match="cannot live longer"):
            ask(maker, days=longer)

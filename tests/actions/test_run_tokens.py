"""The token of a submitted script lives as long as its run, and says so to nobody."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actions import run as actions
from runs.actions import run_tokens
from runs.actions.members import remove_member
from runs.actions.run_tokens import create_run_token
from runs.errors import Conflict
from runs.models import ApiToken, Run
from tests import make
from tests.conftest import Api


@pytest.fixture
def run(workspace) -> Run:
    return make.run(workspace, start=False, definition={"command": "true"})


def left(token: ApiToken) -> timedelta:
    token.refresh_from_db()
    return token.expires_at - timezone.now()


def test_it_expires_and_only_its_hash_is_kept(run, owner):
    token, text = create_run_token(run, by=owner)
    assert timedelta(days=6) < left(token) <= timedelta(days=7)
    assert text.startswith(f"studio_{token.pk}_")
    assert text.split("_", 2)[2] not in str(ApiToken.objects.filter(pk=token.pk).values().get())
    longer, _ = create_run_token(run, by=owner, lives=timedelta(days=40))
    assert left(longer) > timedelta(days=39)


def test_a_run_that_goes_on_keeps_its_token(run, owner):
    token, _ = create_run_token(run, by=owner)
    actions.start_run(run, by=owner, heartbeat=True)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() + timedelta(days=2))
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=20))
    run.refresh_from_db()
    actions.heartbeat(run, by=owner)
    assert left(token) > timedelta(days=6)


def test_a_token_that_was_revoked_or_has_expired_is_not_renewed(run, owner):
    gone, _ = create_run_token(run, by=owner)
    past = timezone.now() - timedelta(days=1)
    ApiToken.objects.filter(pk=gone.pk).update(expires_at=past)
    run_tokens.renew_run_tokens(run, now=timezone.now())
    assert left(gone) < timedelta(0)


@pytest.mark.parametrize("end", ["complete_run", "fail_run", "confirm_canceled", "cancel_run"])
def test_it_ends_with_its_run_after_a_while_for_the_last_files(run, owner, end):
    token, _ = create_run_token(run, by=owner)
    getattr(actions, end)(run, by=owner)
    assert timedelta(minutes=14) < left(token) <= run_tokens.ENDED_LIVES
    with pytest.raises(Conflict, match="has ended as"):
        create_run_token(run, by=owner)


def test_the_tokens_of_other_runs_live_on(run, owner, workspace):
    other, _ = create_run_token(make.run(workspace, definition={}), by=owner)
    actions.complete_run(run, by=owner)
    assert left(other) > timedelta(days=6)


def test_it_is_in_no_list_and_in_no_history(run, owner, api_of):
    create_run_token(run, by=owner)
    names = [token["name"] for token in api_of(owner)("GET", "me/tokens/").json()["results"]]
    assert names == ["test"]
    assert not run.workspace.events.filter(kind="token created", details__token__startswith="run ").exists()


def test_it_opens_nothing_once_its_person_has_left(run, workspace, contributor, owner):
    _, text = create_run_token(run, by=contributor)
    assert Api(text)("GET", f"runs/{run.public_id}/").status_code == 200
    remove_member(workspace, contributor, by=owner)
    assert Api(text)("GET", f"runs/{run.public_id}/").status_code == 401

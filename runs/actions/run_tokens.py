"""The token of a submitted script: good for its run and the runs below it, and for as long as the run goes on."""

import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from runs.actions.secret import sha256_of
from runs.errors import Conflict
from runs.lifecycle import is_ended
from runs.models import ApiToken, Run, User
from runs.transaction import write

# A run that goes on keeps its token alive by its heartbeats; one that has vanished leaves a token for so long. What
# was journaled on a machine that lost its network arrives within this time.
LIVES = timedelta(days=7)
# After the end of a run: for the last files, and for what children of it still have to say.
ENDED_LIVES = timedelta(minutes=15)


def create_run_token(run: Run, *, by: User, lives: timedelta = LIVES) -> tuple[ApiToken, str]:
    """A token for this run and those below it, and its text, which is kept nowhere. Raises Conflict for an ended run.

    It speaks for `by`, and for nobody once they have left the workspace. `lives`: how long it waits for the first
    heartbeat, for runs that queue for longer than a week.
    """
    secret, now = secrets.token_urlsafe(32), timezone.now()
    with write():
        # Held, so that no run ends between this look at it and its new token.
        status = Run.objects.select_for_update(no_key=True).values_list("status", flat=True).get(pk=run.pk)
        if is_ended(status):
            raise Conflict(f"{run.display_name} has ended as {status}: it needs no token any more.")
        token = ApiToken.objects.create(
            user=by,
            workspace_id=run.workspace_id,
            run=run,
            name=f"run {run.public_id}"[:256],
            secret_sha256=sha256_of(secret),
            scope="write",
            created_at=now,
            expires_at=now + lives,
        )
    return token, f"studio_{token.pk}_{secret}"


def renew_run_tokens(run: Run, *, now: datetime) -> None:
    """The run is alive: its tokens live for another week, once less than half of one is left to them."""
    live = ApiToken.objects.filter(run=run, revoked_at=None, expires_at__gt=now)
    live.filter(expires_at__lt=now + LIVES / 2).update(expires_at=now + LIVES)


def end_run_tokens(run: Run, *, now: datetime) -> None:
    """The run has ended: after a while for the last files its tokens open nothing any more."""
    end = now + ENDED_LIVES
    ApiToken.objects.filter(run=run, revoked_at=None, expires_at__gt=end).update(expires_at=end)

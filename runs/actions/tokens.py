"""API tokens that people and their scripts make for themselves; none reaches further than what made it."""

from datetime import datetime, timedelta

from django.utils import timezone

from runs.access import Caller, get_workspace
from runs.actions.workspace import create_token
from runs.errors import Conflict, Invalid, NotAllowed
from runs.models import ApiToken, Workspace

DAYS = (30, 90, 365)
MOST_LIVE = 200


def create_own_token(
    caller: Caller, *, name: str, scope: str, workspace: str | None, days: int | None
) -> tuple[ApiToken, str]:
    """A token of the caller's and its text, shown this once. `workspace`: None for all of theirs.

    `days` until it expires: 30, 90, 365, or None for never. Raises NotAllowed when a token would make a wider one.
    """
    if days is not None and (isinstance(days, bool) or days not in DAYS):
        raise Invalid("A token expires after 30, 90 or 365 days, or never.", field="days")
    space = get_workspace(caller, workspace) if workspace else None
    expires_at = timezone.now() + timedelta(days=days) if days else None
    _check_width(caller, space, expires_at)
    live = ApiToken.objects.filter(user=caller.user, revoked_at=None, run=None)
    if live.exclude(expires_at__lte=timezone.now()).count() >= MOST_LIVE:
        raise Conflict(f"You have {MOST_LIVE} tokens already. Revoke some first.")
    return create_token(caller.user, name=name.strip(), workspace=space, scope=scope, expires_at=expires_at)


def _check_width(caller: Caller, workspace: Workspace | None, expires_at: datetime | None) -> None:
    maker = caller.token
    if maker is None:
        return
    if maker.scope != "write" or maker.run_id is not None:
        raise NotAllowed("This token may not make tokens.")
    if maker.workspace_id is not None and (workspace is None or workspace.pk != maker.workspace_id):
        raise NotAllowed("This token opens one workspace; it can only make tokens for that workspace.")
    if maker.expires_at is not None and (expires_at is None or expires_at > maker.expires_at):
        raise NotAllowed(
            f"This token expires on {maker.expires_at:%Y-%m-%d}; what it makes cannot live longer."
        )

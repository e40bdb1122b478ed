"""People, workspaces, tokens, sign-in links."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from runs.actions.secret import sha256_of
from runs.actions.workspace_events import record, record_everywhere
from runs.errors import Conflict, Invalid, NotFound
from runs.limits import NAME_LENGTH, clean_text
from runs.models import ApiToken, LoginLink, Member, Role, User, Workspace
from runs.transaction import write

LINK_LIVES = timedelta(minutes=30)
# How long a run may be silent before it has failed: from 10 minutes, well past NotResponding, to 30 days.
LOST_AFTER_S = (600, 30 * 24 * 3600)

_WORKSPACE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_USER_NAME = re.compile(r"[\w.@+-]{1,150}")


def ensure_first_user(name: str) -> tuple[User, Workspace, bool]:
    """The first user of the installation and the workspace `default`, made where they are missing.

    Returns the user, the workspace and whether they were made just now. The user has no password yet: they come in
    by a one-time link.
    """
    with write():
        user = User.objects.filter(is_superuser=True).order_by("pk").first()
        is_new = user is None
        if user is None:
            user = create_user(name if _USER_NAME.fullmatch(name) else "owner", is_owner=True)
        workspace = (
            Workspace.objects.filter(name="default").first() or Workspace.objects.order_by("pk").first()
        )
        if workspace is None:
            workspace = create_workspace("default", by=user)
    return user, workspace, is_new


def create_user(name: str, *, password: str | None = None, is_owner: bool = False) -> User:
    """A new person; without a password they can only sign in by a link. `is_owner`: of the whole installation."""
    name = check_user_name(name)
    if User.objects.filter(username__iexact=name).exists():
        raise Conflict(f"There is a user {name!r} already.", field="username")
    user = User(username=name, is_superuser=is_owner, password=make_password(None))
    if password is not None:
        put_password(user, password)
    try:
        with write():
            user.save()
    except IntegrityError:  # of two who choose one name at once
        raise Conflict(f"There is a user {name!r} already.", field="username") from None
    return user


def check_user_name(name: str) -> str:
    """The name, or Invalid."""
    name = clean_text(name, "The user name", length=150, lines=False)
    if not _USER_NAME.fullmatch(name):
        raise Invalid("A user name holds letters, digits and . @ + - _ only.", field="username")
    return name


def create_workspace(name: str, *, by: User, description: str = "") -> Workspace:
    """A new workspace with `by` as its owner."""
    if not isinstance(name, str) or not _WORKSPACE_NAME.fullmatch(name):
        raise Invalid(
            "A workspace name has up to 63 lower-case letters, digits and hyphens and begins with a letter or digit.",
            field="name",
        )
    with write():
        if Workspace.objects.filter(name=name).exists():
            raise Conflict(f"There is a workspace {name!r} already.", field="name")
        now = timezone.now()
        workspace = Workspace.objects.create(
            name=name,
            description=clean_text(description, "The description", length=5000, empty=True),
            created_at=now,
        )
        Member.objects.create(workspace=workspace, user=by, role=Role.OWNER, added_at=now)
        record(workspace, "workspace created", by=by)
    return workspace


def edit_workspace(
    workspace: Workspace,
    *,
    by: User,
    description: str | None = None,
    lost_after_s: int | None = None,
    stops_canceled: bool | None = None,
) -> Workspace:
    """Change what the workspace says of itself, after how long a silent run has failed, and whether scripts without
    heartbeats are stopped when their run is cancelled; None leaves it."""
    if description is not None:
        description = clean_text(description, "The description", length=5000, empty=True)
    if lost_after_s is not None:
        _check_lost_after(lost_after_s)
    with write():
        if description is not None and description != workspace.description:
            workspace.description = description
            workspace.save(update_fields=["description"])
            record(workspace, "workspace described", by=by)
        if lost_after_s is not None and lost_after_s != workspace.lost_after_s:
            record(workspace, "silence limited", by=by, before=workspace.lost_after_s, after=lost_after_s)
            workspace.lost_after_s = lost_after_s
            workspace.save(update_fields=["lost_after_s"])
        if stops_canceled is not None and stops_canceled != workspace.stops_canceled:
            record(workspace, "canceled scripts", by=by, after=stops_canceled)
            workspace.stops_canceled = stops_canceled
            workspace.save(update_fields=["stops_canceled"])
    return workspace


def _check_lost_after(seconds: Any) -> None:
    least, most = LOST_AFTER_S
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not least <= seconds <= most:
        raise Invalid(
            "A silent run is given up after 10 minutes at the earliest, and after 30 days at the latest.",
            field="lost_after_s",
        )


def create_token(
    user: User,
    *,
    name: str,
    workspace: Workspace | None = None,
    scope: str = "write",
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A token for scripts and its text, which is shown this once: only its SHA-256 is kept."""
    if scope not in ("read", "write"):
        raise Invalid(f"{scope!r} is no scope; take read or write.", field="scope")
    secret = secrets.token_urlsafe(32)
    with write():
        token = ApiToken.objects.create(
            user=user,
            workspace=workspace,
            name=clean_text(name, "The name of the token", length=NAME_LENGTH, lines=False),
            secret_sha256=sha256_of(secret),
            scope=scope,
            created_at=timezone.now(),
            expires_at=expires_at,
        )
        _record_token(token, "token created", by=user)
    return token, f"studio_{token.pk}_{secret}"


def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """The token opens nothing any more. Revoking twice is not an error."""
    if token.user_id != by.pk:
        raise NotFound("There is no such token of yours.")
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        with write():
            token.save(update_fields=["revoked_at"])
            _record_token(token, "token revoked", by=by)
    return token


def _record_token(token: ApiToken, kind: str, *, by: User) -> None:
    details = {"token": token.name, "scope": token.scope}
    if token.workspace is not None:
        record(token.workspace, kind, by=by, **details)
    else:
        record_everywhere(token.user, kind, by=by, **details)


def note_token_use(token: ApiToken) -> None:
    """Remember when the token was last used, to the minute: not a write for each request."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def create_login_link(user: User) -> str:
    """The token of a link that signs the person in once, within 30 minutes."""
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    LoginLink.objects.create(
        user=user, token_sha256=sha256_of(token), created_at=now, expires_at=now + LINK_LIVES
    )
    return token


def use_login_link(token: str) -> User:
    """Whom the link signs in; it is used up. Raises NotFound when it is wrong, old or used."""
    now = timezone.now()
    with write():
        link = LoginLink.objects.select_for_update().filter(token_sha256=sha256_of(token)).first()
        if link is None or link.used_at is not None or link.expires_at <= now or not link.user.is_active:
            raise NotFound("This sign-in link has been used or is too old. `studio link` prints a new one.")
        link.used_at = now
        link.save(update_fields=["used_at"])
    return link.user


def put_password(user: User, password: str) -> None:
    """Give the person this password, unsaved. Raises Invalid with the rules that it breaks."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from None
    user.set_password(password)


def set_preferences(user: User, **preferences: Any) -> User:
    """Remember the person's theme or density."""
    allowed = {"theme": ("system", "light", "dark"), "density": ("comfortable", "compact")}
    for name, value in preferences.items():
        if value not in allowed.get(name, ()):
            raise Invalid(f"{value!r} is no {name}.", field=name)
        setattr(user, name, value)
    user.save(update_fields=[*preferences])
    return user

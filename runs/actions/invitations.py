"""Invitations: made and ended by owners, accepted once by whoever holds the link."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from runs import mail
from runs.actions.email import mail_check, set_email
from runs.actions.jobs import enqueue
from runs.actions.members import check_role, set_member
from runs.actions.secret import sha256_of
from runs.actions.throttle import check_may_try, note_failure
from runs.actions.workspace import create_user
from runs.actions.workspace_events import record
from runs.errors import Conflict, Invalid, NotFound, Refused
from runs.limits import clean_text
from runs.models import Invitation, Member, User, Workspace
from runs.transaction import write

LIVES = timedelta(days=7)
MOST_WAITING = 200
MOST_GUESSES = 30
EMAIL_LENGTH = 254


@dataclass(frozen=True)
class Made:
    """An invitation and its token, to be shown this once; empty where the worker mails it."""

    invitation: Invitation
    token: str


def create_invitation(workspace: Workspace, role: str, *, by: User, email: str = "") -> Made:
    """Invite somebody for seven days: by mail where the studio can send some, else by the link of the token."""
    check_role(role)
    email = clean_email(email)
    with write():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        waiting = Invitation.objects.filter(
            workspace=workspace, used_at=None, revoked_at=None, expires_at__gt=timezone.now()
        )
        if waiting.count() >= MOST_WAITING:
            raise Conflict(f"{MOST_WAITING} invitations wait already. Revoke some first.")
        if email:
            _check_is_new(workspace, email)
            if waiting.filter(email__iexact=email).exists():
                raise Conflict(f"{email} is invited already; send that invitation again.", field="email")
        now = timezone.now()
        token = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            workspace=workspace,
            role=role,
            email=email,
            token_sha256=sha256_of(token),
            created_at=now,
            expires_at=now + LIVES,
            invited_by=by,
        )
        record(workspace, "invited", by=by, role=role, email=email)
        return _handed_over(invitation, token)


def renew_invitation(invitation: Invitation, *, by: User) -> Made:
    """Seven more days and a new link, mailed or shown; the old link ends."""
    with write():
        row = _waiting(Invitation.objects.select_for_update().get(pk=invitation.pk))
        token = _new_token(row)
        row.expires_at = timezone.now() + LIVES
        row.sent_at = None
        row.save(update_fields=["expires_at", "sent_at"])
        record(row.workspace, "invitation renewed", by=by, role=row.role, email=row.email)
        return _handed_over(row, token)


def revoke_invitation(invitation: Invitation, *, by: User) -> Invitation:
    """The link opens nothing any more. Revoking twice is not an error; a used invitation is a Conflict."""
    with write():
        row = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if row.used_at is not None:
            raise Conflict("This invitation has been used. Remove the member instead.")
        if row.revoked_at is None:
            row.revoked_at = timezone.now()
            row.save(update_fields=["revoked_at"])
            record(row.workspace, "invitation revoked", by=by, role=row.role, email=row.email)
    return row


def open_invitation(token: str, *, address: str) -> Invitation:
    """The invitation of that link. Raises NotFound that says in words why it opens nothing."""
    guesses = {f"invitation:{address}": MOST_GUESSES}
    check_may_try(guesses, "Too many wrong links from your address. Wait 15 minutes.")
    try:
        return _opened(token)
    except NotFound:
        note_failure(guesses)
        raise


def accept_invitation(token: str, *, by: User, address: str) -> Member:
    """Join the workspace, once. Raises NotFound for a link that opens nothing, Conflict for a member."""
    open_invitation(token, address=address)
    with write():
        return _join(token, by)[0]


def join_as_new_user(token: str, *, name: str, password: str, address: str) -> User:
    """Make the person and take them in, both or neither. An address that the invitation was mailed to is theirs."""
    open_invitation(token, address=address)
    with write():
        user = create_user(name.strip(), password=password)
        _, invitation = _join(token, user)
        if invitation.email and invitation.sent_at is not None:
            user.email = invitation.email
            user.save(update_fields=["email"])
        elif invitation.email:  # handed over as a link: nobody has shown that mail there reaches them
            user.save(update_fields=set_email(user, invitation.email))
            mail_check(user)
    return user


def letter_of(invitation_id: int) -> Made | None:
    """What the worker mails: the invitation with a token made this moment, so that none lies in the job.

    None when nobody waits for it any more.
    """
    with write():
        row = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
        if row is None or not row.email:
            return None
        try:
            _waiting(row)
        except Refused:
            return None
        return Made(row, _new_token(row))


def note_sent(invitation: Invitation) -> None:
    """The mail has left."""
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())


def clean_email(email: str) -> str:
    """The address, or nothing. Raises Invalid for what is no address."""
    email = clean_text(email, "The e-mail address", length=EMAIL_LENGTH, empty=True, lines=False).strip()
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(f"{email!r} is no e-mail address.", field="email") from None
    return email


def _check_is_new(workspace: Workspace, email: str) -> None:
    member = Member.objects.filter(workspace=workspace, user__email__iexact=email).select_related("user")
    if found := member.first():
        raise Conflict(f"{email} is {found.user.username}, who is a member already.", field="email")


def _handed_over(invitation: Invitation, token: str) -> Made:
    if not (invitation.email and mail.can_send()):
        return Made(invitation, token)
    enqueue("mail invitation", {"invitation": invitation.pk}, dedupe=f"mail invitation {invitation.pk}")
    return Made(invitation, "")


def _new_token(row: Invitation) -> str:
    token = secrets.token_urlsafe(32)
    row.token_sha256 = sha256_of(token)
    row.save(update_fields=["token_sha256"])
    return token


def _opened(token: str) -> Invitation:
    # Found by the hash alone: how long that takes tells nothing of the token.
    rows = Invitation.objects.select_related("workspace", "invited_by")
    row = rows.filter(token_sha256=sha256_of(token)).first()
    if row is None:
        raise NotFound("This invitation is not known. Was the whole link copied? A newer one ends the older.")
    return _waiting(row)


def _waiting(row: Invitation) -> Invitation:
    if row.used_at is not None:
        raise NotFound("This invitation has been used. Each works once.")
    if row.revoked_at is not None:
        raise NotFound("This invitation was withdrawn. Ask for a new one.")
    if row.expires_at <= timezone.now():
        raise NotFound("This invitation is older than seven days. Ask for a new one.")
    return row


def _join(token: str, user: User) -> tuple[Member, Invitation]:
    """Use the invitation up, under its lock: of two who come at once, one gets in."""
    Invitation.objects.select_for_update().filter(token_sha256=sha256_of(token)).first()
    row = _opened(token)
    present = Member.objects.filter(workspace=row.workspace, user=user).first()
    if present is not None:
        raise Conflict(
            f"You are in {row.workspace.name} already, as {present.role}. The invitation was not used."
        )
    row.used_at, row.used_by = timezone.now(), user
    row.save(update_fields=["used_at", "used_by"])
    return set_member(row.workspace, user, row.role, by=user), row

"""Passwords: changed, forgotten, set anew by a link; and the end of every session."""

import secrets
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from runs import mail
from runs.actions.jobs import enqueue
from runs.actions.secret import sha256_of
from runs.actions.throttle import check_may_try, note_failure
from runs.actions.workspace import put_password
from runs.actions.workspace_events import record
from runs.errors import Conflict, NotAllowed, NotFound
from runs.models import LoginLink, Member, PasswordReset, Role, User, Workspace
from runs.transaction import write

LINK_LIVES = timedelta(minutes=30)
MOST_WRONG, MOST_ASKED_BY_ADDRESS, MOST_ASKED_BY_EMAIL, MOST_GUESSES = 10, 20, 3, 30
WRONG_LINK = "This link has been used or is older than 30 minutes. Ask for a new one."


def change_password(user: User, new: str, *, old: str | None = None) -> User:
    """Set the password. With a usable one before, `old` must be right; None skips that, for the server's console.

    Every session ends but the one that goes on (which the door renews), and every open link of the person.
    """
    if old is not None and user.has_usable_password():
        check_own_password(user, old)
    put_password(user, new)
    with write():
        user.save(update_fields=["password"])
        end_links(user)
    return user


def check_own_password(user: User, password: str) -> None:
    """Raise NotAllowed unless it is theirs; after ten wrong ones in 15 minutes none is looked at."""
    tries = {f"password:{user.pk}": MOST_WRONG}
    check_may_try(tries, "Too many wrong passwords. Wait 15 minutes.")
    if not user.check_password(password):
        note_failure(tries)
        raise NotAllowed("The present password is wrong.", field="old")


def sign_out_everywhere(user: User) -> User:
    """Every session of the person ends, in every browser; open sign-in links as well. Tokens stay."""
    with write():
        User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
        end_links(user)
    user.refresh_from_db(fields=["session_epoch"])
    return user


def end_links(user: User) -> None:
    """Links that would sign the person in, or set a password, open nothing any more."""
    now = timezone.now()
    LoginLink.objects.filter(user=user, used_at=None).update(used_at=now)
    PasswordReset.objects.filter(user=user, used_at=None).update(used_at=now)


def ask_reset(email: str, *, address: str) -> None:
    """Have a link mailed to whoever has this address. The same is done for an address that nobody has.

    Only the worker looks whose it is: neither words nor time tell the asker. Raises Conflict where no mail is sent.
    """
    if not mail.can_send():
        raise Conflict("This studio sends no mail.")
    email = email.replace("\x00", "").strip().lower()[:254]
    subjects = {
        f"reset:{address}": MOST_ASKED_BY_ADDRESS,
        f"reset-of:{sha256_of(email)}": MOST_ASKED_BY_EMAIL,
    }
    check_may_try(
        subjects, "That was asked for often in the last minutes. Look at the mail, or wait 15 minutes."
    )
    with write():
        note_failure(subjects)
        enqueue("mail password reset", {"email": email}, dedupe=f"reset {sha256_of(email)}")


def resets_for(email: str) -> Iterator[tuple[User, str]]:
    """Whom the worker writes to, each with the token of a new link: everybody active who gave this address."""
    if not email:
        return
    for user in User.objects.filter(email__iexact=email, is_active=True).order_by("pk")[:20]:
        yield user, make_reset(user)


def make_reset(user: User, *, by: User | None = None) -> str:
    """The token of a link that sets a new password within 30 minutes, once. An earlier one ends."""
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with write():
        PasswordReset.objects.filter(user=user, used_at=None).update(used_at=now)
        PasswordReset.objects.create(
            user=user, token_sha256=sha256_of(token), created_at=now, expires_at=now + LINK_LIVES, made_by=by
        )
    return token


def make_reset_for_member(workspace: Workspace, user: User, *, by: User) -> str:
    """The same, made by an owner for a member.

    Whoever has the link can be that person: so it takes an owner of every workspace that they are in, and for the
    owner of the installation nobody but an owner of the installation. Raises NotAllowed.
    """
    theirs = set(Member.objects.filter(user=user).values_list("workspace_id", flat=True))
    if workspace.pk not in theirs:
        raise NotFound(f"{user.username} is not in {workspace.name}.")
    owned = set(Member.objects.filter(user=by, role=Role.OWNER).values_list("workspace_id", flat=True))
    reaches = by.is_superuser or (theirs <= owned and not user.is_superuser)
    if not reaches:
        raise NotAllowed(
            f"{user.username} can open more than you manage, and this link would too. "
            f"On the studio's machine, `studio link {user.username}` prints one that signs them in."
        )
    with write():
        token = make_reset(user, by=by)
        record(workspace, "password link made", by=by, member=user.username)
    return token


def open_reset(token: str, *, address: str) -> User:
    """Whose password the link sets. Raises NotFound when it is wrong, old or used."""
    guesses = {f"reset-link:{address}": MOST_GUESSES}
    check_may_try(guesses, "Too many wrong links from your address. Wait 15 minutes.")
    row = _find(token)
    if row is None:
        note_failure(guesses)
        raise NotFound(WRONG_LINK)
    return row.user


def use_reset(token: str, new: str, *, address: str) -> User:
    """Set the password by the link, which is used up. Every session ends. Raises NotFound or Invalid."""
    open_reset(token, address=address)
    with write():
        PasswordReset.objects.select_for_update().filter(token_sha256=sha256_of(token)).first()
        row = _find(token)
        if row is None:
            raise NotFound(WRONG_LINK)
        return change_password(row.user, new)


def _find(token: str) -> PasswordReset | None:
    rows = PasswordReset.objects.select_related("user").filter(token_sha256=sha256_of(token), used_at=None)
    return rows.filter(expires_at__gt=timezone.now(), user__is_active=True).first()

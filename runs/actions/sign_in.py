"""Signing in by name and password, and noting who was where."""

import secrets
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from runs.actions.throttle import check_may_try, note_failure
from runs.errors import NotAllowed
from runs.models import Member, User

# Wrong passwords within 15 minutes before the account, the address or the device must wait.
MOST_BY_ACCOUNT, MOST_BY_ADDRESS, MOST_BY_DEVICE = 10, 50, 10
WAIT = "Too many wrong passwords. Wait 15 minutes, or use a sign-in link."
SEEN_EVERY = timedelta(minutes=5)


def sign_in(username: str, password: str, *, address: str, device: str = "") -> User:
    """The person with that name and password. Raises NotAllowed, in the same words and time for an unknown name.

    After 10 wrong passwords for an account, or 50 from an address, within 15 minutes, both must wait. `device` names
    a browser in which this very person has signed in before: it has a count of its own, so that a stranger who
    keeps guessing cannot keep the person out.
    """
    known = device.partition(":")[0] == username.lower() if device else False
    subjects = (
        {f"device:{device}": MOST_BY_DEVICE}
        if known
        else {f"account:{username.lower()[:250]}": MOST_BY_ACCOUNT, f"address:{address}": MOST_BY_ADDRESS}
    )
    check_may_try(subjects, WAIT)
    user = User.objects.filter(username__iexact=username).first() if "\x00" not in username else None
    if user is None:
        make_password(password)  # as long as a check takes
    if user is None or not user.check_password(password) or not user.is_active:
        note_failure(subjects)
        raise NotAllowed("That name and password do not belong together.")
    return user


def device_of(user: User) -> str:
    """What a browser remembers, signed, of a person who has signed in there."""
    return f"{user.username.lower()}:{secrets.token_urlsafe(9)}"


def remember_place(user: User, workspace_name: str) -> None:
    """Remember where the person is, to open it first next time; at most every five minutes while they stay."""
    now = timezone.now()
    is_recent = user.last_seen_at is not None and now - user.last_seen_at < SEEN_EVERY
    if is_recent and user.last_workspace == workspace_name:
        return
    seen = Member.objects.filter(user=user, workspace__name=workspace_name).update(last_seen_at=now)
    if seen:
        user.last_workspace, user.last_seen_at = workspace_name, now
        user.save(update_fields=["last_workspace", "last_seen_at"])

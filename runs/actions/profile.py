"""What a person says of themselves."""

import functools
from zoneinfo import available_timezones

from django.db import IntegrityError

from runs.actions.email import mail_check, set_email
from runs.actions.invitations import clean_email
from runs.actions.passwords import check_own_password, end_links
from runs.actions.workspace import check_user_name
from runs.errors import Conflict, Invalid
from runs.limits import clean_text
from runs.models import User
from runs.transaction import write

FULL_NAME_LENGTH = 150


def edit_profile(
    user: User,
    *,
    username: str | None = None,
    full_name: str | None = None,
    email: str | None = None,
    time_zone: str | None = None,
    password: str = "",
) -> User:
    """Change what is given; what is None stays. A new e-mail address waits for the link that is mailed there.

    Who has a password gives it to change the user name or the address that a reset is mailed to: an unwatched
    browser must not be enough to take the account.
    """
    fresh = User.objects.get(pk=user.pk)
    old_email = fresh.email
    changed = [
        *_change(fresh, "username", None if username is None else check_user_name(username.strip())),
        *([] if email is None else set_email(fresh, clean_email(email))),
    ]
    if changed and fresh.has_usable_password():
        check_own_password(fresh, password)
    changed += _change(fresh, "first_name", None if full_name is None else _clean_full_name(full_name))
    changed += _change(fresh, "time_zone", None if time_zone is None else _clean_zone(time_zone))
    if "username" in changed and (
        User.objects.filter(username__iexact=fresh.username).exclude(pk=fresh.pk).exists()
    ):
        raise Conflict(f"There is a user {fresh.username!r} already.", field="username")
    try:
        with write():
            fresh.save(update_fields=changed)
            if fresh.email != old_email:
                end_links(fresh)  # a link on its way to the old address
            if "waiting_email" in changed:
                mail_check(fresh)
    except IntegrityError:
        raise Conflict(f"There is a user {fresh.username!r} already.", field="username") from None
    for name in changed:
        setattr(user, name, getattr(fresh, name))
    return user


@functools.cache
def time_zones() -> tuple[str, ...]:
    """The names of all time zones, in their order."""
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


def _change(user: User, name: str, value: str | None) -> list[str]:
    if value is None or value == getattr(user, name):
        return []
    setattr(user, name, value)
    return [name]


def _clean_full_name(text: str) -> str:
    return clean_text(text.strip(), "The full name", length=FULL_NAME_LENGTH, empty=True, lines=False)


def _clean_zone(text: str) -> str:
    if text and text not in time_zones():
        raise Invalid(f"{text[:80]!r} is no time zone, such as Europe/Berlin.", field="time_zone")
    return text

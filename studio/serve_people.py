"""What `studio link` and `studio password` do to the database."""

import getpass
import sys
from typing import TYPE_CHECKING

from studio import serve_prepare
from studio.serve_address import Refusal

if TYPE_CHECKING:
    from runs.models import User


def new_link(name: str | None) -> str:
    """The token of a new one-time link. Raises Refusal."""
    user = find_user(name)
    from runs.actions.workspace import create_login_link

    return create_login_link(user)


def set_password(name: str | None, *, from_stdin: bool) -> str:
    """Read a new password and set it; gives the user's name. Raises Refusal."""
    user = find_user(name)
    from runs.actions.passwords import change_password
    from runs.errors import Refused

    try:
        change_password(user, read_password(user.username, from_stdin=from_stdin))
    except Refused as error:
        raise Refusal(str(error)) from None
    return str(user.username)


def read_password(name: str, *, from_stdin: bool) -> str:
    """The password, asked for twice or from the first line of standard input. Raises Refusal."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Refusal("There is no terminal to ask at. Give the password on standard input, with --stdin.")
    first = getpass.getpass(f"New password of {name}: ")
    if getpass.getpass("The same again: ") != first:
        raise Refusal("The two are not the same. Nothing was changed.")
    return first


def find_user(name: str | None) -> "User":
    """The person of that name, or the first user, made with the database where there is none yet. Raises Refusal."""
    try:
        serve_prepare.load_django()
        serve_prepare.migrate()
    except serve_prepare.NotReady as error:
        raise Refusal(str(error)) from None
    from runs.actions.workspace import ensure_first_user
    from runs.models import User

    first, _, _ = ensure_first_user(serve_prepare.operating_system_user())
    if name is None:
        return first
    found = User.objects.filter(username__iexact=name).first()
    if found is None:
        raise Refusal(f"There is no user '{name}' here. The first user is '{first.username}'.")
    return found

"""`studio profile …`: what I say of myself, my password, and where I am signed in."""

import argparse
import sys
from getpass import getpass
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun, UsageException
from studio.client.cli.place import workspace_of
from studio.client.errors import UserErrorException

FIELDS = {
    "--user-name": ("username", "the name to sign in with"),
    "--full-name": ("full_name", "the name that others see"),
    "--email": ("email", "the new e-mail address, which waits until a link that is mailed there is opened"),
    "--time-zone": ("time_zone", "such as Europe/Berlin; empty for that of the browser"),
    "--theme": ("theme", "system, light or dark"),
    "--density": ("density", "comfortable or compact"),
}
GUARDED = ("username", "email")


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "profile", "my profile, password and sessions")
    noun.add("show", show_profile, "show my profile", "-o table")
    update = noun.add(
        "update",
        update_profile,
        "change my profile; for user name and e-mail the password is asked",
        "--full-name 'Ada Lovelace' --time-zone Europe/London",
    )
    for option, (name, text) in FIELDS.items():
        update.add_argument(option, dest=name, metavar="TEXT", help=text)
    for verb, command, text in (
        ("mail-link", mail_link, "mail the link again that confirms my new e-mail address"),
        ("keep-email", keep_email, "forget the new e-mail address and stay with the one in use"),
        ("password", change_password, "change my password; browsers are signed out, tokens stay"),
        ("sign-out", sign_out, "sign me out in every browser; tokens stay"),
    ):
        noun.add(verb, command, text, "")


def show_profile(arguments: argparse.Namespace) -> int:
    """Print the profile."""
    return _show(workspace_of(arguments).client.get("me/"), arguments)


def update_profile(arguments: argparse.Namespace) -> int:
    """Change what was named."""
    names = [name for name, _ in FIELDS.values()]
    change = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if not change:
        raise UsageException(f"Name what to change: {', '.join(FIELDS)}.")
    client = workspace_of(arguments).client
    if any(name in change for name in GUARDED) and client.get("me/")["profile"]["has_password"]:
        change["password"] = secret("Your password: ")
    return _show(client.patch("me/", change), arguments)


def mail_link(arguments: argparse.Namespace) -> int:
    """Have it mailed; nothing is printed."""
    workspace_of(arguments).client.post("me/email/")
    return 0


def keep_email(arguments: argparse.Namespace) -> int:
    """Forget the one that waits; nothing is printed."""
    workspace_of(arguments).client.delete("me/email/")
    return 0


def change_password(arguments: argparse.Namespace) -> int:
    """Ask for the present and the new one; from a pipe, read one a line."""
    client = workspace_of(arguments).client
    old, new = secret("Present password: "), secret("New password: ")
    if sys.stdin.isatty() and secret("The same again: ") != new:
        raise UserErrorException("The two are not the same. Nothing was changed.")
    client.post("me/password/", {"old": old, "new": new})
    return 0


def sign_out(arguments: argparse.Namespace) -> int:
    """End every session; nothing is printed."""
    workspace_of(arguments).client.delete("me/sessions/")
    return 0


def secret(prompt: str) -> str:
    """Ask without showing it; from a pipe, read a line."""
    return getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _show(me: dict[str, Any], arguments: argparse.Namespace) -> int:
    return show({"username": me["user"], **(me["profile"] or {})}, arguments)

"""`studio login`, `logout`, `whoami`: which studio this user speaks to, and as whom."""

import argparse
import os
import sys
from getpass import getpass
from pathlib import Path

from studio.client.address import find_address, forget_login, save_login
from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, add_command
from studio.client.errors import UserErrorException
from studio.client.http import Client


def add(nouns: Commands) -> None:
    """Add the commands."""
    login = add_command(
        nouns,
        "login",
        log_in,
        "remember a studio and an API token of yours, which the studio's settings make",
        "https://studio.example.org",
    )
    login.add_argument("url", metavar="URL", help="the address of the studio")
    login.add_argument(
        "--token", help="the API token; asked for, or read from STUDIO_TOKEN, when it is left out"
    )
    logout = add_command(nouns, "logout", log_out, "forget the login", "")
    logout.add_argument(
        "url", nargs="?", metavar="URL", help="the studio to forget; the current one when it is left out"
    )
    add_command(nouns, "whoami", who_am_i, "say which studio is used, and as whom", "-o table")


def log_in(arguments: argparse.Namespace) -> int:
    """Check the token with the studio and save it."""
    token = arguments.token or os.environ.get("STUDIO_TOKEN") or _ask()
    url = arguments.url if "://" in arguments.url else f"http://{arguments.url}"
    me = Client(url, token, attempts=2).get("me/")
    names = [workspace["name"] for workspace in me["workspaces"]]
    chosen = arguments.workspace_name or next(iter(names), "default")
    if arguments.workspace_name and chosen not in names:
        raise UserErrorException(
            f"{me['user']} is in no workspace {chosen}; there are: {', '.join(names) or 'none'}."
        )
    path = save_login(url, token, chosen)
    found = {"user": me["user"], "url": url, "workspace": chosen, "kept_in": str(path)}
    said = f"Logged in to {url} as {me['user']}, workspace {chosen}. Kept in {path}."
    return show(found, arguments, said=said)


def _ask() -> str:
    """Ask for the token; from a pipe, read it."""
    token = getpass("API token: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip():
        raise UserErrorException("No token was given.")
    return token.strip()


def log_out(arguments: argparse.Namespace) -> int:
    """Forget a login."""
    gone = forget_login(arguments.url)
    if gone is None:
        raise UserErrorException("There is no login to forget.")
    return show({"url": gone}, arguments, said=f"Logged out of {gone}.")


def who_am_i(arguments: argparse.Namespace) -> int:
    """Print the user, the studio, and where both were found."""
    address = find_address(workspace=arguments.workspace_name, folder=Path(arguments.path))
    me = Client(address.url, address.token).get("me/")
    found = {
        "user": me["user"],
        "url": address.url,
        "workspace": address.workspace,
        "found_in": address.source,
        "server_version": me["version"],
    }
    return show(found, arguments)

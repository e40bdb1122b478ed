"""`studio token …`: my API tokens."""

import argparse

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun
from studio.client.cli.place import workspace_of
from studio.client.errors import UserErrorException

COLUMNS = ("id", "name", "scope", "workspace", "last_used_at", "expires_at", "revoked_at")
DAYS = {"30": 30, "90": 90, "365": 365, "never": None}


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "token", "list, make and revoke my API tokens")
    noun.add("list", list_tokens, "list my tokens", "-o table")
    create = noun.add(
        "create",
        create_token,
        "make a token; it is printed this once",
        "cluster --for vision --days 90 --query token -o tsv",
    )
    create.add_argument("name", help="where it will be used")
    create.add_argument(
        "--scope", choices=("read", "write"), default="write", help="what it may (default: write)"
    )
    create.add_argument(
        "--for", dest="opens", metavar="WORKSPACE", help="the workspace it opens; all of mine when left out"
    )
    create.add_argument(
        "--days", choices=DAYS, default="90", help="how long it lasts, in days, or never (default: 90)"
    )
    revoke = noun.add("revoke", revoke_token, "end a token: it opens nothing any more", "7")
    revoke.add_argument("token", help="its number, as `studio token list` prints it, or its name")


def list_tokens(arguments: argparse.Namespace) -> int:
    """Print my tokens, without what opens anything."""
    return show(list(workspace_of(arguments).client.pages("me/tokens/")), arguments, COLUMNS)


def create_token(arguments: argparse.Namespace) -> int:
    """Print the new token."""
    body = {
        "name": arguments.name,
        "scope": arguments.scope,
        "workspace": arguments.opens,
        "days": DAYS[arguments.days],
    }
    made = workspace_of(arguments).client.post("me/tokens/", body)
    return show(made, arguments, ("id", "name", "token", "scope", "workspace", "expires_at"))


def revoke_token(arguments: argparse.Namespace) -> int:
    """End it; nothing is printed. A name that several live tokens share says their numbers instead."""
    client, wanted = workspace_of(arguments).client, arguments.token
    if wanted.isdecimal():
        client.delete(f"me/tokens/{wanted}/")
        return 0
    alive = [token for token in client.pages("me/tokens/") if not token["revoked_at"]]
    named = [str(token["id"]) for token in alive if token["name"] == wanted]
    if not named:
        raise UserErrorException(f"No live token of yours is named {wanted!r}; `studio token list` has them.")
    if len(named) > 1:
        raise UserErrorException(
            f"{len(named)} of your tokens are named {wanted!r}: revoke one by its number, {' or '.join(named)}."
        )
    client.delete(f"me/tokens/{named[0]}/")
    return 0

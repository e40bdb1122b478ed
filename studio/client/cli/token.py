"""`studio token …`: my API tokens."""

import argparse

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun
from studio.client.cli.place import workspace_of

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
    revoke.add_argument("id", type=int, help="its number, as `studio token list` prints it")


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
    """End it; nothing is printed."""
    workspace_of(arguments).client.delete(f"me/tokens/{arguments.id}/")
    return 0

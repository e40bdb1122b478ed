"""`studio member …`: who is in a workspace, as what, and who is invited."""

import argparse
from itertools import islice

from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, Noun
from studio.client.cli.place import workspace_of
from studio.client.http import segment
from studio.client.workspace import Workspace

COLUMNS = ("username", "full_name", "role", "added_at", "last_seen_at")
INVITED = ("id", "email", "role", "expires_at", "url")
MOST_EVENTS = 500
ROLES = ("reader", "contributor", "owner")


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "member", "who is in a workspace, as what, and who is invited")
    noun.add("list", list_members, "list the members", "-o table")
    added = noun.add(
        "add",
        set_role,
        "take in a person you share a workspace with; others are invited",
        "carl --role contributor",
    )
    changed = noun.add("set-role", set_role, "give a member another role", "carl --role owner")
    removed = noun.add("remove", remove_member, "remove a member; their runs stay", "carl")
    for parser in (added, changed, removed):
        parser.add_argument("user", help="the user name")
    invite = noun.add(
        "invite",
        invite_member,
        "make an invitation: mailed where the studio sends mail, else a link to hand over",
        "--role contributor --email carl@example.org",
    )
    invite.add_argument("--email", default="", metavar="ADDRESS", help="whom it is for")
    for parser in (added, changed, invite):
        parser.add_argument("--role", choices=ROLES, required=True, help="what they may do")
    noun.add("invitations", list_invitations, "list the invitations that wait", "-o table")
    revoke = noun.add("revoke-invitation", revoke_invitation, "end an invitation", "7")
    renew = noun.add("renew-invitation", renew_invitation, "seven more days and a new link", "7")
    for parser in (revoke, renew):
        parser.add_argument("id", type=int, help="its number, as `studio member invitations` prints it")
    joined = noun.add(
        "join",
        join,
        "join a workspace by the link of an invitation",
        "https://studio.example.org/invite/…/",
    )
    joined.add_argument("link", help="the link, or its last part")
    link = noun.add(
        "password-link", make_password_link, "make a link that sets a member's password, once", "carl"
    )
    link.add_argument("user", help="the user name")
    noun.add("events", list_events, "list who changed members, invitations and tokens", "-o table")


def list_members(arguments: argparse.Namespace) -> int:
    """Print the members."""
    workspace = workspace_of(arguments)
    return show(list(workspace.client.pages(_path(workspace, "members/"))), arguments, COLUMNS)


def set_role(arguments: argparse.Namespace) -> int:
    """Give the role, taking the person in where they are not yet."""
    workspace = workspace_of(arguments)
    path = _path(workspace, f"members/{segment(arguments.user)}/")
    return show(workspace.client.put(path, {"role": arguments.role}), arguments, COLUMNS)


def remove_member(arguments: argparse.Namespace) -> int:
    """Remove the person; nothing is printed."""
    workspace = workspace_of(arguments)
    workspace.client.delete(_path(workspace, f"members/{segment(arguments.user)}/"))
    return 0


def invite_member(arguments: argparse.Namespace) -> int:
    """Print the invitation; its link is in it this once."""
    workspace = workspace_of(arguments)
    body = {"role": arguments.role, "email": arguments.email}
    return show(workspace.client.post(_path(workspace, "invitations/"), body), arguments, INVITED)


def list_invitations(arguments: argparse.Namespace) -> int:
    """Print those that wait."""
    workspace = workspace_of(arguments)
    return show(list(workspace.client.pages(_path(workspace, "invitations/"))), arguments, INVITED[:-1])


def revoke_invitation(arguments: argparse.Namespace) -> int:
    """End it; nothing is printed."""
    workspace = workspace_of(arguments)
    workspace.client.delete(_path(workspace, f"invitations/{arguments.id}/"))
    return 0


def renew_invitation(arguments: argparse.Namespace) -> int:
    """Print it with its new link; the old one ends."""
    workspace = workspace_of(arguments)
    found = workspace.client.post(_path(workspace, f"invitations/{arguments.id}/"))
    return show(found, arguments, INVITED)


def join(arguments: argparse.Namespace) -> int:
    """Use the invitation up, and print where I am now as what."""
    token = arguments.link.rstrip("/").rpartition("/")[2]
    found = workspace_of(arguments).client.post("me/invitations/", {"token": token})
    return show(found, arguments, ("name", "role", "description"))


def make_password_link(arguments: argparse.Namespace) -> int:
    """Print the link, this once."""
    workspace = workspace_of(arguments)
    found = workspace.client.post(_path(workspace, f"members/{segment(arguments.user)}/password-link/"))
    return show(found, arguments, ("url", "expires_at"))


def list_events(arguments: argparse.Namespace) -> int:
    """Print them, newest first."""
    workspace = workspace_of(arguments)
    events = list(islice(workspace.client.pages(_path(workspace, "events/")), MOST_EVENTS))
    return show(events, arguments, ("at", "kind", "by", "details"))


def _path(workspace: Workspace, rest: str) -> str:
    return f"workspaces/{segment(workspace.name)}/{rest}"

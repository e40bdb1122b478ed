"""Who may do what with people: members, invitations, tokens and accounts. Fetches and authorises in one call."""

from runs.access import Caller
from runs.access_run_tokens import check_whole_account
from runs.errors import NotAllowed, NotFound
from runs.models import ApiToken, Invitation, Member, User, Workspace


def get_person(workspace: Workspace, username: str) -> User:
    """The person of that name in a workspace that the caller may see. Raises NotFound."""
    member = None
    if "\x00" not in username:
        members = Member.objects.select_related("user").filter(workspace=workspace)
        member = members.filter(user__username__iexact=username).first()
    if member is None:
        raise NotFound(f"There is nobody called {username[:150]!r} in {workspace.name}.")
    return member.user


def get_acquaintance(caller: Caller, workspace: Workspace, username: str) -> User:
    """A person whom the caller may take into the workspace by name: one they share a workspace with.

    The owner of the installation knows everybody. Others' names are not told: they are invited. Raises NotFound.
    """
    if "\x00" not in username:
        people = User.objects.filter(username__iexact=username, is_active=True)
        if not caller.user.is_superuser or caller.token is not None:
            people = people.filter(memberships__workspace__in=caller.workspaces())
        if found := people.first():
            return found
    raise NotFound(
        f"You share no workspace with anybody called {username[:150]!r}. Invite them into {workspace.name}."
    )


def get_invitation(workspace: Workspace, number: str | int) -> Invitation:
    """The invitation of that number into a workspace that the caller manages. Raises NotFound."""
    text = str(number)
    if text.isdecimal() and len(text) < 19:
        found = Invitation.objects.filter(workspace=workspace, pk=int(text)).first()
        if found is not None:
            found.workspace = workspace
            return found
    raise NotFound("There is no such invitation.")


def get_own_token(caller: Caller, number: str | int) -> ApiToken:
    """A token of the caller's own; a token that may only open one workspace knows only those for it."""
    missing = NotFound("There is no such token of yours.")
    text = str(number)
    if not text.isdecimal() or len(text) > 18:
        raise missing
    found = (
        ApiToken.objects.select_related("workspace", "user").filter(user=caller.user, pk=int(text)).first()
    )
    if found is None:
        raise missing
    if caller.token is not None and caller.token.workspace_id not in (None, found.workspace_id):
        raise missing
    return found


def check_own_account(caller: Caller) -> None:
    """Profile and password take a browser, or a writing token of the whole account."""
    token = caller.token
    if token is None:
        return
    check_whole_account(token)
    if token.scope != "write" or token.workspace_id is not None:
        raise NotAllowed("This takes a token with the scope 'write' for all your workspaces.")


def check_may_revoke_tokens(caller: Caller) -> None:
    """A reading token, or that of one run, ends none."""
    check_whole_account(caller.token)
    if caller.token is not None and caller.token.scope != "write":
        raise NotAllowed("This token may only read; use one with the scope 'write'.")


def may_create_workspaces(caller: Caller) -> bool:
    """Whether new workspaces are theirs to make: the owner's of the installation."""
    return caller.user.is_superuser


def check_may_create_workspaces(caller: Caller) -> None:
    """Raise NotAllowed unless the caller owns the installation and speaks for the whole account."""
    if not may_create_workspaces(caller):
        raise NotAllowed("Only the owner of this installation makes workspaces.")
    check_own_account(caller)

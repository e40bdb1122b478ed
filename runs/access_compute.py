"""Who may do what with compute targets: fetches and authorises in one call."""

from django.db.models import QuerySet

from runs.access import Caller, Need, get_workspace
from runs.access_people import check_own_account
from runs.errors import NotAllowed, NotFound
from runs.models import ComputeTarget, Workspace


def get_target(caller: Caller, workspace: str, name: str, need: Need = "read") -> ComputeTarget:
    """The compute target of that name in the workspace. Raises NotFound or NotAllowed."""
    found = get_workspace(caller, workspace, need)
    target = None if "\x00" in name else named_targets(found, name).first()
    if target is None:
        raise NotFound(f"There is no compute target {name[:80]!r} in the workspace {found.name}.")
    target.workspace = found
    return target


def named_targets(workspace: Workspace, name: str) -> QuerySet[ComputeTarget]:
    """The target of that name, if there is one."""
    return ComputeTarget.objects.select_related("created_by").filter(workspace=workspace, name=name)


def may_switch_on(caller: Caller) -> bool:
    """Whether they may let code of contributors run as the user of this server: the installation's owner may."""
    token = caller.token
    is_whole = token is None or (
        token.scope == "write" and token.workspace_id is None and token.run_id is None
    )
    return caller.user.is_superuser and is_whole


def check_may_switch_on(caller: Caller) -> None:
    """Raise NotAllowed unless the caller owns the installation and speaks for the whole account."""
    if not caller.user.is_superuser:
        raise NotAllowed(
            "Scripts on this target run as the user of the studio's server, which reaches every workspace: only the "
            "owner of this installation may switch it on. It can be attached switched off."
        )
    check_own_account(caller)

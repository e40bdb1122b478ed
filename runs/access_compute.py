"""Who may do what with compute targets: fetches and authorises in one call."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from runs.access import Caller, Need, get_workspace
from runs.access_people import check_own_account
from runs.errors import NotAllowed, NotFound
from runs.models import ComputeTarget, Workspace
from runs.target_settings import AS_THE_SERVER, is_in_private_network


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


def owns_installation(caller: Caller) -> bool:
    """Whether they own the installation and speak for the whole account."""
    token = caller.token
    is_whole = token is None or (
        token.scope == "write" and token.workspace_id is None and token.run_id is None
    )
    return caller.user.is_superuser and is_whole


def may_switch_on(caller: Caller, kind: str) -> bool:
    """Whether an owner of the workspace may let a target take runs: code of contributors as the user of this server
    is the installation's owner's to allow.
    """
    return kind not in AS_THE_SERVER or owns_installation(caller)


def check_may_switch_on(caller: Caller, kind: str) -> None:
    """Raise NotAllowed unless the caller, who owns the workspace, may switch on targets of that kind."""
    if kind not in AS_THE_SERVER:
        return
    if not caller.user.is_superuser:
        raise NotAllowed(
            "Scripts on this target run as the user of the studio's server, which reaches every workspace: only the "
            "owner of this installation may switch it on. It can be attached switched off."
        )
    check_own_account(caller)


def check_settings(
    caller: Caller, kind: Any, settings: Mapping[str, Any], now: ComputeTarget | None = None
) -> None:
    """Raise NotAllowed when a target with these settings is not the caller's, an owner's of the workspace, to make.

    Requests into the private network are the installation's owner's to allow, and so is each change of such a target.
    Raises Invalid for what is no setting at all.
    """
    whole = {**now.settings, **settings} if now else settings
    if not isinstance(kind, str) or not is_in_private_network(kind, whole):
        return
    if not caller.user.is_superuser:
        raise NotAllowed(
            "Only the owner of this installation may attach or change a target in the private network of its server."
        )
    check_own_account(caller)

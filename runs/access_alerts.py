"""Who may do what with alerts and their messages: fetches and authorises in one call.

People see and change their own; owners of the workspace all of them. The key that signs is its owner's alone.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from runs.access import Caller, allows, check_own_hand, get_experiment, get_run, get_workspace, role_in
from runs.access_people import check_own_account
from runs.access_views import get_view
from runs.errors import Invalid, NotAllowed, NotFound
from runs.limits import INTEGER_MAX
from runs.models import Alert, Delivery, Member, Role, User, Workspace


def visible_alerts(caller: Caller, workspace: Workspace) -> QuerySet[Alert]:
    """The caller's own alerts, and for an owner of the workspace everybody's."""
    rows = Alert.objects.filter(workspace=workspace)
    if role_in(caller, workspace) != Role.OWNER:
        rows = rows.filter(owner=caller.user)
    return rows.select_related("workspace", "owner", "run__experiment", "experiment", "view")


def get_alert(caller: Caller, workspace: Workspace | str, number: int | str, *, own: bool = False) -> Alert:
    """The alert of that number. Raises NotFound, or NotAllowed where it is another's: with `own` for owners too."""
    if isinstance(workspace, str):
        workspace = get_workspace(caller, workspace)
    key = _number(number)
    rows = Alert.objects.select_related("workspace", "owner", "run__experiment", "experiment", "view")
    found = rows.filter(workspace=workspace, pk=key).first() if key else None
    if found is None:
        raise NotFound(f"There is no alert {str(number)[:40]} in {workspace.name}.")
    if found.owner_id != caller.user.pk and role_in(caller, workspace) != Role.OWNER:
        raise NotAllowed("This alert is somebody else's. Its owner sees it, and owners of the workspace.")
    found.workspace = workspace
    if own and found.owner_id != caller.user.pk:
        raise NotAllowed(f"This alert is {found.owner.username}'s: its key is theirs alone.")
    return found


def subjects_of(caller: Caller, workspace: Workspace, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The run, experiment or view that is named, by its kind. Raises NotFound for one of another workspace."""
    found: dict[str, Any] = {}
    if sent.get("run"):
        found["run"] = get_run(caller, str(sent["run"]))
        if found["run"].workspace_id != workspace.pk:
            raise NotFound(f"There is no run {str(sent['run'])[:80]!r} in {workspace.name}.")
    if sent.get("experiment"):
        found["experiment"] = get_experiment(caller, workspace, str(sent["experiment"]))
    if sent.get("view"):
        found["view"] = get_view(caller, workspace, str(sent["view"]))
    if len(found) > 1:
        raise Invalid("An alert watches one run, one experiment or one view.", field="subject")
    return found


def check_may_change(caller: Caller) -> None:
    """Raise NotAllowed for a token that may only read, or is a run's: alerts are a person's own in any role."""
    check_own_hand(caller)


def check_fields(
    caller: Caller, workspace: Workspace, fields: Mapping[str, Any], now: Alert | None = None
) -> None:
    """Raise NotAllowed when the caller's role does not reach to where the alert would send."""
    channel = fields.get("channel", now.channel if now else Alert.EMAIL)
    if channel in (Alert.LIST, *Alert.POSTED) and not allows(caller, workspace, "write"):
        raise NotAllowed(
            f"You are a reader of {workspace.name}: your alerts come to yourself."
            " To write to others takes a contributor."
        )
    addresses = fields.get("addresses", now.addresses if now else [])
    if channel == Alert.LIST and isinstance(addresses, list | tuple):
        _check_addresses(caller, workspace, [str(address).strip().lower() for address in addresses])
    if fields.get("allows_private", now.allows_private if now else False):
        if not caller.user.is_superuser:
            raise NotAllowed(
                "Only the owner of this installation may let messages go to addresses of the private network."
            )
        check_own_account(caller)


def _check_addresses(caller: Caller, workspace: Workspace, addresses: list[str]) -> None:
    """Contributors write to members; what leaves the circle of members is an owner's to say."""
    if allows(caller, workspace, "own"):
        return
    members = Member.objects.filter(workspace=workspace).values_list("user__email", flat=True)
    known = {address.lower() for address in members}
    # What is no address at all is refused by the action.
    strange = [address for address in addresses if "@" in address and address not in known]
    if strange:
        raise NotAllowed(
            f"{strange[0][:80]} is no address of a member of {workspace.name}. To write to others takes an owner."
        )


def get_message(caller: Caller, workspace: Workspace, number: int | str) -> Delivery:
    """A message: for the owner of its alert, those it was sent to, and owners of the workspace.

    Raises NotFound or NotAllowed.
    """
    key = _number(number)
    rows = Delivery.objects.select_related("alert__owner", "workspace", "user").filter(workspace=workspace)
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(f"There is no message {str(number)[:40]} in {workspace.name}.")
    if not _may_read(caller, workspace, found):
        raise NotAllowed("This message is somebody else's. Owners of the workspace may read it.")
    return found


def _may_read(caller: Caller, workspace: Workspace, message: Delivery) -> bool:
    if message.user_id == caller.user.pk or role_in(caller, workspace) == Role.OWNER:
        return True
    mine = caller.user.email.lower()
    return bool(mine) and mine in {address.lower() for address in message.alert.addresses}


def messages_for(user: User, workspace: Workspace) -> QuerySet[Delivery]:
    """The messages of the person's alerts that were made, newest first; tests only show where they were asked for."""
    rows = Delivery.objects.filter(user=user, workspace=workspace, is_test=False)
    return rows.filter(~Q(subject="")).select_related("alert").order_by("-pk")


def _number(number: int | str) -> int:
    text = str(number)
    is_one = text.isascii() and text.isdecimal() and len(text) < 19 and int(text) <= INTEGER_MAX
    return int(text) if is_one else 0

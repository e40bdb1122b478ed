"""Who may open, change, share and delete which saved views."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from runs.access import Caller, Need, allows, check_own_hand, get_workspace, has_right
from runs.errors import NotAllowed, NotFound
from runs.limits import INTEGER_MAX
from runs.models import DefaultView, Member, SavedView, Star, User, Workspace


@dataclass(frozen=True)
class ViewRights:
    """What a person may do with a saved view, beyond opening it."""

    may_save: bool = False
    may_manage: bool = False  # who may use it, and whether it stays
    may_share: bool = False  # a person in the workspace may give it something to see
    may_set_first: bool = False  # for the whole workspace


def visible_views(user: User, workspace: Workspace) -> QuerySet[SavedView]:
    """The views the person may open, deleted ones included: their own, and those shared with the workspace.

    Each knows `viewer_role`, `owner_is_here`, `is_starred`, `is_my_first` and `is_everybodys_first`.
    """
    members = Member.objects.filter(workspace=workspace)
    firsts = DefaultView.objects.filter(view=OuterRef("pk"))
    found = SavedView.objects.filter(Q(owner=user) | ~Q(sharing=SavedView.PRIVATE), workspace=workspace)
    return found.select_related("workspace", "owner", "experiment", "updated_by").annotate(
        viewer_role=Subquery(members.filter(user=user).values("role")),
        owner_is_here=Exists(members.filter(user=OuterRef("owner"))),
        is_starred=Exists(Star.objects.filter(view=OuterRef("pk"), user=user)),
        is_my_first=Exists(firsts.filter(user=user)),
        is_everybodys_first=Exists(firsts.filter(user=None)),
    )


def rights_in_view(view: Any, user: User) -> ViewRights:
    """The person's rights in a view of `visible_views`.

    A private view is its owner's, whatever their role. What the workspace sees is changed by contributors; who may
    use it is the view's owner's to say, or the workspace's owner's when the view's has left.
    """
    is_mine = view.owner_id == user.pk
    writes = has_right(view.viewer_role, "write")
    owns = has_right(view.viewer_role, "own")
    inherits = owns and not view.owner_is_here
    is_private = view.sharing == SavedView.PRIVATE
    return ViewRights(
        may_save=(is_mine and is_private)
        or (writes and (is_mine or inherits or view.sharing == SavedView.EDIT)),
        may_manage=is_mine or inherits,
        may_share=writes and (is_mine or inherits),
        may_set_first=owns and not is_private,
    )


def get_view(
    caller: Caller,
    workspace: Workspace | str,
    number: int | str,
    need: Need = "read",
    *,
    deleted: bool = False,
    also: Mapping[str, Any] | None = None,
) -> SavedView:
    """The saved view of that number. Raises NotFound or NotAllowed; "own" is to say who may use it, and to delete it.

    Deleted views are found only when `deleted` is true, and then others too. `also`: annotations to read with it.
    """
    if isinstance(workspace, str):
        workspace = get_workspace(caller, workspace)
    found: Any = None
    text = str(number)
    if text.isascii() and text.isdecimal() and len(text) < 19 and int(text) <= INTEGER_MAX:
        views = visible_views(caller.user, workspace).annotate(**(also or {}))
        found = views.filter(pk=int(text)).first()
    hidden = found is None or found.viewer_role is None or (found.deleted_at is not None and not deleted)
    if found is None or hidden:
        raise NotFound(
            f"There is no view {text[:80]} in the workspace {workspace.name}, or it is not shared with you."
        )
    view: SavedView = found
    view.workspace = workspace
    if need != "read":
        check_own_hand(caller)
        _check_view(view, rights_in_view(view, caller.user), need)
    return view


def _check_view(view: SavedView, rights: ViewRights, need: Need) -> None:
    whose = f"{view.owner.username}'s" if view.owner else "nobody's any more"
    if need == "write" and not rights.may_save:
        raise NotAllowed(
            f"You may open the view {view.name!r}, not change it: it is {whose}. Save yours under a name of its own."
        )
    if need == "own" and not rights.may_manage:
        raise NotAllowed(
            f"The view {view.name!r} is {whose}: its owner says who may use it and whether it stays, and owners of"
            " the workspace when the person has left."
        )


def check_may_share(caller: Caller, workspace: Workspace, sharing: str) -> None:
    """Raise NotAllowed for a reader, or their token, who would show a view to the workspace."""
    check_own_hand(caller)
    if sharing != SavedView.PRIVATE and not allows(caller, workspace, "write"):
        raise NotAllowed(
            f"You are a reader of {workspace.name}: your views stay your own; to share one takes a contributor."
        )

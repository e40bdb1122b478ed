"""Changes of saved views: named addresses of the lists of runs, a person's own or shared with the workspace."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from runs.errors import Conflict, Invalid, TooLarge
from runs.limits import (
    NAME_LENGTH,
    VIEW_ADDRESS_BYTES,
    VIEW_DESCRIPTION_LENGTH,
    VIEWS_PER_WORKSPACE,
    clean_text,
)
from runs.models import DefaultView, Experiment, SavedView, User, Workspace
from runs.transaction import write

Address = Mapping[str, Sequence[str]]
DELETED_KEPT = timedelta(days=30)


def create_view(
    workspace: Workspace,
    *,
    by: User,
    name: Any,
    address: Address,
    description: Any = "",
    sharing: str = SavedView.PRIVATE,
    experiment: Experiment | None = None,
) -> SavedView:
    """Keep the address under a name; `experiment` is the one whose page it was seen on. Names may come twice."""
    now = timezone.now()
    with write():
        _check_room(workspace)
        return SavedView.objects.create(
            workspace=workspace,
            owner=by,
            experiment=experiment,
            name=_clean_name(name),
            description=_clean_description(description),
            address=_clean_address(address),
            sharing=_clean_sharing(sharing),
            created_at=now,
            updated_at=now,
            updated_by=by,
        )


def save_view(view: SavedView, *, by: User, address: Address, expected_version: int) -> SavedView:
    """Put this address in place of the one that the view keeps; raises as `change_view` does."""
    return change_view(view, by=by, expected_version=expected_version, address=address)


def describe_view(
    view: SavedView, *, by: User, expected_version: int, name: Any = None, description: Any = None
) -> SavedView:
    """Rename it, describe it; raises as `change_view` does."""
    return change_view(view, by=by, expected_version=expected_version, name=name, description=description)


def change_view(
    view: SavedView,
    *,
    by: User,
    expected_version: int,
    name: Any = None,
    description: Any = None,
    address: Address | None = None,
    sharing: Any = None,
) -> SavedView:
    """Change what is given, all of it or nothing; what is None stays, and what is so already is no error.

    Raises Conflict, with `version` and `updated_by`, when somebody has changed the view since that version. Who may
    use it is no part of that count: a person who saves meanwhile loses nothing by it.
    """
    wanted = {
        "name": None if name is None else _clean_name(name),
        "description": None if description is None else _clean_description(description),
        "address": None if address is None else _clean_address(address),
    }
    new = {part: value for part, value in wanted.items() if value not in (None, getattr(view, part))}
    with write():
        changed = not new or _put(view, by=by, expected_version=expected_version, **new)
        if changed and sharing is not None:
            set_sharing(view, by=by, sharing=sharing)
    if not changed:
        raise _conflict(view)
    return view


def _put(view: SavedView, *, by: User, expected_version: int, **fields: Any) -> bool:
    """Whether it was still of that version, and has these fields now; else it is read anew."""
    rows = SavedView.objects.filter(pk=view.pk, version=expected_version, deleted_at=None)
    changed = rows.update(updated_at=timezone.now(), updated_by=by, version=F("version") + 1, **fields)
    view.refresh_from_db(fields=["version", "updated_at", "updated_by", "deleted_at", *fields])
    return bool(changed)


def _conflict(view: SavedView) -> Conflict:
    if view.deleted_at is not None:
        return Conflict(f"The view {view.name!r} has been deleted. Save yours under a name of its own.")
    who = view.updated_by.username if view.updated_by else "Somebody"
    return Conflict(
        f"{who} has changed the view {view.name!r} since you opened it.",
        version=view.version,
        updated_by=view.updated_by.username if view.updated_by else None,
    )


def set_sharing(view: SavedView, *, by: User, sharing: Any) -> SavedView:
    """Say who may use it: "private", the workspace may "view", the workspace may "edit"."""
    with write():
        wanted = _clean_sharing(sharing)
        if wanted == SavedView.PRIVATE and view.owner_id != by.pk:
            raise Invalid(
                f"A private view is its owner's alone, and the owner of {view.name!r} has left: take it over first.",
                field="sharing",
            )
        view.sharing = wanted
        view.save(update_fields=["sharing"])
        if view.sharing == SavedView.PRIVATE:
            DefaultView.objects.filter(view=view).exclude(user=view.owner_id).delete()
    return view


def take_over(view: SavedView, *, by: User) -> SavedView:
    """Become the owner of a view whose owner has left."""
    view.owner = by
    view.save(update_fields=["owner"])
    return view


def duplicate_view(view: SavedView, *, by: User, name: Any = None) -> SavedView:
    """A private copy, the person's own. Its name is the old one with "copy", unless there is another."""
    if name is None:
        name = f"{view.name[: NAME_LENGTH - 5]} copy"
    return create_view(
        view.workspace,
        by=by,
        name=name,
        description=view.description,
        address=view.address,
        experiment=view.experiment,
    )


def delete_view(view: SavedView, *, by: User) -> SavedView:
    """Put it away; for 30 days it can be restored as it was. Twice is not an error."""
    if view.deleted_at is None:
        view.deleted_at = timezone.now()
        view.save(update_fields=["deleted_at"])
    return view


def restore_view(view: SavedView, *, by: User) -> SavedView:
    """Bring it back, with its stars and where it opens first."""
    if view.deleted_at is not None:
        with write():
            _check_room(view.workspace)
            view.deleted_at = None
            view.save(update_fields=["deleted_at"])
    return view


def set_first_view(view: SavedView, *, user: User | None) -> None:
    """Open this view first for the person; without one, for everybody who has not chosen."""
    if user is None and view.sharing == SavedView.PRIVATE:
        raise Invalid(
            "The workspace can only begin with a view that it may see. Share it first.", field="view"
        )
    with write():
        DefaultView.objects.update_or_create(workspace=view.workspace, user=user, defaults={"view": view})


def clear_first_view(view: SavedView, *, user: User | None) -> None:
    """No longer open this view first for the person, or for everybody. Twice is not an error."""
    with write():
        DefaultView.objects.filter(view=view, user=user).delete()


def purge_views(now: datetime | None = None) -> int:
    """Forget the views that were deleted over 30 days ago; returns how many."""
    gone = SavedView.objects.filter(deleted_at__lt=(now or timezone.now()) - DELETED_KEPT)
    return gone.delete()[1].get("runs.SavedView", 0)


def _check_room(workspace: Workspace) -> None:
    # The row lock makes racing creators queue on PostgreSQL; SQLite has one writer anyway.
    Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
    if SavedView.objects.filter(workspace=workspace, deleted_at=None).count() >= VIEWS_PER_WORKSPACE:
        raise Invalid(
            f"The workspace {workspace.name} holds {VIEWS_PER_WORKSPACE:,} views, the most there can be."
            " Delete some that nobody needs."
        )


def _clean_name(name: Any) -> str:
    return clean_text(name, "The name of a view", length=NAME_LENGTH, lines=False).strip()


def _clean_description(text: Any) -> str:
    return clean_text(text, "The description", length=VIEW_DESCRIPTION_LENGTH, empty=True).strip()


def _clean_sharing(sharing: Any) -> str:
    for known, _ in SavedView.SHARING:
        if sharing == known:
            return known
    raise Invalid("A view is private, or the workspace may view it, or edit it.", field="sharing")


def _clean_address(address: Address) -> dict[str, list[str]]:
    """Only parameters of a list, only texts, not too many. That they make sense is runs/query/page_state.py's."""
    strange = [name for name in address if name not in SavedView.PARAMETERS]
    if strange:
        raise Invalid(f"{str(strange[0])[:80]!r} is not a part of a view.", field="address")
    kept = {}
    for name in SavedView.PARAMETERS:
        texts = [
            clean_text(text, name, length=VIEW_ADDRESS_BYTES, empty=True) for text in address.get(name, [])
        ]
        if texts := [text for text in texts if text]:
            kept[name] = texts
    size = sum(len(text.encode()) for texts in kept.values() for text in texts)
    if size > VIEW_ADDRESS_BYTES:
        raise TooLarge(
            f"This view has {size:,} bytes; at most {VIEW_ADDRESS_BYTES:,} are kept.", field="address"
        )
    return kept

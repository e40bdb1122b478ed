"""Saved views: those that a person may open, and which opens first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Lower

from runs.access_views import visible_views
from runs.models import DefaultView, Experiment, SavedView, User, Workspace
from runs.query.lexer import first_unstorable

MOST_LISTED = 300


@dataclass
class Views:
    """The views of a menu: starred ones first and only there; with `is_more` a search finds others."""

    starred: list[Any] = field(default_factory=list)
    mine: list[Any] = field(default_factory=list)
    shared: list[Any] = field(default_factory=list)
    is_more: bool = False

    def __len__(self) -> int:
        return len(self.starred) + len(self.mine) + len(self.shared)


def list_views(
    workspace: Workspace,
    user: User,
    *,
    search: str = "",
    experiment: Experiment | None = None,
    scope: str = "",
    deleted: bool = False,
) -> QuerySet[SavedView]:
    """The views the person may open, by name; `scope` leaves those that are "mine", "shared" or "starred"."""
    found = visible_views(user, workspace).filter(deleted_at__isnull=not deleted)
    if first_unstorable(search) is not None:
        return found.none()
    for word in search.split()[:10]:
        matches = Q(name__icontains=word) | Q(description__icontains=word)
        found = found.filter(matches | Q(owner__username__icontains=word))
    if experiment is not None:
        found = found.filter(experiment=experiment)
    if scope == "mine":
        found = found.filter(owner=user)
    elif scope == "shared":
        found = found.exclude(owner=user)
    elif scope == "starred":
        found = found.filter(stars__user=user)
    return found.order_by(Lower("name"), "pk")


def views_after(
    views: QuerySet[SavedView], number: int | None, most: int
) -> tuple[list[SavedView], int | None]:
    """So many of `list_views`, behind the one of that number; and the number to go on behind, or None."""
    if number is not None:
        place = SavedView.objects.filter(pk=number).annotate(word=Lower("name")).values("word")[:1]
        behind = Q(word__gt=Subquery(place)) | Q(word=Subquery(place), pk__gt=number)
        views = views.annotate(word=Lower("name")).filter(behind)
    found = list(views[: most + 1])
    return found[:most], found[most - 1].pk if len(found) > most else None


def menu_of(views: Sequence[Any], user: User) -> Views:
    """The views in the groups of a menu."""
    made = Views(is_more=len(views) > MOST_LISTED)
    for view in views[:MOST_LISTED]:
        group = made.starred if view.is_starred else made.mine if view.owner_id == user.pk else made.shared
        group.append(view)
    return made


def first_view(workspace: Workspace, user: User) -> SavedView | None:
    """The view that opens first: the person's own choice, else the workspace's, else None. One query."""
    chosen = DefaultView.objects.filter(Q(user=user) | Q(user=None), workspace=workspace)
    chosen = chosen.filter(Q(view__owner=user) | ~Q(view__sharing=SavedView.PRIVATE), view__deleted_at=None)
    rows = list(chosen.select_related("view")[:2])
    rows.sort(key=lambda row: row.user_id is None)
    return rows[0].view if rows else None

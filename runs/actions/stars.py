"""Stars: what a person wants to find again. They are that person's own, whatever their role."""

from collections.abc import Iterable

from django.db import IntegrityError
from django.utils import timezone

from runs.errors import NotFound
from runs.models import Experiment, Run, SavedView, Star, User
from runs.transaction import write


def set_star(
    user: User,
    *,
    run: Run | None = None,
    experiment: Experiment | None = None,
    view: SavedView | None = None,
    on: bool,
) -> bool:
    """Star one thing for this person, or take the star away; returns whether it has one now.

    Twice is not an error, and neither is a second browser doing the same at this moment.
    """
    if [run, experiment, view].count(None) != 2:
        raise TypeError("one run, one experiment or one view has a star set")
    if not on:
        with write():
            Star.objects.filter(user=user, run=run, experiment=experiment, view=view).delete()
        return False
    _insert([Star(user=user, run=run, experiment=experiment, view=view, at=timezone.now())])
    return True


def star_runs(user: User, run_ids: Iterable[int], *, on: bool) -> set[int]:
    """Star many runs by their numbers, or take their stars away; returns those that this changed."""
    wanted = set(run_ids)
    with write():
        starred = set(Star.objects.filter(user=user, run_id__in=wanted).values_list("run_id", flat=True))
        changed = wanted - starred if on else starred
        if on:
            _insert([Star(user=user, run_id=number, at=timezone.now()) for number in changed])
        else:
            Star.objects.filter(user=user, run_id__in=changed).delete()
    return changed


def _insert(stars: list[Star]) -> None:
    """Add them, where they are not there yet."""
    try:
        with write():
            Star.objects.bulk_create(stars, ignore_conflicts=True)
    except IntegrityError:
        raise NotFound("What you wanted to star was deleted a moment ago.") from None

"""Which runs are the same once more."""

from collections.abc import Iterable

from runs.models import Run

MOST_SHOWN = 20


def origins_of(runs: Iterable[Run]) -> dict[int, str]:
    """The ids of the runs that these were resubmitted from, by number; no query where there are none."""
    numbers = {run.resubmitted_from_id for run in runs if run.resubmitted_from_id is not None}
    if not numbers:
        return {}
    return dict(Run.objects.filter(pk__in=numbers, deleted_at=None).values_list("pk", "public_id"))


def origin_of(run: Run) -> Run | None:
    """The run that this one was resubmitted from, unless it was thrown away."""
    if run.resubmitted_from_id is None:
        return None
    return Run.objects.filter(pk=run.resubmitted_from_id, deleted_at=None).first()


def resubmissions_of(run: Run) -> list[Run]:
    """The newest runs that were resubmitted from this one."""
    return list(Run.objects.filter(resubmitted_from=run, deleted_at=None).order_by("-id")[:MOST_SHOWN])

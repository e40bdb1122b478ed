"""Keeps the search row of a run true."""

from collections.abc import Iterable

from runs.models import Run, RunSearch, Tag


def refresh(run: Run) -> None:
    """Write the run's search row anew, inside the transaction of the change."""
    RunSearch.objects.update_or_create(run_id=run.pk, defaults={"text": search_text(run, _tags(run))})


def search_text(run: Run, tags: Iterable[tuple[str, str | None]]) -> str:
    """What the search box looks through, in lower case, one thing a line."""
    lines = [
        run.display_name,
        f"run {run.number}",
        run.public_id,
        run.experiment.name,
        run.created_by.username if run.created_by else "",
        *(key if value is None else f"{key}={value}" for key, value in tags),
        run.description,
    ]
    return "\n".join(lines).lower()


def _tags(run: Run) -> list[tuple[str, str | None]]:
    rows = Tag.objects.filter(run=run).select_related("name").order_by("name__text")
    return [(row.name.text, row.text) for row in rows]

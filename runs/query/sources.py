"""The sources of several runs: which run to compare with, and how far their snapshots lie from one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import Property, Run, Snapshot
from runs.query.differences import changed_files

MOST_OFFERED = 30
# Folders that are compared file by file for one page.
MOST_COMPARED = 8
MOST_FILES = 5000
# The names of the cloud and of MLflow for the same fact.
GIT_NAMES = {
    "commit": ("azureml.git.commit", "mlflow.source.git.commit"),
    "branch": ("azureml.git.branch", "mlflow.source.git.branch"),
    "repository": ("azureml.git.repository_uri", "mlflow.source.git.repoURL"),
    "dirty": ("azureml.git.dirty",),
}


@dataclass(frozen=True)
class RunSources:
    """A run beside the base: how many files came, went and changed, or None where that was not counted."""

    run: Run
    snapshot: Snapshot | None
    counts: dict[str, int] | None = None

    @property
    def is_same(self) -> bool:
        """Whether it is known to have the same files."""
        return self.counts is not None and not any(self.counts.values())

    @property
    def words(self) -> str:
        """What came, went and changed, such as `1 added, 2 changed`."""
        return ", ".join(f"{count:,} {word}" for word, count in (self.counts or {}).items() if count)


def runs_to_compare(run: Run) -> list[Run]:
    """Runs of the experiment with a snapshot: those before it first, the latest of them foremost, then later ones."""
    rows = Run.objects.filter(experiment=run.experiment_id, deleted_at=None, snapshot__isnull=False)
    rows = rows.select_related("snapshot").defer("description", "description_html", "error_details")
    earlier = list(rows.filter(number__lt=run.number).order_by("-number")[:MOST_OFFERED])
    later = rows.filter(number__gt=run.number).order_by("number")[: MOST_OFFERED - len(earlier)]
    return earlier + list(later)


def git_facts(run: Run) -> dict[str, str]:
    """Commit, branch, repository and whether something was not committed, where the run's properties tell."""
    names = [name for known in GIT_NAMES.values() for name in known]
    rows = Property.objects.filter(run=run, name__text__in=names).select_related("name")
    found = {row.name.text: row.text or "" for row in rows}
    facts = {fact: next((found[n] for n in known if found.get(n)), "") for fact, known in GIT_NAMES.items()}
    return {fact: value for fact, value in facts.items() if value}


def compare_sources(runs: Sequence[Run], base: int | None) -> tuple[Run | None, list[RunSources]]:
    """The run that the others are compared with, and each run's distance from it.

    `base` is a place in `runs`; without one, or without sources there, the first run that has some.
    """
    snapshots = Snapshot.objects.in_bulk({run.snapshot_id for run in runs if run.snapshot_id is not None})
    with_sources = [run for run in runs if run.snapshot_id in snapshots]
    if not with_sources:
        return None, []
    chosen = runs[base] if base is not None and runs[base] in with_sources else with_sources[0]
    first = snapshots[chosen.snapshot_id or 0]
    counted: dict[int, dict[str, int]] = {}
    found = []
    for run in runs:
        other = snapshots.get(run.snapshot_id or 0)
        fits = other is not None and max(first.file_count, other.file_count) <= MOST_FILES
        if other is not None and fits and other.pk not in counted and len(counted) < MOST_COMPARED:
            counted[other.pk] = _counts(first, other)
        found.append(RunSources(run, other, counted.get(other.pk) if other else None))
    return chosen, found


def _counts(before: Snapshot, after: Snapshot) -> dict[str, int]:
    counts = {"added": 0, "removed": 0, "changed": 0}
    for change in changed_files(before, after):
        counts["changed" if change.kind == "mode" else change.kind] += 1
    return counts

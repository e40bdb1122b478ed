"""Keeps the search row of a run true."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from runs.models import Experiment, Run, RunSearch, Tag
from runs.transaction import write

# The job that follows when an experiment is renamed.
JOB = "search of an experiment"
RUNS_TOGETHER = 1000
# Characters; whole search rows are written when there are more.
WRITTEN_TOGETHER = 4_000_000


def refresh(run: Run) -> None:
    """Write the run's search row anew, inside the transaction of the change."""
    refresh_all([run])


def refresh_all(runs: Iterable[Run]) -> None:
    """The same for many. Their tags are read as a stream: all of them together may be large."""
    by_number = {run.pk: run for run in runs}
    waiting: list[RunSearch] = []
    size = 0
    for number, tags in _tags_by_run(list(by_number)):
        waiting.append(RunSearch(run_id=number, text=search_text(by_number[number], tags)))
        size += len(waiting[-1].text)
        if size > WRITTEN_TOGETHER:
            _write(waiting)
            waiting, size = [], 0
    _write(waiting)


def refresh_experiment(number: int) -> int:
    """Write the search rows of all runs of an experiment anew, some at a time: how many."""
    rows = Run.objects.filter(experiment=number).select_related("experiment", "created_by").order_by("pk")
    last = written = 0
    while True:
        with write():
            # Held, so that no run is written down under a name that is changed meanwhile.
            list(Experiment.objects.select_for_update(no_key=True).filter(pk=number))
            some = list(rows.filter(pk__gt=last).defer("description_html")[:RUNS_TOGETHER])
            refresh_all(some)
        if not some:
            return written
        last, written = some[-1].pk, written + len(some)


def _write(rows: list[RunSearch]) -> None:
    RunSearch.objects.bulk_create(rows, update_conflicts=True, unique_fields=["run"], update_fields=["text"])


def _tags_by_run(numbers: list[int]) -> Iterator[tuple[int, list[tuple[str, str | None]]]]:
    """Each of the runs, with its tags in the order of their names; those without any last."""
    rows = Tag.objects.filter(run__in=numbers).select_related("name").order_by("run", "name__text")
    without = set(numbers)
    for number, group in groupby(rows.iterator(chunk_size=500), key=lambda row: row.run_id):
        without.remove(number)
        yield number, [(row.name.text, row.text) for row in group]
    for number in sorted(without):
        yield number, []


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

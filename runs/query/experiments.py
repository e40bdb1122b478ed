"""The list of a workspace's experiments, with what is known of each without reading its runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from runs.access_views import visible_views
from runs.errors import Invalid
from runs.models import Experiment, ExperimentTag, Run, RunCount, Star, User, Workspace
from runs.query.cursors import read_cursor, write_cursor
from runs.query.default_columns import first_metrics
from runs.query.logged_models import model_count
from runs.query.search import words_of
from runs.query.sorts import Leg, Part
from runs.query.time_limit import limited_time

MOST_A_PAGE = 500
DEFAULT_SORT = "-last_run"
_SALT = "experiments.list"
_RUNS = (
    RunCount.objects.filter(experiment=OuterRef("pk"))
    .values("experiment")
    .annotate(n=Sum("runs"))
    .values("n")
)
SORTS = {
    "name": F("name"),
    "created": F("created_at"),
    "last_run": F("last_run_at"),
    "runs": Coalesce(Subquery(_RUNS), 0),
}


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment of a page: its runs by status (children included, the trash not), its tags, its last run."""

    experiment: Experiment
    counts: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str | None] = field(default_factory=dict)
    last_run: Run | None = None

    @property
    def run_count(self) -> int:
        """All its runs."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class ExperimentFacts:
    """What the page of an experiment shows of it besides its runs."""

    counts: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str | None] = field(default_factory=dict)
    is_starred: bool = False
    # The metrics that its runs logged first.
    metrics: tuple[str, ...] = ()
    # The saved views of it that the viewer may open, by name: number and name.
    views: tuple[tuple[int, str], ...] = ()
    # How many models it has, as far as they are counted (`model_count`).
    models: int = 0


@dataclass(frozen=True)
class ExperimentPage:
    """Some experiments in their order. `next_cursor` is None on the last page."""

    rows: list[ExperimentRow]
    next_cursor: str | None


def list_experiments(
    workspace: Workspace,
    *,
    search: str = "",
    archived: bool = False,
    deleted: bool = False,
    sort: str = "",
    cursor: str = "",
    limit: int = 50,
) -> ExperimentPage:
    """A page of the experiments, the one with the latest run first; `sort` is name, created, last_run or runs.

    Those in use; with `archived` those in the archive, and with `deleted` those in the trash, archived or not.

    `-` before it turns the order. `search` looks in names, descriptions and tags; every word must be found. Five
    queries whatever the data.
    """
    if not 1 <= limit <= MOST_A_PAGE:
        raise Invalid(f"A page holds 1 to {MOST_A_PAGE} experiments, not {limit:,}.", field="limit")
    order = sort or DEFAULT_SORT
    leg = _leg(_found(workspace, search, archived=None if deleted else archived), order)
    after = read_cursor(cursor, order, salt=_SALT)[1] if cursor else None
    with limited_time():
        keys = list(leg.page(after, limit + 1))
        rows = _rows(workspace, [int(str(row[-1])) for row in keys[:limit]])
    next_cursor = write_cursor(order, 0, keys[limit - 1], salt=_SALT) if len(keys) > limit else None
    return ExperimentPage(rows, next_cursor)


def experiment_row(experiment: Experiment) -> ExperimentRow:
    """One experiment with the same."""
    return _rows(experiment.workspace, [experiment.pk])[0]


def experiment_facts(experiment: Experiment, viewer: User) -> ExperimentFacts:
    """Its runs by status, tags, first metrics, views, number of models, and whether it is starred: one query."""
    counts = RunCount.objects.filter(experiment=experiment, runs__gt=0)
    tags = ExperimentTag.objects.filter(experiment=experiment)
    stars = Star.objects.filter(experiment=experiment, user=viewer)
    firsts = first_metrics(experiment)
    views = visible_views(viewer, experiment.workspace).filter(experiment=experiment, deleted_at=None)
    models: QuerySet[Any] = model_count(experiment)
    parts: list[QuerySet[Any, Any]] = [
        counts.annotate(sort=Value(0), text=Value("")).values_list("sort", "status", "text", "runs"),
        tags.annotate(sort=Value(1), n=Value(0)).values_list("sort", "key", "value", "n"),
        stars.annotate(sort=Value(2), key=Value(""), text=Value("")).values_list("sort", "key", "text", "pk"),
        firsts.annotate(sort=Value(3), text=Value("")).values_list("sort", "name__text", "text", "pk"),
        views.annotate(sort=Value(4), text=Value("")).values_list("sort", "name", "text", "pk"),
        models.annotate(sort=Value(5), key=Value(""), text=Value("")).values_list("sort", "key", "text", "n"),
    ]
    found = sorted(parts[0].union(*parts[1:], all=True), key=lambda row: (row[0], row[3], row[1]))
    return ExperimentFacts(
        {key: number for sort, key, _, number in found if sort == 0},
        {key: text for sort, key, text, _ in found if sort == 1},
        any(sort == 2 for sort, *_ in found),
        tuple(key for sort, key, *_ in found if sort == 3),
        tuple(
            sorted(((pk, key) for sort, key, _, pk in found if sort == 4), key=lambda view: view[1].lower())
        ),
        sum(number for sort, *_, number in found if sort == 5),
    )


def count_experiments(workspace: Workspace, *, archived: bool = False) -> int:
    """How many experiments the workspace has."""
    return _found(workspace, "", archived=archived).count()


def _found(workspace: Workspace, search: str, *, archived: bool | None) -> QuerySet[Experiment]:
    """Those in the archive or not; None: those in the trash."""
    found = Experiment.objects.filter(workspace=workspace, deleted_at__isnull=archived is not None)
    if archived is not None:
        found = found.filter(archived_at__isnull=not archived)
    for word in words_of(search):
        tags = ExperimentTag.objects.filter(Q(key__icontains=word) | Q(value__icontains=word))
        found = found.filter(
            Q(name__icontains=word)
            | Q(description__icontains=word)
            | Q(pk__in=tags.filter(experiment__workspace=workspace).values("experiment"))
        )
    return found


def _leg(found: QuerySet[Experiment], order: str) -> Leg:
    name = order.removeprefix("-")
    if name not in SORTS:
        raise Invalid(f"Experiments are sorted by {', '.join(SORTS)}, not by {name[:80]!r}.", field="sort")
    is_descending = order.startswith("-")
    return Leg(
        found,
        (Part(SORTS[name], is_descending, is_nullable=name == "last_run"), Part(F("id"), is_descending)),
    )


def _rows(workspace: Workspace, numbers: Sequence[int]) -> list[ExperimentRow]:
    experiments = Experiment.objects.filter(pk__in=numbers).select_related("created_by").in_bulk()
    rows = {pk: ExperimentRow(experiments[pk]) for pk in numbers if pk in experiments}
    for row in rows.values():
        row.experiment.workspace = workspace
    for count in RunCount.objects.filter(experiment__in=rows, runs__gt=0):
        rows[count.experiment_id].counts[count.status] = count.runs
    for tag in ExperimentTag.objects.filter(experiment__in=rows).order_by("key"):
        rows[tag.experiment_id].tags[tag.key] = tag.value
    last_runs = Run.objects.filter(
        experiment__in=numbers, number=F("experiment__last_run_number"), deleted_at=None
    )
    found = {
        run.experiment_id: run for run in last_runs.select_related("created_by").defer("description_html")
    }
    return [ExperimentRow(row.experiment, row.counts, row.tags, found.get(pk)) for pk, row in rows.items()]

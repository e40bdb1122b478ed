"""The pages that bench/list.py asks for: what people look at, and the hard cases, each with 12 columns of 50 runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

COLUMNS = (
    "name,status,experiment,tags,created,duration,created_by,target,"
    "metrics.accuracy,metrics.val_loss,params.learning_rate,params.optimizer"
)
RUNS = "/w/default/runs/"
# Of these the whole page is held to the target; the others are timed beside them.
MANY_COMPARED = 50


@dataclass(frozen=True)
class Landmarks:
    """What there is in a seeded database to ask for."""

    largest: str
    half: float
    best: float
    parents: list[str]
    newest: list[str]
    view: int


@dataclass(frozen=True)
class Question:
    """What is asked of a list: in words, as parameters, and of which experiment."""

    words: str
    asked: dict[str, Any] = field(default_factory=dict)
    experiment: str = ""
    path: str = ""

    @property
    def address(self) -> str:
        """The page that answers it."""
        if self.path:
            return f"{self.path}?{urlencode(self.asked, doseq=True)}"
        page = f"/w/default/experiments/{self.experiment}/" if self.experiment else RUNS
        return f"{page}?{urlencode({'columns': COLUMNS, **self.asked}, doseq=True)}"


def landmarks() -> Landmarks:
    """The largest experiment, the accuracies that half of the runs and that 100 exceed, and some runs."""
    from runs.models import Experiment, Metric, Run

    values = Metric.objects.filter(name__text="accuracy", last__isnull=False).order_by("-last")
    values = values.values_list("last", flat=True)
    roots = Run.objects.filter(parent=None).order_by("-created_at", "-id")
    return Landmarks(
        Experiment.objects.order_by("-last_run_number")[0].name,
        values[values.count() // 2],
        values[100],
        list(roots.filter(child_count__gt=0).values_list("public_id", flat=True)[:5]),
        list(roots.values_list("public_id", flat=True)[:MANY_COMPARED]),
        _view(),
    )


def _view() -> int:
    """A saved view of the owner's, made the first time."""
    from runs.actions.views import create_view
    from runs.models import Member, SavedView

    owner = Member.objects.filter(workspace__name="default", role="owner").select_related(
        "user", "workspace"
    )[0]
    found = SavedView.objects.filter(workspace=owner.workspace, name="bench", deleted_at=None).first()
    if found is None:
        address = {"filter": ["tags.team = 'team-4'"], "sort": ["-metrics.accuracy"], "columns": [COLUMNS]}
        found = create_view(owner.workspace, by=owner.user, name="bench", address=address)
    return found.pk


def questions(of: Landmarks) -> Iterator[Question]:
    """What people ask."""
    yield from _conditions(of)
    yield from _orders(of)
    yield from _texts()
    yield from _kinds(of)


def _conditions(of: Landmarks) -> Iterator[Question]:
    yield Question("newest")
    yield Question("newest of the largest experiment", experiment=of.largest)
    yield Question("failed ones", {"status": "Failed"})
    yield Question("a tag of 10 % of the runs", {"filter": "tags.team = 'team-4'"})
    yield Question("a tag of one run in 400", {"filter": "tags.ticket = 'ML-7'"})
    yield Question("a metric's bound, half of the runs", {"filter": f"metrics.accuracy > {of.half!r}"})
    yield Question("a metric's bound, 100 runs", {"filter": f"metrics.accuracy > {of.best!r}"})
    yield Question(
        "a metric's least value bounded, common", {"filter": f"metrics.accuracy.min > {of.half!r}"}
    )
    yield Question(
        "a metric's greatest value bounded, rare", {"filter": f"metrics.accuracy.max > {of.best!r}"}
    )
    yield Question("a param's bound", {"filter": "params.learning_rate >= 0.05"})


def _orders(of: Landmarks) -> Iterator[Question]:
    by_accuracy = {"sort": "-metrics.accuracy"}
    three = f"tags.team = 'team-4' and metrics.accuracy > {of.half!r} and params.optimizer = 'adam'"
    yield Question("sorted by a metric", by_accuracy)
    yield Question("sorted by a metric, largest experiment", by_accuracy, of.largest)
    yield Question("tag, bound and param", {"filter": three})
    yield Question("the same, sorted by another metric", {"filter": three, "sort": "metrics.val_loss"})
    yield Question(
        "the same in the largest experiment", {"filter": three, "sort": "metrics.val_loss"}, of.largest
    )


def _texts() -> Iterator[Question]:
    yield Question("text of one run in 400", {"q": "ml-7 keen"})
    yield Question("text of a few runs", {"q": "ml-7 keen comet"})
    yield Question("text of many runs", {"q": "baseline"})
    yield Question("text with a sign in it, few runs", {"q": "ml-77"})
    yield Question("text with signs, many runs", {"q": "set-3"})
    yield Question("text that no run has", {"q": "xylophone"})


def _kinds(of: Landmarks) -> Iterator[Question]:
    nowhere = {"status": "Queued", "tag": ["team=team-4", "ticket=ML-7"], "q": "nowhere"}
    yield Question("children of five runs opened", {"open": of.parents, "filter": "tags.team is not null"})
    yield Question("grouped by a tag", {"group": "tags.team"})
    yield Question("grouped by a tag, two groups open", {"group": "tags.team", "in": ["=team-1", "=team-4"]})
    yield Question("a saved view open", {"view": str(of.view), "filter": "tags.team = 'team-4'"})
    yield Question("nothing found, with advice", nowhere)
    yield Question("archived ones", {"archived": "true"})
    yield Question("Experiments", path="/w/default/experiments/")
    yield Question("Experiments, searched", {"q": "vision"}, path="/w/default/experiments/")
    yield Question("Experiments, sorted by name", {"sort": "name"}, path="/w/default/experiments/")
    yield Question("Experiments, the archive", {"archived": "true"}, path="/w/default/experiments/")
    yield Question("Home", path="/w/default/")
    yield Question("Compare of 50 runs", {"selected": of.newest}, path="/w/default/compare/")

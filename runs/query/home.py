"""What Home shows a member: their running runs, what failed, what is starred, what is new. Six queries."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import BooleanField, Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from runs.lifecycle import ACTIVE, Status
from runs.models import Experiment, Member, Metric, Run, SavedView, Star, User, Workspace
from runs.query.expressions import Unindexed
from runs.query.run_metrics import own_metrics

MOST_RUNNING, MOST_FAILED, MOST_RECENT, MOST_EXPERIMENTS, MOST_STARS = 12, 8, 8, 8, 30
# Queued, preparing and silent runs are on their way, too; one that nobody has started is not.
UNDER_WAY = sorted(ACTIVE - {Status.NOT_STARTED})
UNSEEN_AT_FIRST = timedelta(days=1)
LONGEST_ABSENCE = timedelta(days=30)
_SHOWN = (
    *("id", "public_id", "number", "display_name", "status", "status_reason", "child_count", "created_at"),
    *("started_at", "ended_at", "duration_s", "heartbeat_at", "created_by", "experiment", "workspace"),
    *("experiment__name", "created_by__username"),
)


@dataclass(frozen=True)
class Progress:
    """A run under way and the metric that it logged last."""

    run: Run
    metric: Metric | None = None


@dataclass(frozen=True)
class News:
    """An experiment and how many runs were made in it since then, child runs included."""

    experiment: Experiment
    count: int


@dataclass(frozen=True)
class Stars:
    """What a person has starred in the workspace, the latest star first."""

    runs: list[Run] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    views: list[SavedView] = field(default_factory=list)


@dataclass(frozen=True)
class Home:
    """What needs the person. `since`: what counts as new."""

    since: datetime
    running: list[Progress]
    failed: list[Run]
    stars: Stars
    news: list[News]
    recent: list[Run]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all to show."""
        return not (
            self.running
            or self.failed
            or self.news
            or self.recent
            or self.stars.runs
            or self.stars.experiments
            or self.stars.views
        )


def read_home(member: Member, *, now: datetime) -> Home:
    """Everything of the page, each part cut to what fits on it."""
    since = since_of(member, now)
    running = _running(member)
    shown = {progress.run.pk for progress in running}
    return Home(
        since=since,
        running=running,
        failed=_failed(member, now),
        stars=stars_of(member.user, member.workspace),
        news=_news(member, since),
        recent=[run for run in _recent(member) if run.pk not in shown][:MOST_RECENT],
    )


def since_of(member: Member, now: datetime) -> datetime:
    """When the person was here before this visit; at first a day ago."""
    return max(member.seen_before_at or now - UNSEEN_AT_FIRST, now - LONGEST_ABSENCE)


def yesterday(now: datetime) -> datetime:
    """The beginning of yesterday, in UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


def has_runs(workspace: Workspace) -> bool:
    """Whether anything was ever logged here."""
    return Run.objects.filter(workspace=workspace, deleted_at=None).exists()


def stars_of(user: User, workspace: Workspace, *, most: int = MOST_STARS) -> Stars:
    """What the person has starred and may still see."""
    here = Q(run__workspace=workspace, run__deleted_at=None)
    here |= Q(experiment__workspace=workspace, experiment__deleted_at=None)
    here |= Q(view__workspace=workspace, view__deleted_at=None) & (
        Q(view__owner=user) | ~Q(view__sharing=SavedView.PRIVATE)
    )
    found = Star.objects.filter(here, user=user).select_related("run__experiment", "experiment", "view")
    heavy = [f"run__{name}" for name in ("description", "description_html", "script", "arguments")]
    heavy += ["run__error_details", "experiment__description", "experiment__description_html"]
    stars = list(found.defer(*heavy).order_by("-at", "-id")[:most])
    return Stars(
        [star.run for star in stars if star.run],
        [star.experiment for star in stars if star.experiment],
        [star.view for star in stars if star.view],
    )


def _runs(workspace: Workspace) -> QuerySet[Run]:
    """Runs that lists show, without their children."""
    rows = Run.objects.filter(workspace=workspace, parent=None, deleted_at=None, archived_at=None)
    return rows.select_related("experiment", "created_by").only(*_SHOWN)


def _running(member: Member) -> list[Progress]:
    latest = own_metrics().filter(run=OuterRef("pk")).order_by("-last_time", "id").values("pk")
    # By the index of statuses: few runs are under way, whoever has made many.
    mine = _runs(member.workspace).annotate(maker=Unindexed(F("created_by_id"))).filter(maker=member.user_id)
    rows = list(
        mine.filter(status__in=UNDER_WAY)
        .annotate(metric_pk=Subquery(latest[:1]))
        .order_by("-created_at", "-id")[:MOST_RUNNING]
    )
    numbers = [run.metric_pk for run in rows]
    metrics = Metric.objects.filter(pk__in=[n for n in numbers if n]).select_related("name")
    found = metrics.in_bulk() if any(numbers) else {}
    return [Progress(run, found.get(number or 0)) for run, number in zip(rows, numbers, strict=True)]


def _failed(member: Member, now: datetime) -> list[Run]:
    """The person's own first, the latest first."""
    is_mine = Case(
        When(created_by=member.user_id, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    failed = _runs(member.workspace).filter(status=Status.FAILED.value, ended_at__gte=yesterday(now))
    return list(failed.annotate(is_mine=is_mine).order_by("-is_mine", "-ended_at", "-id")[:MOST_FAILED])


def _recent(member: Member) -> list[Run]:
    mine = _runs(member.workspace).filter(created_by=member.user_id)
    return list(mine.order_by("-created_at", "-id")[: MOST_RECENT + MOST_RUNNING])


def _news(member: Member, since: datetime) -> list[News]:
    """Runs are numbered in their experiment, so the number of the last one before then tells how many came."""
    before = Run.objects.filter(experiment=OuterRef("pk"), created_at__lte=since)
    known = Coalesce(Subquery(before.order_by("-created_at", "-id").values("number")[:1]), 0)
    rows = Experiment.objects.filter(
        workspace=member.workspace, deleted_at=None, archived_at=None, last_run_at__gt=since
    )
    rows = rows.defer("description", "description_html").annotate(known=known)
    return [
        News(experiment, experiment.last_run_number - experiment.known)
        for experiment in rows.order_by("-last_run_at", "-id")[:MOST_EXPERIMENTS]
    ]

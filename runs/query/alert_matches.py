"""What alerts notice: in events of runs, and by the clock where nothing happens or only a number moves."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict

from runs.errors import Invalid
from runs.lifecycle import ACTIVE, ENDED, Status
from runs.models import Alert, AlertMoment, Delivery, Experiment, Member, Metric, Run, RunEvent, SavedView
from runs.models.tree import numbers_below
from runs.query.conditions import Conditions
from runs.query.filters import RunFilters
from runs.query.page_state import state_of
from runs.query.runs import plan_runs
from runs.query.time_limit import limited_time
from runs.query.view_runs import conditions_of_state, own_experiment

# Which watched word a status answers to, beside "ended" for all that end.
_WATCH_OF = {
    Status.RUNNING.value: Alert.STARTED,
    Status.COMPLETED.value: Alert.COMPLETED,
    Status.FAILED.value: Alert.FAILED,
    Status.CANCELED.value: Alert.CANCELED,
    Status.NOT_RESPONDING.value: Alert.SILENT,
}
# A metric's bound is looked at in runs that go on and, lest the last points be missed, those that ended so lately.
JUST_ENDED = timedelta(minutes=10)
# So many runs are looked at together.
_TOGETHER = 500


def conditions_of_filter(text: str, *, include_children: bool = False) -> Conditions:
    """What an alert's own filter says. Raises Invalid, with the position, as the list of runs does."""
    query = QueryDict(mutable=True)
    query["filter"] = text
    if include_children:
        query["include_children"] = "true"
    return RunFilters(query).conditions()


def check_filter(fields: Mapping[str, Any]) -> None:
    """Raise Invalid where the filter among the fields of an alert cannot be read."""
    if fields.get("filter"):
        conditions_of_filter(str(fields["filter"]))


def live_alerts(workspace_id: int | None = None) -> QuerySet[Alert]:
    """Alerts that watch: not paused, of people who are still members, by workspace and age."""
    owner = Member.objects.filter(
        workspace=OuterRef("workspace"), user=OuterRef("owner"), user__is_active=True
    )
    rows = Alert.objects.filter(paused_at=None).annotate(role=Subquery(owner.values("role")))
    rows = rows.filter(role__isnull=False)
    if workspace_id is not None:
        rows = rows.filter(workspace=workspace_id)
    return rows.select_related("workspace", "owner", "run", "experiment", "view__experiment").order_by("pk")


def concerned(alerts: Iterable[Alert], events: Sequence[RunEvent]) -> Iterator[tuple[Alert, list[RunEvent]]]:
    """The alerts of a workspace that these events of it may mean something to, each with the events that do.

    Most alerts watch one run or one experiment: which of them an event is for is known without a query for each
    alert. One that was in trouble is looked at in any case, so that it says so no longer than it is.
    """
    runs: dict[int, tuple[int, int]] = {}
    for some in _parts(sorted({event.run_id for event in events})):
        rows = Run.objects.filter(pk__in=some).values_list("pk", "experiment_id", "root_id")
        runs |= {pk: (experiment, root or pk) for pk, experiment, root in rows}
    for alert in alerts:
        own = [event for event in events if event.run_id in runs and _may_mean(alert, event, runs)]
        if own or alert.trouble:
            yield alert, own


def _may_mean(alert: Alert, event: RunEvent, runs: Mapping[int, tuple[int, int]]) -> bool:
    experiment, root = runs[event.run_id]
    if alert.run is not None:
        return root == alert.run.top_id
    return alert.view_id is not None or alert.experiment_id in (None, experiment)


def noticed_in(alert: Alert, events: Sequence[RunEvent]) -> Iterator[AlertMoment]:
    """What the events of the alert's workspace mean for it. Raises Invalid when its view or filter is unreadable."""
    told = [event for event in events if event.at >= alert.watches_since and _watch(alert, event)]
    asks_all = Alert.ALL_ENDED in alert.statuses
    ends = [event for event in events if event.at >= alert.watches_since and _after(event) in ENDED]
    wanted = {event.run_id for event in told} | ({event.run_id for event in ends} if asks_all else set())
    matching = matching_of(alert, wanted)
    for event in told:
        if event.run_id in matching:
            yield _moment(alert, _watch(alert, event), f"event {event.pk}", event.at, event.run_id)
    last = next((event for event in reversed(ends) if event.run_id in matching), None)
    if asks_all and last is not None and not matching_of(alert, None):
        yield _moment(alert, Alert.ALL_ENDED, f"all {last.pk}", last.at, last.run_id)


def noticed_by_clock(alert: Alert, now: datetime) -> Iterator[AlertMoment]:
    """Runs that are queued too long, and metrics that have crossed their bound."""
    if Alert.QUEUED in alert.statuses:
        yield from _queued_too_long(alert, now)
    if alert.metric and alert.bound is not None:
        yield from _crossed(alert, now)


def matching_of(alert: Alert, numbers: Collection[int] | None) -> set[int]:
    """Which of the runs the alert is about; with None instead, one run that it is about and that has not ended."""
    if numbers is not None and not numbers:
        return set()
    rows = Run.objects.filter(_tree(alert)) if alert.run_id is not None else _planned(alert)
    if numbers is None:
        with limited_time():
            return set(rows.filter(status__in=[*ACTIVE]).values_list("pk", flat=True)[:1])
    found: set[int] = set()
    for some in _parts(sorted(numbers)):
        with limited_time():
            found |= set(rows.filter(pk__in=some).values_list("pk", flat=True))
    return found


def _tree(alert: Alert) -> Q:
    """The run itself, and with its children all below it."""
    own = Q(pk=alert.run_id, deleted_at=None)
    if not alert.include_children or alert.run is None:
        return own
    return own | Q(pk__in=numbers_below(Run.objects.filter(pk=alert.run.pk)), deleted_at=None)


def _planned(alert: Alert) -> QuerySet[Run]:
    view = alert.view
    experiment: Experiment | None = alert.experiment
    if alert.view_id is not None:
        conditions, experiment = _of_view(alert, view)
    elif experiment is not None and experiment.deleted_at is not None:
        raise Invalid(f"The experiment {experiment.name!r} was deleted.")
    else:
        conditions = conditions_of_filter(alert.filter, include_children=alert.include_children)
    return plan_runs(alert.workspace, conditions, viewer=alert.owner, experiment=experiment).runs()


def _of_view(alert: Alert, view: SavedView | None) -> tuple[Conditions, Experiment | None]:
    is_hidden = view is None or view.deleted_at is not None
    if view is None or is_hidden or (view.sharing == SavedView.PRIVATE and view.owner_id != alert.owner_id):
        raise Invalid("Its view was deleted, or is no longer shared.")
    return conditions_of_state(state_of(view.address)), own_experiment(view)


def _after(event: RunEvent) -> str:
    return str(event.details.get("after", ""))


def _watch(alert: Alert, event: RunEvent) -> str:
    """The watched word that the event answers to; empty for none. Coming back from silence is no start."""
    after = _after(event)
    if after == Status.RUNNING and event.details.get("before") in (Status.NOT_RESPONDING, Status.PAUSED):
        return ""
    word = _WATCH_OF.get(after, "")
    if word in alert.statuses:
        return word
    return (word or Alert.ENDED) if Alert.ENDED in alert.statuses and after in ENDED else ""


def _queued_too_long(alert: Alert, now: datetime) -> Iterator[AlertMoment]:
    since = now - timedelta(seconds=alert.queued_s)
    queued = RunEvent.objects.filter(run=OuterRef("pk"), kind=Status.QUEUED.value).order_by("-id")
    rows = Run.objects.filter(workspace=alert.workspace_id, status=Status.QUEUED.value, deleted_at=None)
    rows = rows.filter(created_at__lt=since)
    waiting = {run.pk: run for run in rows.annotate(queued_at=Subquery(queued.values("at")[:1]))}
    late = {
        pk: run.queued_at or run.created_at
        for pk, run in waiting.items()
        if (run.queued_at or run.created_at) < since
    }
    told = {pk: f"queued {pk} {at:%Y%m%d%H%M%S}" for pk, at in late.items()}
    for pk in matching_of(alert, _untold(alert, told)):
        yield _moment(alert, Alert.QUEUED, told[pk], now, pk)


def _crossed(alert: Alert, now: datetime) -> Iterator[AlertMoment]:
    """Once for each run: its greatest or least value so far tells, whatever the last one is."""
    lately = max(alert.watches_since, now - JUST_ENDED)
    runs = Run.objects.filter(workspace=alert.workspace_id, deleted_at=None)
    runs = runs.filter(Q(status__in=[*ACTIVE]) | Q(ended_at__gte=lately))
    if alert.experiment_id is not None:
        runs = runs.filter(experiment=alert.experiment_id)
    rows = Metric.objects.filter(name__workspace=alert.workspace_id, name__text=alert.metric, run__in=runs)
    past = rows.filter(max__gt=alert.bound) if alert.is_above else rows.filter(min__lt=alert.bound)
    values = {
        run: (high if alert.is_above else low) for run, high, low in past.values_list("run", "max", "min")
    }
    told = {pk: f"metric {pk} {alert.watches_since:%Y%m%d%H%M%S}" for pk in values}
    for pk in matching_of(alert, _untold(alert, told)):
        yield _moment(alert, Alert.METRIC, told[pk], now, pk, values[pk])


def _untold(alert: Alert, keys: dict[int, str]) -> list[int]:
    """The runs whose key the alert has not noted yet."""
    known: set[str] = set()
    for some in _parts(list(keys.values())):
        known |= set(AlertMoment.objects.filter(alert=alert, key__in=some).values_list("key", flat=True))
    return [pk for pk, key in keys.items() if key not in known]


def _moment(
    alert: Alert, watch: str, key: str, at: datetime, run_id: int, value: float | None = None
) -> AlertMoment:
    return AlertMoment(alert=alert, watch=watch, key=key, at=at, run_id=run_id, value=value)


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(values), _TOGETHER):
        yield values[start : start + _TOGETHER]


def with_untold(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Those that have something to tell, with the times of the `oldest` and `newest` of it, and when the last message
    was `last_made`."""
    untold = AlertMoment.objects.filter(alert=OuterRef("pk"), delivery=None).order_by().values("alert")
    made = Delivery.objects.filter(alert=OuterRef("pk"), is_test=False).order_by("-pk")
    return alerts.annotate(
        oldest=Subquery(untold.annotate(n=Min("at")).values("n")),
        newest=Subquery(untold.annotate(n=Max("at")).values("n")),
        last_made=Subquery(made.values("created_at")[:1]),
    ).filter(oldest__isnull=False)

"""Hands queued runs over to engines: what the worker does is written down here before and after it does it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from runs.access import has_right
from runs.actions import events
from runs.actions.dispatch_room import room_of, that_fit, too_much
from runs.actions.run import fail_run
from runs.actions.run_tokens import create_run_token
from runs.definition import Resources, read_definition
from runs.lifecycle import Status
from runs.models import ComputeTarget, Dispatch, Member, Run
from runs.transaction import write

Row = TypeVar("Row", Dispatch, ComputeTarget)

# A worker that has taken a dispatch and does not come back: another one takes it after so long. Longer than an engine
# may take to be asked whether it has a job and to take it, so that no two workers ask for the same one.
LEASE = timedelta(seconds=60)
SOON, LATER, LONGEST_PAUSE = timedelta(seconds=3), timedelta(seconds=15), timedelta(minutes=5)
MOST_AT_ONCE = 50
# How long the token of a run that waits with its engine is good, until its first heartbeat.
WAITS_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Start:
    """What an engine is to start."""

    dispatch: Dispatch
    token: str = field(repr=False)
    resources: Resources


def claim_dispatches(now: datetime | None = None) -> list[Dispatch]:
    """Take what is due, each for a minute: jobs to be looked after, and runs that begin as their target has room."""
    now = now or timezone.now()
    if not Dispatch.objects.filter(state__in=Dispatch.LIVE, next_at__lte=now).exists():
        return []  # mostly; nobody has to wait for a lock
    with write():
        due = Dispatch.objects.filter(state__in=(Dispatch.SUBMITTING, Dispatch.SUBMITTED), next_at__lte=now)
        taken = [*_locked(due.order_by("next_at", "id"))[:MOST_AT_ONCE]]
        waiting = Dispatch.objects.filter(state=Dispatch.WAITING, next_at__lte=now).values("target")
        # The lock of the target: of workers that look at once, each counts what the others have begun.
        for target in _locked(ComputeTarget.objects.filter(enabled=True, pk__in=waiting).order_by("pk")):
            taken += _begin(target, now)
        Dispatch.objects.filter(pk__in=[each.pk for each in taken]).update(next_at=now + LEASE)
        return [*_with_all().filter(pk__in=[each.pk for each in taken]).order_by("pk")]


def _begin(target: ComputeTarget, now: datetime) -> list[Dispatch]:
    room = room_of(target)
    rows = Dispatch.objects.filter(target=target, state=Dispatch.WAITING, next_at__lte=now)
    waiting = [*_locked(rows.order_by("pk"))[: MOST_AT_ONCE if room is None else min(room, MOST_AT_ONCE)]]
    begun, why = that_fit(target, waiting)
    if len(begun) < len(waiting):
        _say(waiting[len(begun)].run, why)
    Dispatch.objects.filter(pk__in=[each.pk for each in begun]).update(state=Dispatch.SUBMITTING)
    return begun


def keep_lease(dispatch: Dispatch, now: datetime | None = None) -> bool:
    """Take it for another minute, just before it is handed over; False when another worker has taken it meanwhile.

    Of many that were taken at once the last ones wait while the engine is asked for the others.
    """
    until = max(dispatch.next_at, (now or timezone.now()) + LEASE)
    ours = Dispatch.objects.filter(pk=dispatch.pk, state=dispatch.state, next_at=dispatch.next_at)
    return bool(ours.update(next_at=until))


def prepare_start(dispatch: Dispatch) -> Start | None:
    """What the engine is to start, with a fresh token; None when the run is not to be started any more."""
    with write():
        run = _lock(dispatch)
        if run.status != Status.QUEUED:  # cancelled meanwhile; or begun, by a worker that died
            return None
        if not _may_run(run):
            fail_run(run, by=None, code="NotStarted", message=_nobody(run))
            return None
        resources = read_definition(run.definition).resources
        if dispatch.target is not None and (refusal := too_much(dispatch.target, resources)):
            fail_run(run, by=None, code="NotStarted", message=refusal)
            return None
        assert run.created_by is not None  # noqa: S101 (_may_run says so)
        _, text = create_run_token(run, by=run.created_by, lives=WAITS_FOR)
    return Start(dispatch, text, resources)


def note_submitted(dispatch: Dispatch, job_id: str, now: datetime | None = None) -> None:
    """The engine has it, by this id."""
    now = now or timezone.now()
    with write():
        run = _lock(dispatch)
        rows = Dispatch.objects.filter(pk=dispatch.pk, state=Dispatch.SUBMITTING)
        fresh = rows.update(
            state=Dispatch.SUBMITTED,
            job_id=job_id[:300],
            submitted_at=now,
            next_at=now + SOON,
            attempts=0,
            last_error="",
        )
        if fresh:
            events.record(run, "dispatched", by=None, at=now, target=run.target, job=job_id[:300])
            _say(run, "")


def note_trouble(dispatch: Dispatch, error: str, now: datetime | None = None) -> None:
    """The engine could not be asked: again later, each time after twice as long, up to five minutes."""
    now = now or timezone.now()
    attempts = min(dispatch.attempts + 1, 1000)
    pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(attempts, 10)))
    with write():
        run = _lock(dispatch)
        Dispatch.objects.filter(pk=dispatch.pk).update(
            attempts=attempts, last_error=error[:3000], next_at=now + pause
        )
        _say(run, f"{run.target}: {error}")


def refuse_start(dispatch: Dispatch, reason: str) -> None:
    """The engine does not take the run and never would: it has failed."""
    with write():
        run = _lock(dispatch)
        if not run.is_ended:
            fail_run(run, by=None, code="NotStarted", message=f"{run.target} refused the run. {reason}")
        end_dispatch(dispatch)


def end_dispatch(dispatch: Dispatch) -> None:
    """Nothing more is to be done."""
    Dispatch.objects.filter(pk=dispatch.pk).update(state=Dispatch.ENDED)


def look_again(dispatch: Dispatch, at: datetime) -> None:
    """Look at it again then."""
    Dispatch.objects.filter(pk=dispatch.pk).update(next_at=at)


def _say(run: Run, reason: str) -> None:
    """Show on a run that waits why it does."""
    if run.status == Status.QUEUED and run.status_reason != reason[:3000]:
        run.status_reason = reason[:3000]
        run.save(update_fields=["status_reason"])


def _may_run(run: Run) -> bool:
    member = Member.objects.filter(workspace=run.workspace_id, user=run.created_by_id).first()
    return run.created_by is not None and member is not None and has_right(member.role, "write")


def _nobody(run: Run) -> str:
    who = run.created_by.username if run.created_by else "Whoever submitted it"
    return f"{who} may not run scripts in {run.workspace.name} any more, so that it was not started."


def _lock(dispatch: Dispatch) -> Run:
    return (
        Run.objects.select_for_update(of=("self",))
        .select_related("workspace", "experiment", "created_by")
        .get(pk=dispatch.run_id)
    )


def _with_all() -> QuerySet[Dispatch]:
    return Dispatch.objects.select_related("run", "run__workspace", "run__experiment", "target")


def _locked(rows: QuerySet[Row]) -> QuerySet[Row]:
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True)
    return rows

"""Between the database and the engines: takes what is due, asks the engine, writes down what it said."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from runs.actions import compute, dispatch_watch
from runs.actions import dispatch as actions
from runs.actions.dispatch_watch import Need
from runs.compute.engine import Engine, EngineAway, EngineRefused, Order, Seen, State
from runs.compute.local import LocalEngine
from runs.compute.ray import RayEngine
from runs.compute.slurm import SlurmEngine
from runs.models import ComputeTarget, Dispatch
from runs.target_settings import LOCAL, RAY, SLURM

logger = logging.getLogger("runs.worker")
ENGINES: dict[str, type[Engine]] = {LOCAL: LocalEngine, RAY: RayEngine, SLURM: SlurmEngine}
LOOK_S, PAUSE_S = 1.0, 10.0


def engine_of(target: ComputeTarget) -> Engine:
    """The engine behind the target."""
    return ENGINES[target.kind](target.settings, settings.DATA / "compute", target.secret)


def check_target(number: int) -> str:
    """Ask the engine how it is, and note what it says."""
    target = ComputeTarget.objects.filter(pk=number).first()
    if target is None:
        return "detached"
    try:
        capacity = engine_of(target).check()
    except EngineAway as away:
        compute.note_check(target, reason=str(away), capacity=None)
        return f"{target.name} does not answer"
    compute.note_check(target, reason="", capacity=capacity)
    return f"{target.name} answers"


def look_after_runs(now: datetime | None = None) -> int:
    """Hand over what is queued, and look after what engines have. Returns how many dispatches were looked at."""
    now = now or timezone.now()
    taken = actions.claim_dispatches(now)
    for dispatch in taken:
        if dispatch.state == Dispatch.SUBMITTING:
            _carefully(dispatch, partial(_hand_over, dispatch))
    submitted = [each for each in taken if each.state == Dispatch.SUBMITTED]
    submitted.sort(key=lambda each: each.target_id or 0)
    for _, group in groupby(submitted, key=lambda each: each.target_id):
        _watch([*group], now)
    return len(taken)


def _hand_over(dispatch: Dispatch) -> None:
    if not actions.keep_lease(dispatch):
        return
    if dispatch.target is None:
        actions.refuse_start(dispatch, "The target was detached.")
        return
    engine = engine_of(dispatch.target)
    try:
        start = actions.prepare_start(dispatch)
        if start is None:
            _find_again(dispatch, engine)
        else:
            actions.note_submitted(dispatch, engine.submit(_order(start)))
    except EngineAway as away:
        logger.warning("%s: %s", dispatch.target.name, away)
        actions.note_trouble(dispatch, str(away))
    except EngineRefused as refusal:
        actions.refuse_start(dispatch, str(refusal))


def _find_again(dispatch: Dispatch, engine: Engine) -> None:
    """The run is not to be started: if a worker that died has had it started, it is watched from now on."""
    job_id = engine.find(dispatch.run.public_id)
    if job_id is None:
        actions.end_dispatch(dispatch)
    else:
        actions.note_submitted(dispatch, job_id)


def _order(start: actions.Start) -> Order:
    run, target = start.dispatch.run, start.dispatch.target
    url = str(target.settings.get("url") or settings.PUBLIC_URL) if target else settings.PUBLIC_URL
    return Order(run.public_id, url, start.token, run.workspace.name, start.resources)


def _watch(group: list[Dispatch], now: datetime) -> None:
    target = group[0].target
    if target is None:
        for dispatch in group:
            _carefully(dispatch, partial(actions.end_dispatch, dispatch))
        return
    engine = engine_of(target)
    try:
        seen = engine.states([each.job_id for each in group])
    except EngineAway as away:
        logger.warning("%s: %s", target.name, away)
        for dispatch in group:
            _carefully(dispatch, partial(_away, dispatch, engine, str(away), now))
        return
    for dispatch in group:
        _carefully(dispatch, partial(_one, dispatch, engine, seen[dispatch.job_id], now))


def _one(dispatch: Dispatch, engine: Engine, seen: Seen, now: datetime) -> None:
    is_over = seen.state in (State.ENDED, State.UNKNOWN)
    job = dispatch_watch.Job(is_over, seen.reason, was_stopped=seen.was_stopped)
    _do(dispatch_watch.watch(dispatch, job, now), dispatch, engine, job, now)


def _away(dispatch: Dispatch, engine: Engine, error: str, now: datetime) -> None:
    need = dispatch_watch.note_away(dispatch, error, now)
    if need == Need.CLOSE:
        dispatch_watch.close_run(dispatch, dispatch_watch.Job(False, error, is_known=False), "", now)


def _do(need: Need, dispatch: Dispatch, engine: Engine, job: dispatch_watch.Job, now: datetime) -> None:
    run_id = dispatch.run.public_id
    try:
        if need in (Need.STOP, Need.KILL):
            engine.stop(dispatch.job_id, hard=need == Need.KILL)
        elif need == Need.CLOSE:
            if not job.is_over:
                engine.stop(dispatch.job_id, hard=True)
            dispatch_watch.close_run(dispatch, job, engine.start_log(run_id), now)
        elif need == Need.FORGET:
            engine.forget(run_id)
    except EngineAway as away:
        logger.warning("%s: %s", dispatch.run.target, away)
        _away(dispatch, engine, str(away), now)


def _carefully(dispatch: Dispatch, do: Callable[[], Any]) -> None:
    """What fails in an unforeseen way is tried again later, and the others go on."""
    try:
        do()
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception("run %s", dispatch.run.public_id)
        actions.note_trouble(dispatch, f"{type(error).__name__}: {error}")


class Dispatching:
    """Looks after runs in a thread of its own: an engine that answers slowly delays nothing else."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="dispatcher", daemon=True)

    def __enter__(self) -> "Dispatching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(5)

    def _work(self) -> None:
        pause_s = LOOK_S
        while not self._over.wait(pause_s):
            try:
                close_old_connections()
                look_after_runs()
                pause_s = LOOK_S
            except DatabaseError as error:
                pause_s = PAUSE_S
                logger.warning("the database failed while runs were looked after: %s", str(error).strip())
        connection.close()

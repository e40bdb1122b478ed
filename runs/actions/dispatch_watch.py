"""What becomes of runs that an engine has: their jobs are watched, stopped, and closed when nobody else does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from runs.actions.cancel_deadline import close_after, kill_after
from runs.actions.dispatch import LATER, SOON, end_dispatch, look_again, note_trouble
from runs.actions.run import ENDED_FROM_OUTSIDE, STOPPED, confirm_canceled, fail_run
from runs.lifecycle import Status
from runs.models import Dispatch, Run
from runs.transaction import write

# From "the job is over" on, for the last word of a supervisor that may still be on its way.
LAST_WORD = timedelta(seconds=20)
ENDED_LINGERS = timedelta(minutes=2)


class Need(StrEnum):
    """What the engine is to be asked for."""

    NOTHING = "nothing"
    STOP = "stop"
    KILL = "kill"
    CLOSE = "close"  # the run has not ended by itself: close_run with the log of the start
    FORGET = "forget"


@dataclass(frozen=True)
class Job:
    """What the engine says of a job: whether it is over, in which words; `is_known` is false when it was not asked.

    `was_stopped`: the engine itself has ended it, and `reason` says why.
    """

    is_over: bool
    reason: str = ""
    is_known: bool = True
    was_stopped: bool = False


def watch(dispatch: Dispatch, job: Job, now: datetime) -> Need:
    """Note what the engine says, and say what it is to be asked for next."""
    with write():
        run = Run.objects.select_for_update().get(pk=dispatch.run_id)
        _note_over(dispatch, job, now)
        if run.is_ended:
            return _after_its_end(dispatch, run, job, now)
        if run.cancel_requested_at is not None:
            return _while_cancelled(dispatch, run, job, now)
        if dispatch.gone_at is not None:
            if now - dispatch.gone_at >= LAST_WORD or not _has_begun(run):
                return Need.CLOSE
            look_again(dispatch, now + SOON)
            return Need.NOTHING
        _note_waiting(run, job)
        look_again(dispatch, now + (LATER if _has_begun(run) else SOON))
    return Need.NOTHING


def _after_its_end(dispatch: Dispatch, run: Run, job: Job, now: datetime) -> Need:
    if job.is_over:
        _note_why(run, job)
        end_dispatch(dispatch)
        return Need.FORGET
    look_again(dispatch, now + SOON)
    if not _has_begun(run):
        return Need.STOP
    # Its supervisor hears of the end by its heartbeat, and sends what is left.
    lingers = now - (run.end_received_at or run.ended_at or now)
    return Need.KILL if lingers > ENDED_LINGERS else Need.NOTHING


def _note_why(run: Run, job: Job) -> None:
    """A supervisor that was ended from outside knows no more than that; the engine knows why."""
    if run.status == Status.FAILED and run.error_code in ENDED_FROM_OUTSIDE and job.was_stopped:
        said = _stopped_by(run, job)
        run.error_message, run.status_reason = f"{said} {run.error_message}", said
        run.save(update_fields=["error_message", "status_reason"])


def _stopped_by(run: Run, job: Job) -> str:
    return f"Stopped by the target {run.target}: {job.reason}."


def _while_cancelled(dispatch: Dispatch, run: Run, job: Job, now: datetime) -> Need:
    asked_for = now - (run.cancel_requested_at or now)
    look_again(dispatch, now + SOON)
    if dispatch.gone_at is not None and now - dispatch.gone_at >= LAST_WORD:
        return Need.CLOSE
    if asked_for >= close_after(run):
        return Need.CLOSE
    return Need.KILL if asked_for >= kill_after(run) and not job.is_over else Need.NOTHING


def close_run(dispatch: Dispatch, job: Job, log: str, now: datetime) -> None:
    """End a run that will not tell by itself how it ended: as Canceled where it was cancelled, else as Failed."""
    with write():
        run = (
            Run.objects.select_related("workspace", "experiment")
            .select_for_update(of=("self",))
            .get(pk=dispatch.run_id)
        )
        if run.is_ended:
            return
        of_job = f"job {dispatch.job_id} of {run.target}"
        if run.cancel_requested_at is not None:
            confirm_canceled(run, by=None, reason=_cancel_reason(of_job, job))
        elif _has_begun(run) and job.was_stopped:
            fail_run(run, by=None, code=STOPPED, message=_stopped_by(run, job), details=_details(log))
        elif _has_begun(run):
            said = f"The {of_job} ended{_in_brackets(job.reason)} and its supervisor did not tell how the script did."
            fail_run(run, by=None, code="SupervisorLost", message=said, details=_details(log))
        else:
            said = f"The {of_job} ended{_in_brackets(job.reason)} before the script was started.{_last_line(log)}"
            fail_run(run, by=None, code="NotStarted", message=said, details=_details(log))
        look_again(dispatch, now + SOON)


def note_away(dispatch: Dispatch, error: str, now: datetime) -> Need:
    """The engine could not be asked about a job. A cancelled run is closed in time all the same."""
    note_trouble(dispatch, error, now)
    return (
        watch(dispatch, Job(is_over=False, reason=error, is_known=False), now)
        if _is_stopping(dispatch)
        else Need.NOTHING
    )


def _is_stopping(dispatch: Dispatch) -> bool:
    run = Run.objects.filter(pk=dispatch.run_id, ended_at=None, cancel_requested_at__isnull=False)
    return run.exists()


def _note_over(dispatch: Dispatch, job: Job, now: datetime) -> None:
    gone_at = (dispatch.gone_at or now) if job.is_over else None
    if job.is_known and gone_at != dispatch.gone_at:
        dispatch.gone_at = gone_at
        dispatch.save(update_fields=["gone_at"])


def _note_waiting(run: Run, job: Job) -> None:
    if run.status == Status.QUEUED and run.status_reason != job.reason:
        run.status_reason = job.reason
        run.save(update_fields=["status_reason"])


def _has_begun(run: Run) -> bool:
    return run.heartbeat_at is not None


def _cancel_reason(of_job: str, job: Job) -> str:
    if not job.is_known:
        return f"not confirmed; the {of_job} could not be killed, as {job.reason}"
    if job.is_over:
        return f"not confirmed; the {of_job} has ended{_in_brackets(job.reason)}"
    return f"not confirmed; the {of_job} was killed"


def _in_brackets(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _last_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return f" {lines[-1]}" if lines else " It left no output."


def _details(log: str) -> dict[str, str]:
    return {"start_log": log} if log else {}

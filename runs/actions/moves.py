"""The steps that every change in a run's life is made of: hold the row, move it, end it. All inside a transaction."""

from datetime import datetime, timedelta

from runs.access import gone
from runs.actions import counts, events, jobs
from runs.actions.run_tokens import end_run_tokens
from runs.lifecycle import Status, check_move
from runs.models import Metric, Run, User

# An ended run whose metrics lie in more pieces than this is put in order once, for all who read it later.
WORTH_MERGING = 8
MERGE_AFTER = timedelta(seconds=30)


def lock(run: Run) -> Run:
    """The row as it is now, held until the transaction ends: of two racing calls one sees the other's result."""
    row = Run.objects.select_for_update().filter(pk=run.pk).first()
    if row is None:
        raise gone(run)
    row.workspace, row.experiment = run.workspace, run.experiment
    return row


def move(
    run: Run,
    status: Status,
    *,
    by: User | None,
    at: datetime,
    kind: str,
    reason: str,
    reopen: bool = False,
) -> None:
    """Bring the run to the status, with an event. Raises Conflict where it cannot come there from where it stands.

    `reopen` allows an ended run to go on.
    """
    check_move(run.status, status, name=run.display_name, reopen=reopen)
    before, run.status, run.status_reason = run.status, status.value, reason
    run.save(update_fields=["status", "status_reason"])
    if run.deleted_at is None:  # what lies in the trash is not counted
        counts.moved(run, before, status)
    events.record_move(run, kind, by=by, at=at, before=before, after=status.value, reason=reason)


def finish(
    run: Run,
    status: Status,
    *,
    by: User | None,
    at: datetime,
    kind: str,
    reason: str,
    ended_at: datetime | None = None,
) -> None:
    """End the run. `at` is when we hear of it, and what the history tells; `ended_at` when it happened, if earlier."""
    move(run, status, by=by, at=at, kind=kind, reason=reason)
    run.ended_at = max(ended_at or at, run.started_at or run.created_at)
    run.duration_s = run.seconds(run.ended_at)
    run.save(update_fields=["ended_at", "duration_s", "end_received_at"])
    if run.definition:
        end_run_tokens(run, now=at)
    if Metric.objects.filter(run=run, segment_count__gt=WORTH_MERGING).exists():
        # A little later, when the last batches have arrived.
        jobs.enqueue("merge run", {"run": run.pk}, dedupe=f"merge run {run.pk}", run_after=at + MERGE_AFTER)

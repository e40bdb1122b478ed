"""The steps of a cancel, as its page shows them: asked, told, stopping, ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from runs.lifecycle import Status
from runs.models import Run, RunEvent
from runs.web import show

# An ended run's steps are shown so long; after that they are in its activity.
SHOWN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Step:
    """One step: done, now or next; what is said of it, and when it was."""

    state: str
    word: str
    words: str = ""
    at: datetime | None = None


def cancel_steps(run: Run) -> list[Step]:
    """The four steps of a run that was asked to stop; nothing for others, and some time after the end."""
    is_late = run.ended_at is not None and timezone.now() - run.ended_at > SHOWN_AFTER
    if run.cancel_requested_at is None or is_late:
        return []
    return [_requested(run), _told(run), _stopping(run), _end(run)]


def _requested(run: Run) -> Step:
    event = RunEvent.objects.filter(run=run, kind__in=("cancel requested", "canceled")).order_by("-id").last()
    by = run.cancel_requested_by.username if run.cancel_requested_by else "somebody"
    reason = str(event.details.get("reason") or "") if event else ""
    words = f"by {by}"
    if reason and reason not in (f"canceled by {by}", f"cancelled by {by}"):  # as it was written once
        words += f": {show.clipped(reason, 160)}"
    return Step("done", "Requested", words, run.cancel_requested_at)


def _told(run: Run) -> Step:
    if run.cancel_told_at is not None:
        return Step("done", "Told", "its script has heard it", run.cancel_told_at)
    if run.heartbeat_at is None:
        return Step("done", "Told", "no script sends heartbeats: nobody had to be told")
    if run.is_ended:
        return Step("done", "Told", "it ended before it heard of it")
    if run.status == Status.NOT_RESPONDING:
        return Step("now", "Told", "its script does not answer")
    return Step("now", "Told", "it hears it with its next heartbeat")


def _stopping(run: Run) -> Step:
    if run.is_ended:
        return Step("done", "Stopping")
    if run.cancel_told_at is None:
        return Step("next", "Stopping")
    if run.status == Status.NOT_RESPONDING:
        return Step("now", "Stopping", "its script was told and has fallen silent")
    return Step("now", "Stopping", "its script ends what it is doing; last heard", run.heartbeat_at)


def _end(run: Run) -> Step:
    if not run.is_ended:
        return Step("next", "Canceled")
    if run.status == Status.CANCELED:
        return Step("done", "Canceled", "", run.ended_at)
    return Step("done", show.word_of(run.status), "this end came first", run.ended_at)

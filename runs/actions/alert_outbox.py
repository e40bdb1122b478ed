"""From events to messages: what is not looked at yet, what alerts noticed, and when it is told."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from runs.models import Alert, AlertMoment, Delivery, RunEvent
from runs.transaction import write

# What happens together is told together: a message waits until it was quiet for so long, or has waited so long.
SETTLED = timedelta(seconds=4)
LONGEST_WAIT = timedelta(seconds=20)
# The next message of the same alert comes no sooner.
BETWEEN = timedelta(seconds=30)
DELIVERIES_KEPT = timedelta(days=90)
UNTOLD_KEPT = timedelta(days=7)


@contextmanager
def unseen_events(most: int) -> Iterator[list[RunEvent]]:
    """The oldest events that nobody has looked at; they count as seen when the block ends well.

    Several workers on PostgreSQL each hold other ones. Seen twice, after a crash, is harmless: see AlertMoment.key.
    """
    rows = RunEvent.objects.filter(processed_at=None).order_by("id")
    if not connection.features.has_select_for_update_skip_locked:
        found = list(rows[:most])
        yield found
        _mark_seen(found)
        return
    with write():
        found = list(rows.select_for_update(skip_locked=True)[:most])
        yield found
        _mark_seen(found)


def _mark_seen(events: list[RunEvent]) -> None:
    if events:
        numbers = [event.pk for event in events]
        with write():
            RunEvent.objects.filter(pk__in=numbers).update(processed_at=timezone.now())


def note(moments: Iterable[AlertMoment]) -> int:
    """Keep what was noticed; the same thing twice counts once. Returns how many were given."""
    made = list(moments)
    if made:
        with write():
            AlertMoment.objects.bulk_create(made, ignore_conflicts=True, batch_size=200)
    return len(made)


def note_trouble(alert: Alert, words: str) -> None:
    """Say on the alert why it can notice nothing, or with no words that it can again."""
    if alert.trouble != words:
        alert.trouble = words
        alert.save(update_fields=["trouble"])


def make_message(alert: Alert, *, now: datetime) -> Delivery | None:
    """One message of everything that the alert has noticed and not told; None when another worker made it."""
    with write():
        rows = Alert.objects.filter(pk=alert.pk)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        if not rows.exists():
            return None
        untold = AlertMoment.objects.filter(alert=alert, delivery=None)
        if not untold.exists():
            return None
        made = Delivery.objects.create(
            alert=alert, user_id=alert.owner_id, workspace_id=alert.workspace_id, created_at=now, due_at=now
        )
        untold.update(delivery=made)
    return made


def forget_old_messages(now: datetime | None = None) -> int:
    """Delete messages after 90 days, and what paused alerts never told."""
    now = now or timezone.now()
    old = Delivery.objects.filter(created_at__lt=now - DELIVERIES_KEPT, due_at=None)
    untold = AlertMoment.objects.filter(
        delivery=None, at__lt=now - UNTOLD_KEPT, alert__paused_at__isnull=False
    )
    with write():
        return old.delete()[0] + untold.delete()[0]

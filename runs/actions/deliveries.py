"""Messages on their way: taken by one worker at a time, tried for a day, given up so that it is seen; and read."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from runs.models import Delivery, User, Workspace
from runs.transaction import write

# Longer than the slowest attempt: 20 addresses at a server that hangs are taken up again one by one.
LEASE = timedelta(minutes=3)
TRIED_FOR = timedelta(days=1)
WAITS_S = (30, 60, 120, 300, 600, 1200, 2400, 3600, 7200, 10800, 14400)
ANSWER_LENGTH = 500


def take_delivery(worker: str, *, now: datetime | None = None) -> Delivery | None:
    """The message that has waited longest, for this worker alone; one that a worker left lying is taken again."""
    now = now or timezone.now()
    with write():
        rows = Delivery.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), due_at__lte=now)
        rows = rows.order_by("due_at", "pk")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        found = rows.first()
        if found is None:
            return None
        found.lease_until, found.worker = now + LEASE, worker
        found.attempts += 1
        found.save(update_fields=["lease_until", "worker", "attempts"])
    return found


def keep_facts(delivery: Delivery, subject: str, facts: dict[str, Any]) -> None:
    """What the message says, from now on the same at each attempt."""
    delivery.subject, delivery.facts = subject[:300], facts
    _put(delivery, subject=delivery.subject, facts=facts)


def note_reached(delivery: Delivery, address: str) -> None:
    """This address has it: noted at once, so that a crash sends at most one more."""
    delivery.reached = [*delivery.reached, address]
    _put(delivery, reached=delivery.reached, lease_until=timezone.now() + LEASE)


def note_refused(delivery: Delivery, address: str, answer: str) -> None:
    """This address takes no mail, for good."""
    delivery.refused = {**delivery.refused, address: answer[:ANSWER_LENGTH]}
    _put(delivery, refused=delivery.refused)


def note_sent(delivery: Delivery, answer: str) -> bool:
    """It is where it should be. False when another worker has it by now."""
    return _put(
        delivery, sent_at=timezone.now(), due_at=None, lease_until=None, answer=answer[:ANSWER_LENGTH]
    )


def note_failed(
    delivery: Delivery, answer: str, *, is_final: bool = False, now: datetime | None = None
) -> bool:
    """Try again later, each time after a longer wait; after a day, or when it is final, give up so that it is seen."""
    now = now or timezone.now()
    wait = timedelta(seconds=WAITS_S[min(delivery.attempts, len(WAITS_S)) - 1])
    is_over = is_final or now + wait > delivery.created_at + TRIED_FOR
    return _put(
        delivery,
        due_at=None if is_over else now + wait,
        given_up_at=now if is_over else None,
        lease_until=None,
        answer=answer[:ANSWER_LENGTH],
    )


def mark_read(user: User, workspace: Workspace, *, numbers: list[int] | None = None) -> int:
    """The person has read these messages of theirs, or all of the workspace. Returns how many were new."""
    rows = Delivery.objects.filter(user=user, workspace=workspace, read_at=None)
    if numbers is not None:
        rows = rows.filter(pk__in=numbers)
    return rows.update(read_at=timezone.now())


def _put(delivery: Delivery, **fields: Any) -> bool:
    """Whether it is still ours: a worker whose lease ran out must not answer for the next one's attempt."""
    mine = Delivery.objects.filter(pk=delivery.pk, worker=delivery.worker, attempts=delivery.attempts)
    with write():
        return bool(mine.update(**fields))

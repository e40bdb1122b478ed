"""Looks after alerts: what happened, what falls due by the clock, and the sending; in threads of its own.

A mail server that hangs delays neither what is noticed nor what other engines wait for.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from runs import notifier
from runs.actions import alert_outbox as outbox
from runs.errors import Refused
from runs.models import Alert, AlertMoment
from runs.query import alert_matches as matches
from runs.transaction import apart

logger = logging.getLogger("runs.alerting")

LOOK_S, PAUSE_S = 1.0, 10.0
EVENTS_AT_ONCE, MOST_ROUNDS = 500, 20
CLOCK_EVERY = timedelta(seconds=10)
SENDERS = 3
DAILY_AT = 8  # o'clock, by the owner's clock


def look(now: datetime | None = None) -> int:
    """Note what has happened, then make messages of what is due. Returns how many events were looked at."""
    seen = 0
    for _ in range(MOST_ROUNDS):
        found = note_events()
        seen += found
        if found < EVENTS_AT_ONCE:
            break
    make_messages(now or timezone.now())
    return seen


def note_events() -> int:
    """Look at the oldest events that nobody has looked at. Returns how many."""
    with outbox.unseen_events(EVENTS_AT_ONCE) as events:
        ordered = sorted(events, key=lambda event: (event.workspace_id, event.pk))
        for workspace_id, some in groupby(ordered, key=lambda event: event.workspace_id):
            here = list(some)
            concerned = matches.concerned(matches.live_alerts(workspace_id), here)
            outbox.note(
                moment
                for alert, own in concerned
                for moment in _noticed(alert, partial(matches.noticed_in, alert, own))
            )
    return len(events)


def note_by_clock(now: datetime | None = None) -> int:
    """Look for runs that are queued too long and metrics past their bound."""
    moment, noted = now or timezone.now(), 0
    for alert in matches.live_alerts():
        if alert.metric or Alert.QUEUED in alert.statuses:
            noted += outbox.note(_noticed(alert, partial(matches.noticed_by_clock, alert, moment)))
    return noted


def _noticed(alert: Alert, noticed: Callable[[], Iterable[AlertMoment]]) -> list[AlertMoment]:
    """One alert that cannot be read says so on its page, and holds up no other."""
    try:
        with apart():
            moments = list(noticed())
    except Refused as refusal:
        outbox.note_trouble(alert, refusal.message)
        return []
    outbox.note_trouble(alert, "")
    return moments


def make_messages(now: datetime) -> int:
    """Put into messages what alerts have noticed and is due."""
    waiting = list(matches.with_untold(matches.live_alerts()))
    due = [alert for alert in waiting if is_due(alert, now)]
    return sum(outbox.make_message(alert, now=now) is not None for alert in due)


def is_due(alert: Alert, now: datetime) -> bool:
    """Whether it is time to tell what the alert has noticed."""
    oldest: datetime = alert.oldest  # type: ignore[attr-defined]
    newest: datetime = alert.newest  # type: ignore[attr-defined]
    last_made: datetime | None = alert.last_made  # type: ignore[attr-defined]
    local = now.astimezone(zone_of(alert))
    if is_quiet(alert, local):
        return False
    if alert.timing == Alert.HOURLY:
        return now >= oldest.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if alert.timing == Alert.DAILY:
        return local >= next_morning(oldest.astimezone(local.tzinfo))
    has_settled = now - newest >= outbox.SETTLED or now - oldest >= outbox.LONGEST_WAIT
    return has_settled and (last_made is None or now - last_made >= outbox.BETWEEN)


def next_morning(local: datetime) -> datetime:
    """The first time after this that a daily message is sent."""
    morning = local.replace(hour=DAILY_AT, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)


def is_quiet(alert: Alert, local: datetime) -> bool:
    """Whether nothing may be sent at this time of the owner's day."""
    begin, end = alert.quiet_from, alert.quiet_until
    if begin is None or end is None or begin == end:
        return False
    minute = local.hour * 60 + local.minute
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def zone_of(alert: Alert) -> tzinfo:
    """The clock of the alert's owner; UTC for those who have chosen none."""
    try:
        return ZoneInfo(alert.owner.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


class Alerting:
    """Does all that in threads, until it is left."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._clock_at = datetime.min.replace(tzinfo=UTC)
        works = [self._look, *[self._send] * SENDERS]
        self._threads = [threading.Thread(target=self._loop, args=(work,), daemon=True) for work in works]

    def __enter__(self) -> "Alerting":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5)

    def _look(self) -> None:
        now = timezone.now()
        if now - self._clock_at >= CLOCK_EVERY:
            self._clock_at = now
            note_by_clock(now)
        look(now)

    def _send(self) -> None:
        worker = f"{socket.gethostname()[:30]}:{os.getpid()}:{threading.get_ident()}"
        notifier.deliver_all(worker, self._over.is_set)

    def _loop(self, work: Callable[[], None]) -> None:
        pause_s = LOOK_S
        while not self._over.wait(pause_s):
            try:
                close_old_connections()
                work()
                pause_s = LOOK_S
            except DatabaseError as error:
                pause_s = PAUSE_S
                logger.warning("the database failed while alerts were looked after: %s", str(error).strip())
            except Exception:
                pause_s = PAUSE_S
                logger.exception("looking after alerts failed")
        connection.close()

"""Sends messages of alerts: by mail, to webhooks and chats. At least once, and hardly ever twice."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from runs import mail
from runs.actions import alerts, deliveries
from runs.alert_message import words_of
from runs.alert_posts import BODIES, signature
from runs.guarded_http import NoAnswer, post
from runs.models import Alert, Delivery, Member
from runs.query.alert_facts import facts_of_message, facts_of_test
from runs.query.alert_recipients import addresses_of
from runs.unlinked import unlinked

logger = logging.getLogger("runs.notifier")

NO_SMTP = "Kept here: this studio sends no mail, since no SMTP server is set up."
NO_ADDRESS = "Kept here: its owner has no confirmed e-mail address."
NO_MEMBER = "Not sent: its owner is no longer a member of the workspace."
GONE = 410


def deliver_all(worker: str, is_over: Callable[[], bool]) -> None:
    """Send what is due until nothing is, or it is over; all mails of it through one connection, if the server likes."""
    with mail.Series() as series:
        while not is_over() and deliver_next(worker, series=series):
            pass


def deliver_next(worker: str, now: datetime | None = None, series: mail.Series | None = None) -> bool:
    """Take the next message that is due and try to send it; whether there was one."""
    delivery = deliveries.take_delivery(worker, now=now)
    if delivery is None:
        return False
    try:
        if series is not None:
            _deliver(delivery, series)
        else:
            with mail.Series() as own:
                _deliver(delivery, own)
    except Exception as error:
        logger.exception("delivery %d failed", delivery.pk)
        deliveries.note_failed(delivery, f"It failed: {type(error).__name__}.")
    return True


def _deliver(delivery: Delivery, series: mail.Series) -> None:
    alert = Alert.objects.select_related("workspace", "owner").get(pk=delivery.alert_id)
    if not Member.objects.filter(
        workspace=alert.workspace_id, user=alert.owner_id, user__is_active=True
    ).exists():
        deliveries.note_failed(delivery, NO_MEMBER, is_final=True)
        return
    if not delivery.facts:
        _compose(delivery, alert)
    if alert.channel == Alert.APP:
        deliveries.note_sent(delivery, "Shown in the studio.")
    elif alert.channel in Alert.POSTED:
        _post(delivery, alert)
    else:
        _mail(delivery, alert, series)


def _compose(delivery: Delivery, alert: Alert) -> None:
    if delivery.is_test:
        subject, facts = facts_of_test(alert)
    else:
        rows = delivery.moments.select_related("run__experiment", "run__parent", "run__created_by")
        subject, facts = facts_of_message(alert, list(rows.order_by("at", "pk")), timezone.now())
    deliveries.keep_facts(delivery, subject, facts)


def _post(delivery: Delivery, alert: Alert) -> None:
    """Post it as the channel wants it; a webhook is signed."""
    message = words_of(delivery)
    body = BODIES[alert.channel](message)
    headers = {"Content-Type": "application/json", "User-Agent": "run-studio"}
    if alert.channel == Alert.WEBHOOK:
        now = int(time.time())
        headers |= {
            "Studio-Delivery": str(delivery.pk),
            "Studio-Timestamp": str(now),
            "Studio-Signature": signature(alert.secret, now, body),
        }
    try:
        answer = post(
            alert.url, body, headers, allows_private=alert.allows_private and alert.owner.is_superuser
        )
    except NoAnswer as refusal:
        deliveries.note_failed(delivery, str(refusal))
        return
    if answer.is_taken:
        deliveries.note_sent(delivery, str(answer))
    else:
        deliveries.note_failed(delivery, str(answer), is_final=answer.status == GONE)


def _mail(delivery: Delivery, alert: Alert, series: mail.Series) -> None:
    """One mail to each address that has none yet. Addresses are tried in turn; who is refused for good is left out."""
    if not mail.can_send():
        deliveries.note_sent(delivery, NO_SMTP)
        return
    wanted = addresses_of(alert)
    if not wanted and not delivery.reached:
        deliveries.note_sent(
            delivery, NO_ADDRESS if alert.channel == Alert.EMAIL else "Nobody of the list is left."
        )
        return
    troubles = [
        f"{address}: {trouble}"
        for address in wanted
        if address not in delivery.reached and address not in delivery.refused
        for trouble in _mail_one(delivery, alert, address, series)
    ]
    if troubles:
        deliveries.note_failed(delivery, "; ".join(troubles))
    elif not delivery.reached:
        deliveries.note_failed(delivery, _said(delivery.refused), is_final=True)
    else:
        deliveries.note_sent(
            delivery, f"Mailed to {len(delivery.reached)}. {_said(delivery.refused)}".strip()
        )


def _mail_one(delivery: Delivery, alert: Alert, address: str, series: mail.Series) -> Iterator[str]:
    """Send it to one address; yields what went wrong for now, if anything did."""
    try:
        series.send(letter_of(delivery, alert, address))
    except mail.NotMailed as refusal:
        if refusal.is_refused:
            deliveries.note_refused(delivery, address, str(refusal))
        else:
            yield str(refusal)
    else:
        deliveries.note_reached(delivery, address)


def letter_of(delivery: Delivery, alert: Alert, address: str) -> mail.Letter:
    """The mail to one address, with the link that mutes it for that one."""
    token = alerts.mute_token(alert, address.lower())
    mute_url = f"{settings.PUBLIC_URL}/alerts/mute/{token}/"
    facts: dict[str, Any] = words_of(delivery) | {"mute_url": mute_url}
    return mail.Letter(
        address,
        delivery.subject,
        "alert",
        _without_links(facts),
        key=f"alert-{delivery.pk}-{alert.pk}",
        unsubscribe=mute_url,
    )


def _without_links(facts: Any, name: str = "") -> Any:
    """The same with nothing in the texts of runs that a mail program would make a link of; addresses of ours stay."""
    if isinstance(facts, str):
        return facts if name.endswith("url") else unlinked(facts)
    if isinstance(facts, dict):
        return {key: _without_links(value, key) for key, value in facts.items()}
    return [_without_links(each) for each in facts] if isinstance(facts, list) else facts


def _said(refused: dict[str, str]) -> str:
    return "; ".join(f"{address}: {answer}" for address, answer in refused.items())

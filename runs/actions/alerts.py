"""Changes of alerts: made, changed, paused, resumed, muted, tried, deleted."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.utils import timezone

from runs.actions.alert_fields import check_whole, clean_fields
from runs.errors import Conflict, Invalid, NotFound
from runs.models import Alert, Delivery, Experiment, Run, SavedView, User, Workspace
from runs.transaction import write

ALERTS_PER_PERSON = 200
TESTS_AT_ONCE = 5
_SALT = "runs.alert.mute"
# A change of one of these begins to watch anew.
_WATCHING = {"filter", "include_children", "statuses", "queued_s", "metric", "bound", "is_above"}


def create_alert(
    workspace: Workspace,
    *,
    by: User,
    fields: Mapping[str, Any],
    run: Run | None = None,
    experiment: Experiment | None = None,
    view: SavedView | None = None,
) -> Alert:
    """Watch from now on. Who may choose which channel is runs/access_alerts.py's, what a filter means the query's."""
    now = timezone.now()
    alert = Alert(workspace=workspace, owner=by, run=run, experiment=experiment, view=view, created_at=now)
    alert.watches_since = now
    _put(alert, fields)
    with write():
        Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)  # racing creators queue here
        if Alert.objects.filter(workspace=workspace, owner=by).count() >= ALERTS_PER_PERSON:
            raise Invalid(f"You have {ALERTS_PER_PERSON} alerts here, the most there can be. Delete some.")
        alert.save(force_insert=True)
    return alert


def change_alert(alert: Alert, *, fields: Mapping[str, Any]) -> Alert:
    """Put what was sent in place of what is there, all of it or nothing."""
    before = {name: getattr(alert, name) for name in fields if hasattr(alert, name)}
    _put(alert, fields)
    if any(name in _WATCHING and getattr(alert, name) != value for name, value in before.items()):
        alert.watches_since = timezone.now()
    alert.trouble = ""
    alert.save(update_fields=[*fields, "name", "secret", "trouble", "watches_since", "muted"])
    return alert


def pause_alert(alert: Alert) -> Alert:
    """Notice nothing and send nothing until it is resumed. Twice is not an error."""
    if alert.paused_at is None:
        alert.paused_at = timezone.now()
        alert.save(update_fields=["paused_at"])
    return alert


def resume_alert(alert: Alert) -> Alert:
    """Watch again from now on, and write again to whoever had muted it. Twice is not an error."""
    if alert.paused_at is not None or alert.muted:
        alert.watches_since = timezone.now() if alert.paused_at is not None else alert.watches_since
        alert.paused_at, alert.muted, alert.trouble = None, [], ""
        with write():
            alert.save(update_fields=["paused_at", "muted", "trouble", "watches_since"])
            alert.moments.filter(delivery=None, at__lt=alert.watches_since).delete()
    return alert


def delete_alert(alert: Alert) -> None:
    """Forget it, and its messages with it."""
    alert.delete()


def renew_secret(alert: Alert) -> Alert:
    """Sign with another key from now on."""
    alert.secret = secrets.token_urlsafe(32)
    alert.save(update_fields=["secret"])
    return alert


def send_test(alert: Alert) -> Delivery:
    """Have the worker send one message now, whatever it says about quiet hours. Raises Conflict while five wait."""
    now = timezone.now()
    with write():
        waiting = Delivery.objects.filter(alert=alert, is_test=True, due_at__isnull=False)
        if waiting.count() >= TESTS_AT_ONCE:
            raise Conflict("Five tests of this alert are still on their way. Look at their answers first.")
        return Delivery.objects.create(
            alert=alert,
            user_id=alert.owner_id,
            workspace_id=alert.workspace_id,
            is_test=True,
            created_at=now,
            due_at=now,
            read_at=now,
        )


def mute_token(alert: Alert, address: str) -> str:
    """What the link in a mail to this address holds."""
    return signing.dumps([alert.pk, address], salt=_SALT)


def opened_by(token: str) -> tuple[Alert, str]:
    """The alert and the address that a link in a mail is about. Raises NotFound for one that is wrong or old."""
    missing = NotFound("This link is not whole, or its alert was deleted: nothing more will come of it.")
    try:
        number, address = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, UnicodeError):
        raise missing from None
    alert = Alert.objects.select_related("workspace", "owner").filter(pk=number).first()
    if alert is None:
        raise missing
    return alert, address


def mute(token: str) -> tuple[Alert, str]:
    """Write no more to this address; an alert that then writes to nobody pauses. Twice is not an error."""
    with write():
        found, address = opened_by(token)
        alert = Alert.objects.select_for_update().get(pk=found.pk)
        alert.muted = sorted({*alert.muted, address.lower()})
        left = {each.lower() for each in alert.addresses} - {*alert.muted}
        if alert.channel != Alert.LIST or not left:
            alert.paused_at = alert.paused_at or timezone.now()
        alert.save(update_fields=["muted", "paused_at"])
    return found, address


def _put(alert: Alert, fields: Mapping[str, Any]) -> None:
    for name, value in clean_fields(fields).items():
        setattr(alert, name, value)
    if not alert.metric:
        alert.bound = None
    check_whole(alert)
    alert.name = alert.name or _name_of(alert)
    if alert.channel == Alert.WEBHOOK and not alert.secret:
        alert.secret = secrets.token_urlsafe(32)
    kept = {address.lower() for address in alert.addresses}
    alert.muted = [address for address in alert.muted if address in kept or alert.channel != Alert.LIST]


def _name_of(alert: Alert) -> str:
    """What it is called until somebody says better: "digits: failed, not responding"."""
    subject = alert.run or alert.experiment or alert.view
    place = (getattr(subject, "display_name", "") or getattr(subject, "name", "")) if subject else "All runs"
    watched = [*alert.statuses, *([alert.metric] if alert.metric else [])]
    return f"{place[:150]}: {', '.join(watched)}"[:256]

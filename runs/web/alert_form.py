"""The form of an alert: what is sent becomes fields of the action; what is there becomes what the form shows."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict

from runs import mail
from runs.access import Caller, allows
from runs.access_mail import may_set_up_mail
from runs.models import Alert, User, Workspace
from runs.query.alerts import CHANNEL_WORDS, TIMING_WORDS, WATCH_WORDS
from runs.query.clock import clock


def fields_sent(sent: QueryDict) -> dict[str, Any]:
    """The fields of the form, as the action takes them."""
    is_quiet = bool(sent.get("quiet_from") or sent.get("quiet_until"))
    minutes = sent.get("queued_minutes", "60").strip()
    return {
        "name": sent.get("name", ""),
        "filter": sent.get("filter", "").strip(),
        "include_children": bool(sent.get("include_children")),
        "statuses": sent.getlist("statuses"),
        "queued_s": int(minutes) * 60 if minutes.isdecimal() and len(minutes) < 6 else 0,
        "metric": sent.get("metric", "").strip(),
        "bound": sent.get("bound", "").strip(),
        "is_above": sent.get("is_above", "true") != "false",
        "timing": sent.get("timing", Alert.NOW),
        "quiet_from": sent.get("quiet_from", "") if is_quiet else None,
        "quiet_until": sent.get("quiet_until", "") if is_quiet else None,
        "channel": sent.get("channel", Alert.EMAIL),
        "addresses": [
            part for part in sent.get("addresses", "").replace(",", "\n").split("\n") if part.strip()
        ],
        "url": sent.get("url", "").strip(),
        "allows_private": bool(sent.get("allows_private")),
    }


def shown_of(alert: Alert) -> dict[str, Any]:
    """What stands in the form of an alert."""
    return {
        "name": alert.name,
        "filter": alert.filter,
        "include_children": alert.include_children,
        "statuses": alert.statuses,
        "queued_minutes": alert.queued_s // 60,
        "metric": alert.metric,
        "bound": "" if alert.bound is None else f"{alert.bound:g}",
        "is_above": alert.is_above,
        "timing": alert.timing,
        "quiet_from": clock(alert.quiet_from),
        "quiet_until": clock(alert.quiet_until),
        "channel": alert.channel,
        "addresses": "\n".join(alert.addresses),
        "url": alert.url,
        "allows_private": alert.allows_private,
    }


def shown_new(subjects: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the form of a new one: of a run its end, of many their failures."""
    first = [Alert.ENDED] if "run" in subjects else [Alert.FAILED, Alert.SILENT]
    alert = Alert(statuses=first, filter=str(sent.get("filter", "")))
    return shown_of(alert)


def shown_again(sent: QueryDict) -> dict[str, Any]:
    """What was sent and refused, as it was typed."""
    fields = fields_sent(sent)
    return fields | {
        "queued_minutes": sent.get("queued_minutes", "60"),
        "addresses": sent.get("addresses", ""),
        "quiet_from": fields["quiet_from"] or "",
        "quiet_until": fields["quiet_until"] or "",
    }


def choices(
    request: HttpRequest, caller: Caller, workspace: Workspace, owner: User | None = None
) -> dict[str, Any]:
    """What the form offers to this person; `owner` is the alert's, whose address and clock count."""
    may_send = allows(caller, workspace, "write")
    channels = [
        (value, word)
        for value, word in CHANNEL_WORDS.items()
        if may_send or value in (Alert.APP, Alert.EMAIL)
    ]
    user: User = owner or caller.user
    return {
        "workspace": workspace,
        "watches": list(WATCH_WORDS.items()),
        "channels": channels,
        "timings": list(TIMING_WORDS.items()),
        "sends_mail": mail.can_send(),
        "may_set_up_mail": may_set_up_mail(caller),
        "my_address": user.email,
        "zone": user.time_zone or "UTC",
        "may_private": caller.user.is_superuser,
        "may_all_addresses": allows(caller, workspace, "own"),
        "is_dialog": bool(request.htmx),  # type: ignore[attr-defined]
    }

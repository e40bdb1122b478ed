"""The form of an alert: what is sent becomes fields of the action; what is there becomes what the form shows."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict

from runs import mail
from runs.access import Caller, allows, get_experiment, get_run, get_view
from runs.errors import Invalid, NotFound
from runs.models import Alert, Experiment, Run, SavedView, User, Workspace
from runs.query.alert_matches import conditions_of_filter
from runs.query.alerts import CHANNEL_WORDS, TIMING_WORDS, WATCH_WORDS

SUBJECTS = ("run", "experiment", "view", "filter")


def subjects_of(caller: Caller, workspace: Workspace, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The run, experiment or view that the address or form names. Raises NotFound for one of another workspace."""
    found: dict[str, Run | Experiment | SavedView] = {}
    if sent.get("run"):
        run = get_run(caller, str(sent["run"]))
        if run.workspace_id != workspace.pk:
            raise NotFound(f"There is no run {str(sent['run'])[:80]!r} in {workspace.name}.")
        found["run"] = run
    if sent.get("experiment"):
        found["experiment"] = get_experiment(caller, workspace, str(sent["experiment"]))
    if sent.get("view"):
        found["view"] = get_view(caller, workspace, str(sent["view"]))
    if len(found) > 1:
        raise Invalid("An alert watches one run, one experiment or one view.", field="subject")
    return found


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


def check_filter(fields: Mapping[str, Any]) -> None:
    """Raise Invalid where the filter cannot be read."""
    if fields.get("filter"):
        conditions_of_filter(str(fields["filter"]))


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


def clock(minutes: int | None) -> str:
    """Minutes of the day as 22:00."""
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def choices(request: HttpRequest, caller: Caller, workspace: Workspace) -> dict[str, Any]:
    """What the form offers to this person."""
    may_send = allows(caller, workspace, "write")
    channels = [
        (value, word)
        for value, word in CHANNEL_WORDS.items()
        if may_send or value in (Alert.APP, Alert.EMAIL)
    ]
    user: User = caller.user
    return {
        "workspace": workspace,
        "watches": list(WATCH_WORDS.items()),
        "channels": channels,
        "timings": list(TIMING_WORDS.items()),
        "sends_mail": mail.can_send(),
        "my_address": user.email,
        "zone": user.time_zone or "UTC",
        "may_private": user.is_superuser,
        "may_all_addresses": allows(caller, workspace, "own"),
        "is_dialog": bool(request.htmx),  # type: ignore[attr-defined]
    }

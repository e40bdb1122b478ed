"""Alerts as the pages and REST show them: what each watches, in words, and what came of it."""

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from runs.models import Alert, Delivery

DELIVERIES_SHOWN = 20
WATCH_WORDS = {
    Alert.STARTED: "it starts",
    Alert.COMPLETED: "it completes",
    Alert.FAILED: "it fails",
    Alert.CANCELED: "it is canceled",
    Alert.ENDED: "it ends, however it ends",
    Alert.SILENT: "it is not responding",
    Alert.QUEUED: "it is queued too long",
    Alert.ALL_ENDED: "all active runs that match have ended",
}
CHANNEL_WORDS = {
    Alert.APP: "only here in the studio",
    Alert.EMAIL: "to me by e-mail",
    Alert.LIST: "to a list of addresses",
    Alert.WEBHOOK: "to a signed webhook",
    Alert.SLACK: "to Slack",
    Alert.TEAMS: "to Microsoft Teams",
    Alert.MATTERMOST: "to Mattermost",
}
TIMING_WORDS = {
    Alert.NOW: "at once",
    Alert.HOURLY: "as an hourly digest",
    Alert.DAILY: "as a daily digest, at 8:00",
}


@dataclass(frozen=True)
class Subject:
    """What an alert is about: its kind, its name, and whether children count."""

    kind: str
    name: str


def subject_of(alert: Alert) -> Subject:
    """The run, experiment or view; else the runs of the workspace, by a filter where there is one."""
    if alert.run is not None:
        return Subject("run", alert.run.display_name)
    if alert.view is not None:
        return Subject("view", alert.view.name)
    if alert.experiment is not None:
        return Subject("experiment", alert.experiment.name)
    return Subject("filter", alert.filter) if alert.filter else Subject("workspace", "All runs")


def watched_of(alert: Alert) -> str:
    """What it watches for, in words."""
    words = [*alert.statuses]
    if alert.metric and alert.bound is not None:
        words.append(f"{alert.metric} {'>' if alert.is_above else '<'} {alert.bound:g}")
    return ", ".join(words)


def with_last(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Newest first, each with `last_id`, `last_at`, `last_answer` and `last_given_up` of its latest message."""
    last = Delivery.objects.filter(alert=OuterRef("pk")).order_by("-pk")
    return alerts.annotate(
        last_id=Subquery(last.values("pk")[:1]),
        last_at=Subquery(last.values("created_at")[:1]),
        last_answer=Subquery(last.values("answer")[:1]),
        last_sent_at=Subquery(last.values("sent_at")[:1]),
        last_given_up_at=Subquery(last.values("given_up_at")[:1]),
    ).order_by("-pk")


def deliveries_of(alert: Alert) -> list[Delivery]:
    """Its latest messages, newest first."""
    return list(Delivery.objects.filter(alert=alert).order_by("-pk")[:DELIVERIES_SHOWN])


def state_of_delivery(delivery: Delivery) -> str:
    """Where a message is: sent, given up, waiting for the next attempt, or on its way."""
    if delivery.sent_at is not None:
        return "sent"
    if delivery.given_up_at is not None:
        return "given up"
    return "waiting" if delivery.attempts and delivery.answer else "on its way"

"""How alerts and their messages look on the wire, and the bodies that make and change them."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from runs.alert_message import words_of
from runs.api.serializers import text
from runs.api.shapes import moment
from runs.models import Alert, Delivery, User
from runs.query.alerts import state_of_delivery, subject_of
from runs.query.clock import clock

WATCHES = ", ".join(Alert.WATCHES)


class AlertShape(serializers.Serializer):
    """An alert."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    owner = serializers.CharField()
    workspace = serializers.CharField()
    about = serializers.ChoiceField(["run", "experiment", "view", "filter", "workspace"])
    run = serializers.CharField(allow_null=True, help_text="The id of the run.")
    experiment = serializers.CharField(allow_null=True)
    view = serializers.IntegerField(allow_null=True)
    filter = serializers.CharField()
    include_children = serializers.BooleanField()
    statuses = serializers.ListField(child=serializers.CharField(), help_text=WATCHES)
    queued_s = serializers.IntegerField(help_text="After how many seconds a run is queued too long.")
    metric = serializers.CharField(help_text="Empty: none is watched.")
    bound = serializers.FloatField(allow_null=True)
    is_above = serializers.BooleanField(help_text="Whether it tells above the bound, or below.")
    timing = serializers.ChoiceField(Alert.TIMINGS)
    quiet_from = serializers.CharField(help_text="Such as 22:00, by the owner's clock; empty for none.")
    quiet_until = serializers.CharField()
    channel = serializers.ChoiceField(Alert.CHANNELS)
    addresses = serializers.ListField(child=serializers.CharField())
    muted = serializers.ListField(
        child=serializers.CharField(), help_text="Addresses that opened the link to mute."
    )
    url = serializers.CharField()
    allows_private = serializers.BooleanField()
    secret = serializers.CharField(
        allow_null=True, help_text="What a webhook is signed with; the owner's alone to see."
    )
    paused_at = serializers.DateTimeField(allow_null=True)
    trouble = serializers.CharField(help_text="Why it can notice nothing; empty when it can.")
    created_at = serializers.DateTimeField()
    page = serializers.CharField(help_text="The path of its page.")


class AlertsPage(serializers.Serializer):
    """A page of alerts and the address of the next, or null."""

    results = AlertShape(many=True)
    next = serializers.CharField(allow_null=True)


class AlertChange(serializers.Serializer):
    """What may be changed; what is left out stays."""

    name = text()
    filter = text()
    include_children = serializers.BooleanField(required=False)
    statuses = serializers.ListField(required=False, child=serializers.CharField(), help_text=WATCHES)
    queued_s = serializers.IntegerField(required=False)
    metric = text()
    bound = serializers.FloatField(required=False, allow_null=True)
    is_above = serializers.BooleanField(required=False)
    timing = text(help_text=", ".join(Alert.TIMINGS))
    quiet_from = text(allow_null=True)
    quiet_until = text(allow_null=True)
    channel = text(help_text=", ".join(Alert.CHANNELS))
    addresses = serializers.ListField(required=False, child=serializers.CharField())
    url = text()
    allows_private = serializers.BooleanField(
        required=False,
        help_text="Posts may go into the private network; the installation's owner may say so.",
    )


class NewAlert(AlertChange):
    """An alert to make: about one run, experiment or view, or, without, about all runs or those of a filter."""

    run = text(default=None, allow_null=True)
    experiment = text(default=None, allow_null=True)
    view = serializers.IntegerField(default=None, allow_null=True)


class DeliveryShape(serializers.Serializer):
    """A message of an alert."""

    id = serializers.IntegerField()
    alert = serializers.IntegerField()
    subject = serializers.CharField(help_text="Empty until a worker has taken it up.")
    state = serializers.ChoiceField(["on its way", "waiting", "sent", "given up"])
    answer = serializers.CharField(help_text="What the receiver said last.")
    attempts = serializers.IntegerField()
    is_test = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    message = serializers.DictField(help_text="What it says, as a webhook gets it.")


class DeliveriesPage(serializers.Serializer):
    """A page of messages and the address of the next, or null."""

    results = DeliveryShape(many=True)
    next = serializers.CharField(allow_null=True)


class Marked(serializers.Serializer):
    """How many messages were new until now."""

    marked = serializers.IntegerField()


def alert_shape(alert: Alert, viewer: User) -> dict[str, Any]:
    """The alert; its key only for its owner."""
    is_mine = alert.owner_id == viewer.pk
    return {
        "id": alert.pk,
        "name": alert.name,
        "owner": alert.owner.username,
        "workspace": alert.workspace.name,
        "about": subject_of(alert).kind,
        "run": alert.run.public_id if alert.run else None,
        "experiment": alert.experiment.name if alert.experiment else None,
        "view": alert.view_id,
        "filter": alert.filter,
        "include_children": alert.include_children,
        "statuses": alert.statuses,
        "queued_s": alert.queued_s,
        "metric": alert.metric,
        "bound": alert.bound,
        "is_above": alert.is_above,
        "timing": alert.timing,
        "quiet_from": clock(alert.quiet_from),
        "quiet_until": clock(alert.quiet_until),
        "channel": alert.channel,
        "addresses": alert.addresses,
        "muted": alert.muted,
        "url": alert.url,
        "allows_private": alert.allows_private,
        "secret": (alert.secret or None) if is_mine else None,
        "paused_at": moment(alert.paused_at),
        "trouble": alert.trouble,
        "created_at": moment(alert.created_at),
        "page": reverse("alert", args=[alert.workspace.name, alert.pk]),
    }


def delivery_shape(delivery: Delivery) -> dict[str, Any]:
    """The message."""
    return {
        "id": delivery.pk,
        "alert": delivery.alert_id,
        "subject": delivery.subject,
        "state": state_of_delivery(delivery),
        "answer": delivery.answer,
        "attempts": delivery.attempts,
        "is_test": delivery.is_test,
        "created_at": moment(delivery.created_at),
        "sent_at": moment(delivery.sent_at),
        "next_attempt_at": moment(delivery.due_at) if delivery.attempts else None,
        "read_at": moment(delivery.read_at),
        "message": words_of(delivery),
    }

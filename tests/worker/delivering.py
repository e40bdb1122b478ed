"""What tests of messages on their way share."""

from django.utils import timezone

from runs import notifier
from runs.actions.alerts import create_alert, send_test
from runs.models import User
from tests import make

THREE = ["a@example.org", "b@example.org", "c@example.org"]


def alert_of(workspace, **fields):
    fields = {"statuses": ["failed"], "channel": "list", "addresses": THREE} | fields
    by = make.owner_of(workspace)
    User.objects.filter(pk=by.pk).update(is_superuser=True)  # who may allow private addresses
    return create_alert(workspace, by=by, fields=fields)


def send(alert, *, now=None):
    """Send a test of the alert, and return it as it is then."""
    made = send_test(alert)
    notifier.deliver_next("test", now)
    made.refresh_from_db()
    return made


def again(made, *, after):
    """Let the time pass and the worker try once more."""
    notifier.deliver_next("other", timezone.now() + after)
    made.refresh_from_db()
    return made


class Crash(BaseException):
    """The process dies."""

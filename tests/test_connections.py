"""A connection that has just answered is not asked whether it lives; any other is."""

import subprocess
import sys

import pytest
from django.db import OperationalError
from django.db import connections as databases

from runs import connections


@pytest.fixture
def clock(monkeypatch):
    """Sets what the clock says, in seconds."""
    moment = [0.0]
    monkeypatch.setattr(connections.time, "monotonic", lambda: moment[0])
    return lambda seconds: moment.__setitem__(0, seconds)


@pytest.fixture
def mine(db, clock, monkeypatch):
    """A connection of its own, which notes in `asked` how often it was asked."""
    made = databases["default"].copy()
    made.settings_dict["CONN_HEALTH_CHECKS"], made.settings_dict["CONN_MAX_AGE"] = True, None
    made.asked = 0

    def is_usable():
        made.asked += 1
        return True

    made.is_usable = is_usable
    monkeypatch.setattr(connections, "connection", made)
    yield made
    made.close()


def request(connection, *, fails=False):
    """What Django and the studio do with the connection in a request."""
    connection.close_if_unusable_or_obsolete()
    connections.trust_what_answered()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if fails:
        with pytest.raises(OperationalError), connection.wrap_database_errors:
            raise connection.Database.OperationalError("the server is away")
    connections.note_answered()
    return connection.asked


def test_one_that_answered_within_a_second_is_trusted(mine, clock):
    assert request(mine) == 0  # it was made just now
    clock(0.9)
    assert request(mine) == 0
    clock(1.8)
    assert request(mine) == 0
    clock(2.9)
    assert request(mine) == 1


def test_one_that_failed_is_asked(mine, clock):
    request(mine)
    clock(0.9)
    assert request(mine, fails=True) == 0
    clock(1.5)
    assert request(mine) == 1


def test_one_that_was_never_made_is_none_to_trust(mine):
    connections.note_answered()
    connections.trust_what_answered()
    assert not hasattr(mine, "answered_at") and not getattr(mine, "health_check_done", False)


ORDER = """
import django
django.setup()
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from runs.connections import note_answered, trust_what_answered
for signal, mine in ((request_started, trust_what_answered), (request_finished, note_answered)):
    live = list(signal._live_receivers(sender=None)[0])
    print(live.index(close_old_connections) < live.index(mine))
"""


def test_both_hear_of_requests_after_django_which_forgets():
    """In a process of its own: the clients of tests take Django's receiver away and put it back at the end."""
    said = subprocess.run([sys.executable, "-c", ORDER], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "True"]

"""Several workers look at the same events: each is told of once, also when one of them dies with some in its hands."""

import threading
from collections import Counter

import pytest
from django.db import connection

from runs import alerting
from runs.actions import alert_outbox as outbox
from runs.actions.alerts import create_alert
from runs.actions.run import fail_run
from runs.models import AlertMoment, RunEvent
from runs.query import alert_matches
from tests import make

RUNS, WORKERS, AT_ONCE = 60, 4, 3


@pytest.fixture
def seen(monkeypatch):
    """How often each event was looked at."""
    counts: Counter[int] = Counter()
    real = alert_matches.concerned

    def concerned(alerts, events):
        counts.update(event.pk for event in events)
        return real(alerts, events)

    monkeypatch.setattr(alert_matches, "concerned", concerned)
    monkeypatch.setattr(alerting, "EVENTS_AT_ONCE", AT_ONCE)
    return counts


def work(found: list[BaseException]) -> None:
    """A worker that looks until nothing is left that nobody else has."""
    try:
        for _ in range(RUNS):
            alerting.note_events()
    except BaseException as error:
        found.append(error)
    finally:
        connection.close()


def die(ready: threading.Event, go: threading.Event) -> None:
    """A worker that is killed while it looks: its connection ends, and nothing is committed."""
    with pytest.raises(Exception), outbox.unseen_events(AT_ONCE) as events:  # noqa: B017  # as it comes
        assert len(events) == AT_ONCE
        ready.set()
        go.wait(30)
        connection.connection.close()
        raise ConnectionError("killed")
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_workers_that_race_tell_of_each_event_once(workspace, owner, seen):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one worker.")
    runs = [make.run(workspace, f"experiment {place % 3}") for place in range(RUNS)]
    RunEvent.objects.update(processed_at="2030-01-01T00:00:00Z")
    fields = {"statuses": ["failed"], "channel": "app"}
    for experiment in {run.experiment.pk: run.experiment for run in runs}.values():
        create_alert(workspace, by=owner, fields=fields, experiment=experiment)
    create_alert(workspace, by=owner, fields={**fields, "filter": "status = 'Failed'"})
    for run in runs:
        fail_run(run, by=owner)
    told = set(RunEvent.objects.filter(kind="failed").values_list("pk", flat=True))

    ready, go, errors = threading.Event(), threading.Event(), []
    killed = threading.Thread(target=die, args=(ready, go))
    killed.start()
    assert ready.wait(30)
    workers = [threading.Thread(target=work, args=(errors,)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert errors == []
    assert len(seen) == RUNS - AT_ONCE, "what a living worker holds was taken by another"
    go.set()
    killed.join(30)
    work(errors)

    assert errors == [] and set(seen) == told and set(seen.values()) == {1}
    assert not RunEvent.objects.filter(processed_at=None).exists()
    moments = Counter(AlertMoment.objects.values_list("run__public_id", flat=True))
    assert moments == {run.public_id: 2 for run in runs}

"""From 1,000 failures within a minute to the mails about them: `python bench/alerts.py`.

Over real HTTP, a real worker and a real SMTP server. With DATABASE_URL set, on that PostgreSQL.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aiosmtpd.controller import Controller

from bench import machine, server

MINUTE_S, PATIENCE_S, SCRIPTS = 60.0, 300.0, 8
ALERTS = (1, 200)
HEADS = [
    "database",
    "alerts",
    "events",
    "told",
    "mails",
    "event to mail, median s",
    "longest s",
    "cores",
]


class Box:
    """Counts what comes in."""

    def __init__(self) -> None:
        self.count = 0

    async def handle_DATA(self, *_: Any) -> str:
        """Take the letter."""
        self.count += 1
        return "250 OK"


def main() -> None:
    """Let runs fail that one alert watches, then as many that the most alerts watch that a person may have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    arguments = parser.parse_args()
    box, port = Box(), server.free_port()
    receiver = Controller(box, hostname="127.0.0.1", port=port)
    receiver.start()
    with TemporaryDirectory() as folder:
        os.environ |= {"STUDIO_DATA": folder, "DJANGO_SETTINGS_MODULE": "studio.settings"}
        os.environ |= {
            "STUDIO_SMTP_HOST": "127.0.0.1",
            "STUDIO_SMTP_PORT": str(port),
            "STUDIO_SMTP_TLS": "none",
        }
        with server.studio(Path(folder)) as found:
            import django

            django.setup()
            rows = [measure(found, arguments.events, box, alerts) for alerts in ALERTS]
    receiver.stop()
    print(f"{machine.describe()}\n")
    print(machine.table(HEADS, rows))


def measure(found: server.Studio, events: int, box: Box, alerts: int) -> list[str]:
    """Fail so many runs, evenly over a minute, in experiments with an alert each, and return a line of the table."""
    from django.db import connection

    from runs.actions.alerts import create_alert
    from runs.models import Alert, Experiment, User, Workspace

    User.objects.update(email="owner@example.org")
    user, workspace = User.objects.get(), Workspace.objects.get(name=found.workspace)
    names = [f"{alerts}-{number}" for number in range(alerts)]
    with ThreadPoolExecutor(SCRIPTS) as scripts:
        ids = list(scripts.map(lambda place: server.make_run(found, names[place % alerts]), range(events)))
    Alert.objects.all().delete()
    for experiment in Experiment.objects.filter(name__in=names):
        fields = {"statuses": ["failed"], "channel": "email"}
        create_alert(workspace, by=user, fields=fields, experiment=experiment)
    before, cpu, began = box.count, machine.cpu_s(os.getsid(found.pid)), time.monotonic()
    fail_all(found, ids)
    took = wait_for_all(events)
    cores = (machine.cpu_s(os.getsid(found.pid)) - cpu) / (time.monotonic() - began)
    figures = [f"{machine.median(took):.1f}", f"{max(took):.1f}", f"{cores:.2f}"]
    name = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    return [name, str(alerts), str(events), str(len(took)), str(box.count - before), *figures]


def fail_all(found: server.Studio, ids: list[str]) -> None:
    """Tell of one failure after the other, so that the last comes a minute after the first."""
    began = time.monotonic()

    def fail(place: int) -> None:
        time.sleep(max(0.0, began + place * MINUTE_S / len(ids) - time.monotonic()))
        server.post(found, f"runs/{ids[place]}/fail/", {"message": "out of memory"})

    with ThreadPoolExecutor(SCRIPTS) as scripts:
        list(scripts.map(fail, range(len(ids))))


def wait_for_all(events: int) -> list[float]:
    """For each event the seconds until a mail that tells of it had been taken, once all are told."""
    from runs.models import AlertMoment

    until = time.monotonic() + PATIENCE_S
    told = AlertMoment.objects.exclude(delivery__sent_at=None).exclude(delivery=None)
    while told.count() < events and time.monotonic() < until:
        time.sleep(0.5)
    return [(sent - at) / timedelta(seconds=1) for at, sent in told.values_list("at", "delivery__sent_at")]


if __name__ == "__main__":
    main()

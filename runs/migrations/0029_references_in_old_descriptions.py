"""Descriptions that were saved before references became links get theirs, as if they were saved now."""

from django.db import migrations
from django.db.models import Q

TOGETHER = 200
KINDS = ("run:", "experiment:", "view:", "log:")


def redraw(apps, schema_editor):
    """In parts, each row by itself: drawing takes its time, and nobody is to wait for a lock meanwhile."""
    from runs.safe_html import render

    named = Q()
    for kind in KINDS:
        named |= Q(description__icontains=kind)
    for model in ("Run", "Experiment"):
        rows = apps.get_model("runs", model).objects.filter(named).order_by("pk")
        last = 0
        while part := list(rows.filter(pk__gt=last).values_list("pk", "description", "description_html")[:TOGETHER]):
            for number, text, html in part:
                drawn = render(text)
                if drawn != html:
                    # Only while it is this text: somebody may save another one at this moment.
                    rows.filter(pk=number, description=text).update(description_html=drawn)
            last = part[-1][0]


class Migration(migrations.Migration):
    # Each row is its own change, and a second time changes nothing.
    atomic = False

    dependencies = [("runs", "0028_old_events_are_told")]

    operations = [migrations.RunPython(redraw, migrations.RunPython.noop, elidable=True)]

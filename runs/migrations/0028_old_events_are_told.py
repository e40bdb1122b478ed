"""What happened before there were alerts is told to nobody."""

from django.db import migrations
from django.db.models import F


def mark(apps, schema_editor):
    """In parts, so that a large history is not one large change."""
    events = apps.get_model("runs", "RunEvent").objects.filter(processed_at=None)
    while True:
        last = events.order_by("id").values_list("id", flat=True)[9999:10000].first()
        part = events if last is None else events.filter(id__lte=last)
        part.update(processed_at=F("at"))
        if last is None:
            return


class Migration(migrations.Migration):
    dependencies = [("runs", "0027_alerts_and_messages")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]

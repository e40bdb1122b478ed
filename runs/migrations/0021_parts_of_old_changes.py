"""What could be undone before still can: the changes that are kept get their parts."""

from django.db import migrations

TOGETHER = 200


def into_parts(apps, schema_editor):
    """Cut what each run had before into parts."""
    BulkChange, BulkPart = (apps.get_model("runs", name) for name in ("BulkChange", "BulkPart"))
    for change in BulkChange.objects.iterator(chunk_size=20):
        before = change.changes
        change.numbers = [number for number, _ in before]
        change.total = change.taken = change.done = len(before)
        change.ended_at = change.at
        change.save()
        for start in range(0, len(before), TOGETHER):
            BulkPart.objects.create(change=change, start=start, before=before[start : start + TOGETHER])


def back_again(apps, schema_editor):
    """Put the parts together again. What still went on is over."""
    for change in apps.get_model("runs", "BulkChange").objects.iterator(chunk_size=20):
        parts = change.parts.order_by("start").values_list("before", flat=True)
        change.changes = [each for part in parts for each in part]
        change.save()


class Migration(migrations.Migration):
    dependencies = [("runs", "0020_changes_in_parts")]

    operations = [migrations.RunPython(into_parts, back_again, elidable=True)]

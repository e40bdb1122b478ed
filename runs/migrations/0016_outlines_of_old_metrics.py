"""Draws the outlines of metrics that were logged before there were any."""

import numpy as np
from django.db import migrations

from runs.models.metric import unpack
from runs.outline import extended

TEXT = 2  # the codec of segments that hold texts


def draw(apps, schema_editor):
    metrics = apps.get_model("runs", "Metric").objects.filter(count__gt=1, last__isnull=False, outline=None)
    segments = apps.get_model("runs", "Segment").objects
    for metric in metrics.only("pk").iterator(1000):
        found = list(segments.filter(metric=metric.pk).order_by("id").values_list("data", "codec"))
        if found and all(codec != TEXT for _, codec in found):
            values = np.concatenate([unpack(data, codec)[2] for data, codec in found])
            metrics.filter(pk=metric.pk).update(outline=extended(None, 0, values))


class Migration(migrations.Migration):
    dependencies = [("runs", "0015_outlines_of_metrics")]
    operations = [migrations.RunPython(draw, migrations.RunPython.noop, elidable=True)]

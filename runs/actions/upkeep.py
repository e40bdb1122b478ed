"""What the worker tidies: merges segments, forgets old keys and links."""

from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone

from runs import storage
from runs.actions.views import purge_views
from runs.models import BulkChange, IdempotencyKey, LoginLink, Metric, PasswordReset, Segment, SignInFailure
from runs.models.metric import pack, unpack
from runs.transaction import write

# Points of a merged segment: read whole, 8,192 of them cost about half a millisecond.
MERGED_POINTS = 8192
# A spool on a training machine may come back with a batch after a week.
KEYS_KEPT = timedelta(days=8)
# A file that arrives in pieces, and whose sender has not come back.
UPLOADS_KEPT = timedelta(days=8)


def merge_segments(metric_id: int) -> int:
    """Merge a metric's small numeric segments into compressed ones of 8,192 points. Returns how many are left.

    The order of arrival stays: a merged segment takes the place of its first part.
    """
    with write():
        metric = Metric.objects.select_for_update().filter(pk=metric_id).first()
        if metric is None:
            return 0
        for numbers in _groups(metric):
            _merge(list(Segment.objects.filter(pk__in=numbers).order_by("id")))
        metric.segment_count = Segment.objects.filter(metric=metric).count()
        metric.save(update_fields=["segment_count"])
    return metric.segment_count


def _groups(metric: Metric) -> list[list[int]]:
    """The small numeric segments that follow each other, by number; the bytes of all others stay where they are."""
    groups: list[list[int]] = [[]]
    size = 0
    rows = Segment.objects.filter(metric=metric).order_by("id").values_list("pk", "count", "codec")
    for number, count, codec in rows:
        is_small = codec != Segment.TEXT and count < MERGED_POINTS
        if is_small:
            groups[-1].append(number)
            size += count
        if not is_small or size >= MERGED_POINTS:
            groups.append([])
            size = 0
    return [group for group in groups if len(group) > 1]


def merge_run(run_id: int) -> int:
    """Merge the segments of all metrics of a run. Returns how many metrics had several."""
    metric_ids = Metric.objects.filter(run_id=run_id, segment_count__gt=1).values_list("pk", flat=True)
    merged = list(metric_ids)
    for metric_id in merged:
        merge_segments(metric_id)
    return len(merged)


def _merge(group: list[Segment]) -> None:
    parts = [unpack(segment.data, segment.codec) for segment in group]
    steps, times, values = (np.concatenate([part[i] for part in parts]) for i in range(3))
    first = group[0]
    first.count, first.codec = len(values), Segment.COMPRESSED
    first.first_step, first.last_step = int(steps.min()), int(steps.max())
    first.data = pack(steps, times, values, compress=True)
    Segment.objects.filter(pk__in=[segment.pk for segment in group[1:]]).delete()
    first.save(update_fields=["count", "codec", "first_step", "last_step", "data"])


def purge(now: datetime | None = None) -> int:
    """Forget idempotency keys, sign-in links, failures and deleted views that are of no use any more.

    Returns how many.
    """
    now = now or timezone.now()
    day = now - timedelta(days=1)
    return sum(
        [
            storage.forget_uploads((now - UPLOADS_KEPT).timestamp()),
            IdempotencyKey.objects.filter(at__lt=now - KEYS_KEPT).delete()[0],
            LoginLink.objects.filter(expires_at__lt=day).delete()[0],
            PasswordReset.objects.filter(expires_at__lt=day).delete()[0],
            SignInFailure.objects.filter(at__lt=day).delete()[0],
            BulkChange.objects.filter(at__lt=day).delete()[0],
            purge_views(now),
        ]
    )

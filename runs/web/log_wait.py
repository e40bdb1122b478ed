"""Waiting for a log to grow, so that a line is seen a moment after it was printed.

A page asks, and the answer is held back until there is something new: one thread of the server for each page that
watches. There are only so many threads, and a server whose threads all wait hangs; so at most half of them wait, and
whoever comes then is answered at once and told when to ask again.

Held answers rather than an event stream: every answer checks rights anew and can be compressed, a byte that was
missed is asked for again by itself, and proxies that gather an answer before they pass it on do no harm.
"""

import threading
import time
from pathlib import Path

from django.conf import settings

from runs import storage
from runs.models import Artifact, Run

WAIT_S = 20.0
LOOK_EVERY_S = 0.1
ASK_DATABASE_EVERY_S = 2.0
# When to ask again, in milliseconds, for those for whom there was no room.
RETRY_MS = 2000
_room = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


def wait_for_growth(file: Artifact, size: int, *, limit_s: float = WAIT_S) -> bool:
    """Return when the file has another size than this, its run has ended, or the time is up.

    False, at once, when as many wait already as may.
    """
    if file.size != size:
        return True
    if not _room.acquire(blocking=False):
        return False
    try:
        _watch(file, size, time.monotonic() + limit_s)
    finally:
        _room.release()
    return True


def _watch(file: Artifact, size: int, until: float) -> None:
    path = storage.path_of(file.key)
    asked_at = time.monotonic()
    while (now := time.monotonic()) < until:
        # The disk is looked at often, the database only when there is a reason or now and then.
        if _bytes_on(path) > size or now - asked_at > ASK_DATABASE_EVERY_S:
            asked_at = now
            row = Artifact.objects.filter(pk=file.pk).values_list("size", "key").first()
            if row != (size, file.key) or _has_ended(file.run_id):
                return
        time.sleep(LOOK_EVERY_S)


def _bytes_on(path: Path) -> int:
    try:
        return int(path.stat().st_size)
    except FileNotFoundError:
        return 0


def _has_ended(run_id: int | None) -> bool:
    run = Run.objects.only("status").filter(pk=run_id).first() if run_id is not None else None
    return run is None or run.is_ended

"""Makes a repeated request harmless: its key is claimed in the transaction of the change itself."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from runs.models import IdempotencyKey


def claim(scope: str, key: str, *, answer: str = "") -> str | None:
    """Claim the key for this change; None when that worked, else the answer of the change that had it before.

    Of two requests with one key at the same moment the second waits for the first one's transaction: PostgreSQL
    holds its insert back, on SQLite there is one writer.
    """
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(scope=scope, key=key, answer=answer, at=timezone.now())
    except IntegrityError:
        return IdempotencyKey.objects.values_list("answer", flat=True).get(scope=scope, key=key)
    return None

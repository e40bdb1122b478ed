"""When something really happened, by the word of the program that did it: told late, and by a clock of its own."""

from datetime import UTC, datetime, timedelta

# Within this, the server was told at once, and its own clock is as good.
AT_ONCE = timedelta(seconds=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def real_moment(reported: datetime | None, *, sent_at: datetime | None, now: datetime) -> datetime | None:
    """When it happened by the server's clock; None where that is now.

    `sent_at` is what the program's clock said when it sent the report, so that a clock that is wrong does no harm.
    Nothing happens in the future.
    """
    if reported is None:
        return None
    if sent_at is not None:
        reported += now - sent_at
    if reported > now - AT_ONCE or reported < EARLIEST:
        return None
    return reported

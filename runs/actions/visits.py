"""Remembers when a person was here, so that Home can say what is new."""

from datetime import datetime, timedelta

from django.db.models import F

from runs.models import Member

# A look within half an hour of the last one belongs to the same visit.
SAME_VISIT = timedelta(minutes=30)
# Not a write for each look.
NOTED_EVERY = timedelta(minutes=1)


def note_visit(member: Member, *, now: datetime) -> Member:
    """Remember that the member looks at Home now; a new visit begins after half an hour of absence."""
    before = member.seen_at
    if before is not None and now - before < NOTED_EVERY:
        return member
    rows = Member.objects.filter(pk=member.pk, seen_at=before)  # of two looks at once, one begins the visit
    if before is None or now - before < SAME_VISIT:
        rows.update(seen_at=now)
    else:
        rows.update(seen_at=now, seen_before_at=F("seen_at"))
        member.seen_before_at = before
    member.seen_at = now
    return member

"""Keeps guessers out: failures counted by subject, in the database so that every process sees them."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.utils import timezone

from runs.errors import NotAllowed
from runs.models import SignInFailure

WINDOW = timedelta(minutes=15)
SUBJECT_LENGTH = 300


def check_may_try(subjects: Mapping[str, int], refusal: str) -> None:
    """Raise NotAllowed when one of the subjects has as many failures in the last 15 minutes as it may."""
    since = timezone.now() - WINDOW
    for subject, most in subjects.items():
        failures = SignInFailure.objects.filter(subject=subject[:SUBJECT_LENGTH], at__gt=since)
        if failures.count() >= most:
            raise NotAllowed(refusal)


def note_failure(subjects: Iterable[str]) -> None:
    """Count one more failure for each."""
    now = timezone.now()
    SignInFailure.objects.bulk_create(
        SignInFailure(subject=subject[:SUBJECT_LENGTH], at=now) for subject in subjects
    )

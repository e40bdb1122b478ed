"""Earlier texts of a description, and what changed from one to the next."""

from dataclasses import dataclass

from django.db.models import QuerySet

from runs.errors import NotFound
from runs.limits import INTEGER_MAX
from runs.line_diff import Line, differences
from runs.models import DescriptionVersion, Experiment, Run

A_PAGE = 50


@dataclass(frozen=True)
class VersionPage:
    """Some versions without their texts, the newest first; `next_before` asks for those before, None at the end."""

    versions: list[DescriptionVersion]
    next_before: int | None


def list_versions(thing: Run | Experiment, *, before: int | None = None) -> VersionPage:
    """The versions of a description, 50 a page."""
    rows = versions_of(thing).select_related("by").defer("text").order_by("-version")
    if before is not None:
        rows = rows.filter(version__lt=min(before, INTEGER_MAX))
    found = list(rows[: A_PAGE + 1])
    page = found[:A_PAGE]
    return VersionPage(page, page[-1].version if len(found) > A_PAGE else None)


def read_version(thing: Run | Experiment, number: int) -> DescriptionVersion:
    """One version with its text. Raises NotFound."""
    row = None
    if number <= 2**31 - 1:
        row = versions_of(thing).select_related("by").filter(version=number).first()
    if row is None:
        raise NotFound(f"There is no version {number} of this description.")
    return row


def latest_version(thing: Run | Experiment) -> DescriptionVersion | None:
    """Who wrote the present text, and when; None where it was never changed."""
    return versions_of(thing).select_related("by").defer("text").order_by("-version").first()


def changes_of(thing: Run | Experiment, version: DescriptionVersion) -> list[Line]:
    """What this version changed in the one before it."""
    earlier = versions_of(thing).filter(version__lt=version.version).order_by("-version")
    before = earlier.values_list("text", flat=True).first() or ""
    return differences(before, version.text)


def versions_of(thing: Run | Experiment) -> QuerySet[DescriptionVersion]:
    """All versions of its description."""
    if isinstance(thing, Run):
        return DescriptionVersion.objects.filter(run=thing)
    return DescriptionVersion.objects.filter(experiment=thing)

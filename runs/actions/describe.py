"""Descriptions of runs and experiments: written, kept in all their versions, restored."""

from datetime import datetime

from django.utils import timezone

from runs import safe_html
from runs.actions.images import note_images
from runs.errors import Conflict
from runs.limits import clean_description
from runs.models import DescriptionVersion, Experiment, Run, User


def drawn(description: str) -> tuple[str, str]:
    """The checked text and its safe HTML. It may take a second: before any transaction."""
    text = clean_description(description)
    return text, safe_html.render(text)


def write_description(
    thing: Run | Experiment, text: str, html: str, *, by: User, version: int | None
) -> datetime:
    """Put the text in the place of the present one, which stays as a version; inside a transaction. Returns when.

    Raises Conflict with the present `version` when somebody else has changed the text since the one that the editor
    started from.
    """
    if version is not None and version != thing.description_version:
        raise Conflict(
            "Somebody else changed this description while you were writing. Yours is not saved yet.",
            field="description",
            version=thing.description_version,
        )
    now = timezone.now()
    owner = {"run": thing} if isinstance(thing, Run) else {"experiment": thing}
    if thing.description_version == 0 and thing.description:  # written when it was made
        DescriptionVersion.objects.create(
            **owner, version=0, text=thing.description, by_id=thing.created_by_id, at=thing.created_at
        )
        note_images(thing, thing.description)
    thing.description, thing.description_html = text, html
    thing.description_version += 1
    thing.save(update_fields=["description", "description_html", "description_version"])
    DescriptionVersion.objects.create(**owner, version=thing.description_version, text=text, by=by, at=now)
    note_images(thing, text)
    return now

"""Images of descriptions: kept once a workspace, and deleted when no description has shown them for a day."""

import hashlib
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone

from runs import deep_links, storage
from runs.actions import jobs
from runs.models import DescriptionImage, Experiment, ImageUse, Run, User, Workspace
from runs.pictures import redraw
from runs.transaction import write

# Somebody may be writing the description that will show it.
UNUSED_KEPT = timedelta(days=1)
DELETED_TOGETHER = 200
MOST_IN_A_TEXT = 200


def keep_image(workspace: Workspace, body: bytes, *, by: User) -> DescriptionImage:
    """Draw the image anew and keep it; the same one again is the one that is there. Raises Invalid or TooLarge."""
    picture = redraw(body)
    sha256 = hashlib.sha256(picture.body).hexdigest()
    known = DescriptionImage.objects.filter(workspace=workspace, sha256=sha256).first()
    if known is not None:
        # Wanted again: the day in which it may be unused begins anew.
        DescriptionImage.objects.filter(pk=known.pk).update(created_at=timezone.now())
        return known
    stored = storage.write([picture.body])
    try:
        with write():
            return DescriptionImage.objects.create(
                workspace=workspace,
                sha256=sha256,
                key=stored.key,
                content_type=picture.content_type,
                size=stored.size,
                width=picture.width,
                height=picture.height,
                created_by=by,
                created_at=timezone.now(),
            )
    except IntegrityError:  # somebody pasted the same at this moment
        storage.delete(stored.key)
        return DescriptionImage.objects.get(workspace=workspace, sha256=sha256)
    except BaseException:
        storage.delete(stored.key)
        raise


def note_images(thing: Run | Experiment, text: str) -> None:
    """Remember which images the text shows, so that they are kept; inside the transaction that saves it.

    Earlier texts stay readable, so an image once shown is kept as long as the run or experiment.
    """
    hashes = deep_links.images(text)[:MOST_IN_A_TEXT]
    if not hashes:
        return
    owner = {"run": thing} if isinstance(thing, Run) else {"experiment": thing}
    found = DescriptionImage.objects.filter(workspace_id=thing.workspace_id, sha256__in=hashes)
    rows = [ImageUse(image=image, **owner) for image in found.select_for_update()]
    ImageUse.objects.bulk_create(rows, ignore_conflicts=True)


def delete_unused_images(now: datetime | None = None) -> int:
    """Delete the images that no description shows, with their bytes. Returns how many."""
    now = now or timezone.now()
    gone = 0
    old = DescriptionImage.objects.filter(uses=None, created_at__lt=now - UNUSED_KEPT).order_by("pk")
    while numbers := list(old.values_list("pk", flat=True)[:DELETED_TOGETHER]):
        with write():
            # Held, and asked again: a description may have been saved with one of them just now.
            held = DescriptionImage.objects.select_for_update().filter(pk__in=numbers)
            used = set(ImageUse.objects.filter(image__in=numbers).values_list("image_id", flat=True))
            rows = [image for image in held if image.pk not in used]
            jobs.enqueue_deletion(image.key for image in rows)
            DescriptionImage.objects.filter(pk__in=[image.pk for image in rows]).delete()
        gone += len(rows)
        if not rows:
            break
    return gone

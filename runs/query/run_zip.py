"""All files of a run, or of a model that no run made, as one zip.

Read in batches, so that ten thousand files take no more memory than ten.
"""

import re
from collections.abc import Iterator

from django.utils import timezone

from runs import storage, zip_stream
from runs.models import Artifact, LoggedModel, Run
from runs.models.artifact import files_of
from runs.zip_stream import Entry

BATCH = 500
# A file and a folder of the same name can lie in a run, not on a disk; and `C:` begins an absolute path elsewhere.
_DRIVE = re.compile(r"^[A-Za-z]:")


def zip_of(owner: Run | LoggedModel) -> Iterator[bytes]:
    """The files as they are now, a log as far as it has come. One that vanishes meanwhile breaks the download off."""
    return zip_stream.stream(_entries(owner), at=timezone.now())


def _entries(owner: Run | LoggedModel) -> Iterator[Entry]:
    files: set[str] = set()
    after = ""
    while rows := list(files_of(owner).filter(path__gt=after).order_by("path")[:BATCH]):
        for row in rows:
            name = safe_name(row.path, files)
            files.add(name)
            if row.size == 0 or storage.path_of(row.key).exists():
                yield Entry(name, row.key, row.size)
            elif now := Artifact.objects.filter(pk=row.pk).exclude(key=row.key).first():  # replaced just now
                yield Entry(name, now.key, now.size)
        after = rows[-1].path


def safe_name(path: str, files: set[str]) -> str:
    """The path as a name in a zip that leads nowhere else when it is unpacked, and is taken by no other file."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if parts and _DRIVE.match(parts[0]):
        parts[0] = parts[0].replace(":", "_", 1)
    for depth in range(1, len(parts)):
        if "/".join(parts[:depth]) in files:
            parts[depth - 1] += " (folder)"
    name = "/".join(parts) or "file"
    number = 2
    while name in files:
        name, number = f"{'/'.join(parts)} ({number})", number + 1
    return name

"""A tag that holds a list, as JSON, to which entries are added one by one."""

import json
from typing import Any

from runs.actions.organise import set_tags
from runs.actions.presence import hold
from runs.limits import VALUE_LENGTH
from runs.models import Run, Tag, User
from runs.transaction import write


def add_to_tag(run: Run, key: str, entry: Any, *, by: User) -> None:
    """Add the entry to the list in the tag; again changes nothing. Where it grows too long its oldest entries go.

    A tag that holds no list is written anew. Raises Invalid for an entry that alone is too long, Gone for a run that
    was deleted.
    """
    with write():
        hold(run)
        tag = Tag.objects.filter(run=run, name__text=key).first()
        entries = _list(tag.text if tag is not None else None)
        if entry in entries:
            return
        entries.append(entry)
        while len(entries) > 1 and len(json.dumps(entries)) > VALUE_LENGTH:
            del entries[0]
        set_tags(run, {key: json.dumps(entries)}, by=by)


def _list(text: str | None) -> list[Any]:
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []

"""Tags edited where one reads them: what a form asks for, in words, and what takes it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from runs.errors import Conflict
from runs.models import Experiment, Run
from runs.models.name import RESERVED
from runs.query.fields import Source
from runs.query.suggest import suggest_keys
from runs.web import show
from runs.web.said import say

Tags = Mapping[str, str | None]


@dataclass
class TagChange:
    """Tags to set and to remove; what is said of it, and the form that takes it back (none for several at once)."""

    pairs: dict[str, str | None] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    words: str = ""
    undo: dict[str, str] = field(default_factory=dict)


def tag_facts(request: HttpRequest, thing: Run | Experiment, tags: Tags) -> dict[str, Any]:
    """What the card of tags shows; with `tag` in the address that one is open to be changed."""
    opened = request.POST.get("was") or request.GET.get("tag", "")
    facts: dict[str, Any] = {
        "tags": [(key, value) for key, value in tags.items() if not key.startswith(RESERVED)],
        "reserved": [(key, value) for key, value in tags.items() if key.startswith(RESERVED)],
        "tags_url": tags_url(thing),
        "home": _home(thing),
        "was": opened if opened in tags else "",
        "new_key": opened if opened in tags else "",
        "new_value": tags.get(opened) or "",
        "has_lines": "\n" in (tags.get(opened) or ""),
        "keys": [],
    }
    return facts


def keys_to_offer(thing: Run | Experiment) -> list[str]:
    """The keys of the workspace's tags, for the field of a new one."""
    return suggest_keys(thing.workspace, Source.TAG)


def tags_url(thing: Run | Experiment) -> str:
    """Where the form goes."""
    if isinstance(thing, Run):
        return reverse("run_tags", args=[thing.workspace.name, thing.public_id])
    return reverse("experiment_tags", args=[thing.workspace.name, thing.number])


def _home(thing: Run | Experiment) -> str:
    if isinstance(thing, Run):
        return reverse("run", args=[thing.workspace.name, thing.public_id])
    return reverse("experiment", args=[thing.workspace.name, thing.name])


def change_of(sent: QueryDict, now: Tags) -> TagChange:
    """What the form asks for, seen from the tags as they are. Raises Conflict for a new name that is taken."""
    if "key" in sent:
        return _of_many(sent, now)
    if going := sent.get("remove"):
        return _removal(going.replace("\r\n", "\n"), now)
    key, value = _new(sent)
    was = sent.get("was", "")
    if was and was != key and key in now:
        raise Conflict(
            f"There is a tag {key!r} already; change that one, or take another name.", field="new_key"
        )
    if not key and not was:
        return TagChange()
    if was and was != key and was in now:
        back = {"was": key, **_exactly(was, now[was])}
        return TagChange({key: value}, [was], f"The tag {_short(was)} is now {_short(key)}.", back)
    if key in now:
        back = {"was": key, **_exactly(key, now[key])}
        return TagChange({key: value}, [], f"The tag {_short(key)} is changed.", back)
    return TagChange({key: value}, [], f"The tag {_short(key)} is added.", {"remove": key})


def _new(sent: QueryDict) -> tuple[str, str | None]:
    """Key and value as they were typed, without the blanks around; an undo asks for them `exact`ly as they were."""
    key, value = (sent.get(name, "").replace("\r\n", "\n") for name in ("new_key", "new_value"))
    if sent.get("exact"):
        return key, None if sent["exact"] == "none" else value
    return key.strip(), value.strip() or None


def _exactly(key: str, value: str | None) -> dict[str, str]:
    return {"new_key": key, "new_value": value or "", "exact": "none" if value is None else "value"}


def _removal(key: str, now: Tags) -> TagChange:
    if key not in now:
        return TagChange(removed=[key])
    return TagChange({}, [key], f"The tag {_short(key)} is removed.", _exactly(key, now[key]))


def _of_many(sent: QueryDict, now: Tags) -> TagChange:
    """All tags in one form. A field of one line loses line ends: a value that only lost those has not changed."""
    removed = [key for key in sent.getlist("remove") if key]
    pairs: dict[str, str | None] = {}
    for key, value in zip(sent.getlist("key"), sent.getlist("value"), strict=False):
        if key not in removed and _squeezed(value) != _squeezed(now.get(key) or ""):
            pairs[key] = value.strip() or None
    new_key, new_value = _new(sent)
    if new_key:
        pairs[new_key] = new_value
    return TagChange(pairs, removed)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _short(key: str) -> str:
    return f"“{show.clipped(key, 60)}”"


def say_change(request: HttpRequest, thing: Run | Experiment, change: TagChange) -> None:
    """Say what was done, with a way to undo it."""
    if change.words:
        say(request, change.words, undo_url=tags_url(thing), undo=change.undo)

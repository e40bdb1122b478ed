"""Changes people make to keep order: names, descriptions, tags, archive; and what scripts note once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.utils import timezone

from runs.actions import events, search
from runs.actions.describe import drawn, write_description
from runs.actions.names import intern
from runs.actions.outcome import Outcome
from runs.actions.tags import change_tags_of
from runs.errors import Conflict, Invalid
from runs.limits import (
    KEYS_PER_RUN,
    NAME_LENGTH,
    check_mapping,
    check_room,
    clean_key,
    clean_text,
    clean_value,
    number_of,
)
from runs.models import Kind, Name, Param, Property, Run, Tag, User
from runs.transaction import write

Row = TypeVar("Row", bound=Tag | Property | Param)


def edit_run(
    run: Run,
    *,
    by: User,
    display_name: str | None = None,
    description: str | None = None,
    version: int | None = None,
) -> Run:
    """Rename the run, describe it, or both; what is None stays.

    `version` is the description's version that the editor started from: when somebody else has changed it since,
    Conflict is raised and nothing is written.
    """
    if display_name is not None:
        display_name = clean_text(display_name.strip(), "The name", length=NAME_LENGTH, lines=False)
    html = ""
    if description is not None:
        description, html = drawn(description)
    with write():
        row = Run.objects.select_for_update().get(pk=run.pk)
        if display_name is not None and display_name != row.display_name:
            _rename(row, display_name, by=by)
        if description is not None and description != row.description:
            at = write_description(row, description, html, by=by, version=version)
            events.record(row, "described", by=by, at=at, version=row.description_version)
        row.experiment = run.experiment
        search.refresh(row)
    run.display_name, run.description = row.display_name, row.description
    run.description_html, run.description_version = row.description_html, row.description_version
    return run


def _rename(run: Run, name: str, *, by: User) -> None:
    before, run.display_name = run.display_name, name
    run.save(update_fields=["display_name"])
    events.record(run, "renamed", by=by, at=timezone.now(), before=before, after=name)


def set_tags(run: Run, pairs: Mapping[str, Any], *, by: User) -> dict[str, str | None]:
    """Add or change tags; a value may be None. Other tags stay. Returns all tags of the run."""
    wanted = {
        clean_key(key, "tag"): None if value is None else clean_value(value, f"The value of tag {key!r}")
        for key, value in check_mapping(pairs, "tags").items()
    }
    return _tagged(run, wanted, (), by=by)


def change_tags(
    run: Run, *, set_pairs: Mapping[str, Any], remove: Collection[str], by: User
) -> dict[str, str | None]:
    """Remove some tags and set others, together or not at all. Returns all tags of the run."""
    with write():
        remove_tags(run, remove, by=by)
        return set_tags(run, set_pairs, by=by)


def remove_tags(run: Run, keys: Collection[str], *, by: User) -> dict[str, str | None]:
    """Remove tags; a key that is not there is no error. Returns the tags that are left."""
    return _tagged(run, {}, list(_possible(keys)), by=by)


def _possible(keys: Iterable[str]) -> Iterator[str]:
    """Those that a tag can have: of others there is none."""
    for key in keys:
        try:
            yield clean_key(key, "tag")
        except Invalid:
            continue


def _tagged(
    run: Run, put: Mapping[str, str | None], remove: Collection[str], *, by: User
) -> dict[str, str | None]:
    with write():
        change_tags_of([run], [*put, *remove], lambda _run, _had: (put, remove), by=by).check()
        return {row.name.text: row.text for row in _rows(Tag, run)}


def add_properties(run: Run, pairs: Mapping[str, Any], *, by: User) -> dict[str, str]:
    """Add properties, which never change. The same value again is no error; all are added, or none.

    Raises Conflict naming the property and its value.
    """
    return _write_once(Property, Kind.PROPERTY, run, pairs, by=by, kind="property", what="properties")


def add_params(run: Run, pairs: Mapping[str, Any], *, by: User) -> dict[str, str]:
    """Add parameters, the inputs of the run. The same value again is no error, another is a Conflict."""
    return _write_once(Param, Kind.PARAM, run, pairs, by=by, kind="parameter", what="parameters")


def _write_once(
    model: type[Property] | type[Param],
    name_kind: Kind,
    run: Run,
    pairs: Mapping[str, Any],
    *,
    by: User,
    kind: str,
    what: str,
) -> dict[str, str]:
    wanted = {
        clean_key(key, kind): clean_value("none" if value is None else value, f"The value of {kind} {key!r}")
        for key, value in check_mapping(pairs, what).items()
    }
    with write():
        Run.objects.select_for_update().only("id").get(pk=run.pk)
        present = {row.name.text: row.text or "" for row in _rows(model, run)}
        changed = {key: present[key] for key, value in wanted.items() if present.get(key, value) != value}
        for key, before in changed.items():
            raise Conflict(
                f"The {kind} {key!r} of {run.display_name} is {before!r} and cannot be changed"
                f" to {wanted[key]!r}: a {kind} is written once.",
                field=key,
                present=changed,
            )
        new = {key: value for key, value in wanted.items() if key not in present}
        check_room(len(present) + len(new), KEYS_PER_RUN, what)
        if new:
            names = intern(run, name_kind, new)
            _insert(model, run, {names[key]: value for key, value in new.items()})
            events.record(run, f"{what} added", by=by, at=timezone.now(), after=new)
    return present | wanted


def _insert(model: type[Property] | type[Param], run: Run, pairs: Mapping[Name, str]) -> None:
    rows: list[Any] = [_value(model, run, name).put(value) for name, value in pairs.items()]
    for row in rows:
        if isinstance(row, Param):
            row.number = number_of(row.text or "")
    model.objects.bulk_create(rows)


def _rows(model: type[Row], run: Run) -> list[Row]:
    rows: Any = model._default_manager.filter(run=run).select_related("name").order_by("name__text")
    return list(rows)


def _value(model: type[Row], run: Run, name: Name) -> Row:
    return model(run_id=run.pk, experiment_id=run.experiment_id, name=name)


def fill(
    run: Run, *, by: User, tags: Mapping[str, Any], properties: Mapping[str, Any], params: Mapping[str, Any]
) -> None:
    """Give a run that is being made its first values, in the same transaction and under the same rules."""
    if tags:
        set_tags(run, tags, by=by)
    if properties:
        add_properties(run, properties, by=by)
    if params:
        add_params(run, params, by=by)


def archive_run(run: Run, *, by: User) -> Run:
    """Take it out of the lists; it stays readable. Archiving twice is not an error."""
    archive_runs([run], by=by)
    return run


def unarchive_run(run: Run, *, by: User) -> Run:
    """Bring it back into the lists."""
    unarchive_runs([run], by=by)
    return run


def archive_runs(runs: Sequence[Run], *, by: User) -> Outcome:
    """Take all of them out of the lists."""
    waiting = [run for run in runs if run.archived_at is None]
    return _archive(waiting, timezone.now(), "archived", by=by)


def unarchive_runs(runs: Sequence[Run], *, by: User) -> Outcome:
    """Bring all of them back into the lists."""
    waiting = [run for run in runs if run.archived_at is not None]
    return _archive(waiting, None, "unarchived", by=by)


def _archive(runs: Sequence[Run], at: datetime | None, kind: str, *, by: User) -> Outcome:
    numbers = [run.pk for run in runs]
    with write():
        Run.objects.filter(pk__in=numbers).update(archived_at=at)
        events.record_many(runs, kind, by=by, at=timezone.now())
    for run in runs:
        run.archived_at = at
    return Outcome(dict.fromkeys(numbers))

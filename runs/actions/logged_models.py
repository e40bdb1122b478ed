"""Logged models: make, change, delete, restore."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from runs import safe_html
from runs.actions import events
from runs.actions.files import delete_rows
from runs.actions.presence import hold, hold_owner
from runs.actions.trash import KEPT_FOR
from runs.errors import Conflict, Gone, Invalid
from runs.limits import KEYS_PER_RUN, REASON_LENGTH, clean_key, clean_text, clean_value
from runs.models import Experiment, LoggedModel, Run, User
from runs.models.artifact import files_below
from runs.models.logged_model import MODEL_NAME_LENGTH, MODEL_TYPE_LENGTH
from runs.transaction import write

# What MLflow allows in no name of a model, since addresses such as models:/NAME are made of them.
NOT_IN_NAMES = ("/", ":", ".", "%", '"', "'")


def create_logged_model(
    experiment: Experiment,
    name: str,
    *,
    by: User,
    run: Run | None = None,
    model_type: str = "",
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
) -> LoggedModel:
    """A new model, whose files are still to come. One that a run makes is in the run's experiment.

    Raises Invalid for a bad name, Gone for a run that was deleted.
    """
    name = clean_text(name, "The name of a model", length=MODEL_NAME_LENGTH, lines=False)
    if any(each in name for each in NOT_IN_NAMES):
        raise Invalid(f"The name of a model, {name!r}, must not hold any of / : . % \" '", field="name")
    now, kept = timezone.now(), _pairs(tags or {}, "tag")
    model = LoggedModel(
        public_id=f"m-{secrets.token_hex(16)}",
        workspace=experiment.workspace,
        experiment=experiment if run is None else run.experiment,
        run=run,
        name=name,
        model_type=clean_text(model_type, "The type of a model", length=MODEL_TYPE_LENGTH, empty=True),
        tags=kept,
        note_html=_drawn(kept),
        params=_pairs(params or {}, "param"),
        created_by=by,
        created_at=now,
        updated_at=now,
    )
    with write():
        if run is not None:
            hold(run)
        model.save(force_insert=True)
        if run is not None:
            events.record(run, "models added", by=by, at=now, after={name: model.model_type})
    return model


def set_model_status(model: LoggedModel, status: str, message: str = "") -> LoggedModel:
    """Say whether its files have arrived. With MLflow no other change of what it is moves its time."""
    if status not in LoggedModel.STATUSES:
        raise Invalid(f"{status[:40]!r} is no status of a model; take {', '.join(LoggedModel.STATUSES)}.")
    message = clean_text(message, "The message", length=REASON_LENGTH, empty=True)
    values = {"status": status, "status_message": message, "updated_at": timezone.now()}
    return _change(model, lambda row: values)


def set_model_tags(model: LoggedModel, tags: Mapping[str, Any]) -> LoggedModel:
    """Add or change tags; others stay."""
    pairs = _pairs(tags, "tag")
    note = {"note_html": _drawn(pairs)} if LoggedModel.NOTE in pairs else {}
    return _change(model, lambda row: {"tags": _room(row.tags | pairs, "tags")} | note)


def remove_model_tag(model: LoggedModel, key: str) -> LoggedModel:
    """Remove the tag. One that is not there is no error."""
    note = {"note_html": ""} if key == LoggedModel.NOTE else {}
    return _change(
        model, lambda row: {"tags": {name: row.tags[name] for name in row.tags if name != key}} | note
    )


def add_model_params(model: LoggedModel, params: Mapping[str, Any]) -> LoggedModel:
    """Add parameters, which never change. The same again is no error; another value raises Conflict."""
    pairs = _pairs(params, "param")

    def added(row: LoggedModel) -> dict[str, Any]:
        for key in pairs.keys() & row.params.keys():
            if row.params[key] != pairs[key]:
                raise Conflict(f"The parameter {key!r} of this model is {row.params[key]!r} already.")
        return {"params": _room(row.params | pairs, "params")}

    return _change(model, added)


def delete_logged_model(model: LoggedModel, *, by: User) -> LoggedModel:
    """Delete the model: it is found no more, and after 30 days its files go. Twice is no error."""
    with write():
        row = LoggedModel.objects.select_for_update().get(pk=model.pk)
        if row.deleted_at is None:
            row.deleted_at = row.updated_at = timezone.now()
            row.save(update_fields=["deleted_at", "updated_at"])
            if model.run is not None:
                events.record(model.run, "model deleted", by=by, at=row.deleted_at, name=row.name)
    model.deleted_at = row.deleted_at
    return model


def restore_logged_model(model: LoggedModel, *, by: User) -> LoggedModel:
    """Bring back a model that was deleted. Twice is no error.

    Raises Gone once it is deleted for good, and while its run lies in the trash; Conflict while its experiment does.
    """
    with write():
        # As experiments are thrown away: the experiment first, then its runs.
        place = Experiment.objects.select_for_update(no_key=True).filter(pk=model.experiment_id).first()
        if place is not None and place.deleted_at is not None:
            raise Conflict(
                f"The experiment {place.name} lies in the trash: restore it first, then the model {model.name}."
            )
        if model.run is not None:
            hold(model.run)
        row = LoggedModel.objects.select_for_update().filter(pk=model.pk).first()
        if row is None:
            raise Gone(f"The model {model.name} was deleted for good; it cannot come back.")
        if row.deleted_at is not None:
            row.deleted_at, row.updated_at = None, timezone.now()
            row.save(update_fields=["deleted_at", "updated_at"])
            if model.run is not None:
                events.record(model.run, "model restored", by=by, at=row.updated_at, name=row.name)
    model.deleted_at = None
    return model


def delete_old_models(now: datetime | None = None) -> int:
    """Delete for good, with their files, the models that were deleted 30 days ago: how many."""
    now = now or timezone.now()
    gone = 0
    old = LoggedModel.objects.filter(deleted_at__lt=now - KEPT_FOR)
    for model in old.select_related("run").order_by("pk"):
        with write():
            if old.select_for_update().filter(pk=model.pk).first() is None:  # restored just now
                continue
            delete_rows([*files_below(model.run or model, model.folder)])
            model.delete()
            gone += 1
    return gone


def _change(model: LoggedModel, changes: Callable[[LoggedModel], dict[str, Any]]) -> LoggedModel:
    """Give the row, as it is now, these values, while nobody else changes it."""
    with write():
        if model.run is not None:
            hold(model.run)
        hold_owner(model)
        row = LoggedModel.objects.get(pk=model.pk)
        values = changes(row)
        for name, value in values.items():
            setattr(row, name, value)
            setattr(model, name, value)
        row.save(update_fields=[*values])
    return model


def _drawn(tags: Mapping[str, str]) -> str:
    """The note among these tags as safe HTML. It may take a second: before any transaction."""
    note = tags.get(LoggedModel.NOTE, "")
    return safe_html.render(note) if note else ""


def _pairs(pairs: Mapping[str, Any], kind: str) -> dict[str, str]:
    found = {
        clean_key(key, kind): clean_value(value, f"The value of {kind} {key!r}")
        for key, value in pairs.items()
    }
    return _room(found, f"{kind}s")


def _room(pairs: dict[str, str], what: str) -> dict[str, str]:
    if len(pairs) > KEYS_PER_RUN:
        raise Invalid(f"A model holds at most {KEYS_PER_RUN:,} {what}; this would make {len(pairs):,}.")
    return pairs

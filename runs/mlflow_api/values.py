"""What scripts log: metrics, parameters, tags, one by one or in batches."""

from collections import Counter
from typing import Any

from runs.actions.batch import log_batch
from runs.actions.image_names import move_images_aside
from runs.actions.organise import remove_tags
from runs.actions.parents import set_parent
from runs.actions.tracking import OtherFamily
from runs.errors import Conflict
from runs.limits import DESCRIPTION_BYTES, NAME_LENGTH
from runs.mlflow_api.base import Call
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.fields import Fields
from runs.mlflow_api.model_points import points_of_models
from runs.mlflow_api.points import look_closer, one_point, point_of, points_of, read_usual
from runs.mlflow_api.shapes import NAME, NOTE, PARENT, USER
from runs.models import Run
from runs.query.lexer import composed

MOST = {"metrics": 1000, "params": 100, "tags": 100}
MOST_TOGETHER = 1000
PARAM_LENGTH, TAG_LENGTH = 6000, 8000


def tags_of(fields: Fields, *, checked: bool = True) -> dict[str, str]:
    """The tags that were sent; of two of one key the last. Long values are cut.

    MLflow does not look at the keys of a new run, but at all others: `checked`.
    """
    found = {}
    for tag in fields.items("tags"):
        key = tag.key("Tag key") if checked else tag.text("key")
        found[key] = _short(key, tag.text("value", ""))
    return found


def _short(key: str, value: str) -> str:
    """The value of a tag as long as it can be: the description is one, too."""
    if key != NOTE:
        return value[:TAG_LENGTH]
    return value.encode(errors="replace")[:DESCRIPTION_BYTES].decode(errors="ignore")


def name_of(text: str) -> str:
    """A run's name as the studio keeps one, on one line; empty where nothing of it is left."""
    return " ".join(composed(text).split())[:NAME_LENGTH].strip()


def log_metric(call: Call) -> dict[str, Any]:
    """One point."""
    call.run_id()
    key = call.fields.key("Metric name", "name")
    point = point_of(call.fields, key)
    _put(
        call.run_of_script(),
        call,
        points=[one_point(key, point)],
        model_points=points_of_models(call, [(call.fields, key, point)]),
    )
    return {}


def log_parameter(call: Call) -> dict[str, Any]:
    """One parameter."""
    call.run_id()
    key, value = call.fields.key("Param key"), call.fields.text("value", "")[:PARAM_LENGTH]
    run = call.run_of_script()
    try:
        _put(run, call, params={key: value})
    except Conflict as conflict:
        was = _present(conflict).get(composed(key))
        raise Wrong(
            f"Changing param values is not allowed. Param with key='{key}' was already logged with value='{was}'"
            f" for run ID='{run.public_id}'. Attempted logging new value '{value}'."
        ) from None
    return {}


def batch(call: Call) -> dict[str, Any]:
    """Many of each: all of it, or nothing."""
    usual = read_usual(call.request)
    if usual is not None:
        call.fields = usual[0]
    call.run_id()
    fields = call.fields
    counts = {name: len(fields.objects(name)) for name in MOST}
    _check_room(counts if usual is None else counts | {"metrics": len(usual[1].keys)})
    columns, closer = look_closer(fields.objects("metrics")) if usual is None else (usual[1], [])
    points = points_of(columns)
    pairs = [
        (param.key("Param key"), param.text("value", "")[:PARAM_LENGTH]) for param in fields.items("params")
    ]
    params = dict(pairs)
    if twice := [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]:
        raise Wrong(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only one"
            " param value per param key."
        )
    run = call.run_of_script()
    try:
        of_models = points_of_models(call, closer)
        _put(run, call, points=points, model_points=of_models, params=params, tags=tags_of(fields))
    except Conflict as conflict:
        sent = {composed(key): value for key, value in params.items()}
        changed = [
            {"key": key, "old_value": was, "new_value": sent[key]} for key, was in _present(conflict).items()
        ]
        raise Wrong(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run"
            f" ID='{run.public_id}'."
        ) from None
    return {}


def set_tag(call: Call) -> dict[str, Any]:
    """One tag."""
    call.run_id()
    key, value = call.fields.key("Tag key"), call.fields.text("value", "")
    _put(call.run_of_script(), call, tags={key: _short(key, value)})
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    """Remove a tag that is there."""
    key, run, by = call.fields.text("key"), call.run("write"), call.caller.user
    if key == NOTE and run.description:
        log_batch(run, by=by, description="")
    elif key == NAME:  # a run is never without
        return {}
    elif "\x00" not in key and run.tag_set.filter(name__text=key).exists():
        remove_tags(run, [key], by=by)
        if key == PARENT:
            set_parent(run, None, by=by)
    elif key != USER:  # which stands among the tags, too: who sent the run
        raise Wrong(f"No tag with name: {key} in run with id {run.public_id}", "RESOURCE_DOES_NOT_EXIST")
    return {}


def _put(run: Run, call: Call, *, tags: dict[str, str] | None = None, **values: Any) -> None:
    """Write it; the tags that are a run's own name and description become those."""
    sent = tags or {}
    tags = dict(sent)
    name, note = name_of(tags.pop(NAME, "")) or None, tags.pop(NOTE, None)
    by = call.caller.user
    try:
        log_batch(run, by=by, tags=tags, display_name=name, description=note, **values)
    except OtherFamily as taken:
        if not move_images_aside(run, taken.name):
            raise
        _put(run, call, tags=sent, **values)
        return
    if PARENT in tags and (parent := call.parent(tags[PARENT])) is not None:
        set_parent(run, parent, by=call.caller.user)


def _present(conflict: Conflict) -> dict[str, str]:
    found = conflict.details.get("present")
    return dict(found) if isinstance(found, dict) else {}


def _check_room(counts: dict[str, int]) -> None:
    limits = [(name, counts[name], most) for name, most in MOST.items()]
    for name, count, most in [*limits, ("metrics, params, and tags", sum(counts.values()), MOST_TOGETHER)]:
        if count > most:
            raise Wrong(
                f"A batch logging request can contain at most {most} {name}. Got {count} {name}."
                " Please split up {} across multiple requests and try again.".format(name)
            )

"""Parameters, points and tags of one request, all of them or none."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from runs.actions.model_points import ModelPoint, log_model_points
from runs.actions.organise import add_params, edit_run, set_tags
from runs.actions.tracking import Points, log_points
from runs.models import Run, User
from runs.transaction import write


def log_batch(
    run: Run,
    *,
    by: User,
    points: Sequence[Points] = (),
    model_points: Sequence[ModelPoint] = (),
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    display_name: str | None = None,
    description: str | None = None,
) -> None:
    """Write them together; then the name and the description, which may take a second to draw.

    The same again adds nothing: points that are there are left out. Raises Conflict
    for a parameter that has another value.
    """
    # Points alone, as most calls bring them, are one action, which has a transaction of its own.
    with write() if params or model_points or tags else nullcontext():
        if params:
            add_params(run, params, by=by)
        if points:
            log_points(run, points, once=True)
        if model_points:
            log_model_points(run, model_points)
        if tags:
            set_tags(run, tags, by=by)
    if display_name is not None or description is not None:
        edit_run(run, by=by, display_name=display_name, description=description)

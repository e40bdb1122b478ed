"""Changes of experiments."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone

from runs import safe_html
from runs.errors import Invalid, NotFound
from runs.limits import (
    EXPERIMENT_NAME_LENGTH,
    KEYS_PER_RUN,
    check_mapping,
    check_room,
    clean_description,
    clean_key,
    clean_text,
    clean_value,
)
from runs.models import Experiment, ExperimentTag, User, Workspace
from runs.transaction import write


def clean_experiment_name(text: Any) -> str:
    """The name of an experiment: up to 500 characters on one line, no blanks around it.

    Wider than the cloud's rule (letters, digits, hyphens, underscores), because MLflow clients use spaces and
    slashes; `.` and `..` cannot stand in an address.
    """
    name = clean_text(text, "The experiment name", length=EXPERIMENT_NAME_LENGTH, lines=False)
    if name != name.strip() or any(part in (".", "..", "") for part in name.split("/")):
        raise Invalid(
            f"The experiment name {name!r} must not begin or end with a blank or a slash, "
            "nor hold '.', '..' or nothing between slashes.",
            field="experiment",
        )
    return name


def get_or_create_experiment(
    workspace: Workspace, name: Any, *, by: User, description: str = "", tags: Mapping[str, Any] | None = None
) -> tuple[Experiment, bool]:
    """The experiment of that name and whether it was made just now.

    Description and tags count only for a new one. Raises NotFound for one that lies in the trash.
    """
    name = clean_experiment_name(name)
    description = clean_description(description)
    pairs = _clean_tags(tags or {})
    html = safe_html.render(description)
    with write():
        found = Experiment.objects.filter(workspace=workspace, name=name).first()
        if found is None:
            found = _create(workspace, name, by=by, description=description, html=html)
            ExperimentTag.objects.bulk_create(
                ExperimentTag(experiment=found, key=key, value=value) for key, value in pairs.items()
            )
            return found, True
    if found.deleted_at is not None:
        raise NotFound(f"The experiment {name!r} lies in the trash; restore it or choose another name.")
    found.workspace = workspace
    return found, False


def _create(workspace: Workspace, name: str, *, by: User, description: str, html: str) -> Experiment:
    # The row lock of this update makes racing creators queue, so numbers have no gaps and no twins.
    Workspace.objects.filter(pk=workspace.pk).update(last_experiment_number=F("last_experiment_number") + 1)
    raced = Experiment.objects.filter(workspace=workspace, name=name).first()
    if raced is not None:
        return raced
    number = Workspace.objects.values_list("last_experiment_number", flat=True).get(pk=workspace.pk)
    return Experiment.objects.create(
        workspace=workspace,
        number=number,
        name=name,
        description=description,
        description_html=html,
        created_at=timezone.now(),
        created_by=by,
    )


def edit_experiment(
    experiment: Experiment, *, by: User, description: str | None = None, tags: Mapping[str, Any] | None = None
) -> Experiment:
    """Change the description, and set tags; what is None stays."""
    if description is not None:
        experiment.description = clean_description(description)
        experiment.description_html = safe_html.render(experiment.description)
    pairs = _clean_tags(tags or {})
    with write():
        if description is not None:
            experiment.save(update_fields=["description", "description_html"])
        for key, value in pairs.items():
            ExperimentTag.objects.update_or_create(experiment=experiment, key=key, defaults={"value": value})
    return experiment


def archive_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Hide it from the lists. Archiving twice is not an error."""
    if experiment.archived_at is None:
        experiment.archived_at = timezone.now()
        experiment.save(update_fields=["archived_at"])
    return experiment


def restore_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Bring it back into the lists."""
    experiment.archived_at = None
    experiment.save(update_fields=["archived_at"])
    return experiment


def _clean_tags(tags: Mapping[str, Any]) -> dict[str, str | None]:
    tags = check_mapping(tags, "tags")
    check_room(len(tags), KEYS_PER_RUN, "tags")
    return {
        clean_key(key, "tag"): None if value is None else clean_value(value, f"The value of tag {key!r}")
        for key, value in tags.items()
    }

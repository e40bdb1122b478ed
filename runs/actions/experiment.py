"""Changes of experiments."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone

from runs.actions import jobs
from runs.actions.describe import drawn, write_description
from runs.actions.images import note_images
from runs.actions.search import JOB as SEARCH_JOB
from runs.actions.workspace_events import record
from runs.errors import Conflict, Invalid, NotFound
from runs.limits import (
    EXPERIMENT_NAME_LENGTH,
    EXPERIMENT_VALUE_LENGTH,
    KEYS_PER_RUN,
    check_mapping,
    check_room,
    clean_key,
    clean_text,
    clean_value,
)
from runs.models import Experiment, ExperimentTag, User, Workspace
from runs.models.experiment import DEFAULT_EXPERIMENT
from runs.transaction import write


def clean_experiment_name(text: Any) -> str:
    """The name of an experiment: up to 500 characters on one line, no blanks around it.

    Wider than the cloud's rule (letters, digits, hyphens, underscores), because MLflow clients use spaces and
    slashes, as in `/Users/me@example.org/digits`; `.` and `..` cannot stand in an address.
    """
    name = clean_text(text, "The experiment name", length=EXPERIMENT_NAME_LENGTH, lines=False)
    if name != name.strip() or not name.strip("/") or {".", ".."} & {*name.split("/")}:
        raise Invalid(
            f"The experiment name {name!r} must not begin or end with a blank, "
            "nor have '.' or '..' between slashes, nor be of slashes alone.",
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
    description, html = drawn(description)
    pairs = _clean_tags(tags or {})
    with write():
        found = Experiment.objects.filter(workspace=workspace, name=name).first()
        if found is None:
            found = _create(workspace, name, by=by, description=description, html=html)
            ExperimentTag.objects.bulk_create(
                ExperimentTag(experiment=found, key=key, value=value) for key, value in pairs.items()
            )
            note_images(found, description)
            return found, True
    if found.deleted_at is not None:
        raise in_trash(name)
    found.workspace = workspace
    return found, False


def in_trash(name: str) -> NotFound:
    """What is said where somebody wants to log to an experiment in the trash, or to give another one its name."""
    return NotFound(f"The experiment {name!r} lies in the trash; restore it or choose another name.")


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


def ensure_default_experiment(workspace: Workspace, *, by: User) -> Experiment:
    """The experiment `Default` of the number 0, where MLflow clients log that name none; made when it is missing.

    One that is called so already is taken, whatever its number.
    """
    with write():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        known = Experiment.objects.filter(workspace=workspace)
        found = known.filter(number=0).first() or known.filter(name=DEFAULT_EXPERIMENT).first()
        if found is None:
            found = Experiment.objects.create(
                workspace=workspace,
                number=0,
                name=DEFAULT_EXPERIMENT,
                created_at=timezone.now(),
                created_by=by,
            )
    found.workspace = workspace
    return found


def create_experiment(
    workspace: Workspace, name: Any, *, by: User, description: str = "", tags: Mapping[str, Any] | None = None
) -> Experiment:
    """A new experiment. Raises Conflict when there is one of that name, also in the archive or the trash."""
    try:
        made, is_new = get_or_create_experiment(workspace, name, by=by, description=description, tags=tags)
    except NotFound as refusal:
        raise Conflict(refusal.message, field="name") from None
    if not is_new:
        raise _taken(made)
    return made


def _taken(experiment: Experiment) -> Conflict:
    if experiment.deleted_at is not None:
        return Conflict(in_trash(experiment.name).message, field="name")
    where = ", in the archive" if experiment.archived_at else ""
    return Conflict(f"There is an experiment {experiment.name!r} already{where}.", field="name")


def rename_experiment(experiment: Experiment, name: Any, *, by: User) -> Experiment:
    """Give it another name. The same name again is not an error.

    Its number stays, and with it all that knows it by number. Addresses, filters and scripts with the old name do
    not find it any more: a script makes a new experiment of that name. Raises Conflict when the name is taken, also
    by one in the archive or the trash, and when the experiment lies in the trash itself.
    """
    name = clean_experiment_name(name)
    with write():
        # The same lock as that of creators: of two who want one name the second is refused.
        workspace = Workspace.objects.select_for_update().get(pk=experiment.workspace_id)
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        before = row.name
        if row.deleted_at is not None:
            raise Conflict(f"The experiment {before!r} lies in the trash; restore it before you rename it.")
        if name != before:
            other = Experiment.objects.filter(workspace=workspace, name=name).first()
            if other is not None:
                raise _taken(other)
            row.name, row.changed_at = name, timezone.now()
            row.save(update_fields=["name", "changed_at"])
            # The search of each run knows it, too. A job for each name: the one before may be half-way through.
            jobs.enqueue(SEARCH_JOB, {"experiment": row.pk})
            record(workspace, "experiment renamed", by=by, before=before, after=name)
    experiment.name, experiment.changed_at = row.name, row.changed_at
    return experiment


def edit_experiment(
    experiment: Experiment,
    *,
    by: User,
    description: str | None = None,
    version: int | None = None,
    tags: Mapping[str, Any] | None = None,
    remove_tags: Collection[str] = (),
) -> Experiment:
    """Change the description, set tags and remove tags, together or not at all; what is None stays.

    `version` is the description's version that the editor started from: when somebody else has changed it since,
    Conflict is raised and nothing is written. A tag that is both removed and set is set.
    """
    html = ""
    if description is not None:
        description, html = drawn(description)
    pairs = _clean_tags(tags or {})
    with write():
        row = Experiment.objects.select_for_update().get(pk=experiment.pk)
        if description is not None and description != row.description:
            write_description(row, description, html, by=by, version=version)
        _change_tags(row, pairs, remove_tags)
        if description is not None or pairs or remove_tags:
            row.changed_at = timezone.now()
            row.save(update_fields=["changed_at"])
    experiment.description, experiment.description_html = row.description, row.description_html
    experiment.description_version, experiment.changed_at = row.description_version, row.changed_at
    return experiment


def _change_tags(experiment: Experiment, pairs: Mapping[str, str | None], remove: Collection[str]) -> None:
    if remove:
        ExperimentTag.objects.filter(experiment=experiment, key__in=remove).delete()
    if not pairs:
        return
    keys = set(ExperimentTag.objects.filter(experiment=experiment).values_list("key", flat=True))
    if len(keys | pairs.keys()) > KEYS_PER_RUN:
        raise Invalid(f"An experiment holds at most {KEYS_PER_RUN:,} tags.", field="tags")
    ExperimentTag.objects.bulk_create(
        [ExperimentTag(experiment=experiment, key=key, value=value) for key, value in pairs.items()],
        update_conflicts=True,
        unique_fields=["experiment", "key"],
        update_fields=["value"],
    )


def archive_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Take it out of the list of experiments. Archiving twice is not an error.

    Its runs stay where they are, in All runs and in searches, and scripts may log new ones to it: a training that
    goes on must not fail because somebody tidied up.
    """
    if experiment.archived_at is None:
        experiment.archived_at = experiment.changed_at = timezone.now()
        experiment.save(update_fields=["archived_at", "changed_at"])
    return experiment


def restore_experiment(experiment: Experiment, *, by: User) -> Experiment:
    """Bring it back into the list. Restoring twice is not an error."""
    if experiment.archived_at is not None:
        experiment.archived_at, experiment.changed_at = None, timezone.now()
        experiment.save(update_fields=["archived_at", "changed_at"])
    return experiment


def _clean_tags(tags: Mapping[str, Any]) -> dict[str, str | None]:
    tags = check_mapping(tags, "tags")
    check_room(len(tags), KEYS_PER_RUN, "tags")
    return {clean_key(key, "tag"): _clean_value(key, value) for key, value in tags.items()}


def _clean_value(key: Any, value: Any) -> str | None:
    if value is None:
        return None
    return clean_value(value, f"The value of tag {key!r}", EXPERIMENT_VALUE_LENGTH)

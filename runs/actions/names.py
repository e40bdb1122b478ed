"""Interns keys: each name of a tag, property, parameter or metric stands once per workspace."""

from collections.abc import Collection

from runs.models import ExperimentName, Kind, Name, Run
from runs.models.name import SYSTEM


def intern(run: Run, kind: Kind, texts: Collection[str]) -> dict[str, Name]:
    """The Name row of each text, made where it is new; the run's experiment is noted as having it.

    Inside a write transaction: two racing callers agree through the unique constraint.
    """
    found = {name.text: name for name in _find(run, kind, texts)}
    new = [text for text in texts if text not in found]
    if new:
        rows = [Name(workspace_id=run.workspace_id, kind=kind, text=text) for text in sorted(set(new))]
        Name.objects.bulk_create(rows, ignore_conflicts=True)
        found |= {name.text: name for name in _find(run, kind, new)}
    # Samples of the machine are no choice of columns or charts.
    _note(run, [name.pk for name in found.values() if not name.text.startswith(SYSTEM)])
    return found


def _find(run: Run, kind: Kind, texts: Collection[str]) -> list[Name]:
    return list(Name.objects.filter(workspace_id=run.workspace_id, kind=kind, text__in=list(texts)))


def _note(run: Run, name_ids: list[int]) -> None:
    known = ExperimentName.objects.filter(experiment_id=run.experiment_id, name_id__in=name_ids)
    missing = set(name_ids) - set(known.values_list("name_id", flat=True))
    ExperimentName.objects.bulk_create(
        [ExperimentName(experiment_id=run.experiment_id, name_id=pk) for pk in sorted(missing)],
        ignore_conflicts=True,
    )

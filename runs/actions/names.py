"""Interns keys: each name of a tag, property, parameter or metric stands once per workspace."""

from collections.abc import Collection, Sequence
from itertools import product

from runs.models import ExperimentName, Kind, Name, Run
from runs.models.name import SYSTEM


def intern(run: Run, kind: Kind, texts: Collection[str]) -> dict[str, Name]:
    """The Name row of each text, made where it is new; the run's experiment is noted as having it.

    Inside a write transaction: two racing callers agree through the unique constraint.
    """
    return intern_for([run], kind, texts)


def intern_for(runs: Sequence[Run], kind: Kind, texts: Collection[str]) -> dict[str, Name]:
    """The same for runs of one workspace that all get these."""
    workspace_id = runs[0].workspace_id
    found = {name.text: name for name in _find(workspace_id, kind, texts)}
    new = [text for text in texts if text not in found]
    if new:
        rows = [Name(workspace_id=workspace_id, kind=kind, text=text) for text in sorted(set(new))]
        Name.objects.bulk_create(rows, ignore_conflicts=True)
        found |= {name.text: name for name in _find(workspace_id, kind, new)}
    # Samples of the machine are no choice of columns or charts.
    numbers = [name.pk for name in found.values() if not name.text.startswith(SYSTEM)]
    _note({run.experiment_id for run in runs}, numbers)
    return found


def _find(workspace_id: int, kind: Kind, texts: Collection[str]) -> list[Name]:
    return list(Name.objects.filter(workspace_id=workspace_id, kind=kind, text__in=list(texts)))


def _note(experiments: set[int], name_ids: list[int]) -> None:
    known = ExperimentName.objects.filter(experiment__in=experiments, name__in=name_ids)
    present = set(known.values_list("experiment_id", "name_id"))
    missing = sorted(set(product(experiments, name_ids)) - present)
    ExperimentName.objects.bulk_create(
        [ExperimentName(experiment_id=number, name_id=name_id) for number, name_id in missing],
        ignore_conflicts=True,
    )

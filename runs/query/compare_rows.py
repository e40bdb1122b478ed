"""A row of a comparison: one fact of all runs, and the facts that stand in the runs themselves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from runs.limits import number_of
from runs.models import Run

Value = float | str | datetime | None


@dataclass(frozen=True)
class Cell:
    """One run's value; of a metric with several points its least and largest too, and how many there are."""

    value: Value = None
    low: float | None = None
    high: float | None = None
    count: int = 0

    @property
    def number(self) -> float | None:
        """The value as a number, where it is or spells one."""
        if isinstance(self.value, str):
            return number_of(self.value)
        return self.value if isinstance(self.value, float) else None


@dataclass(frozen=True)
class Row:
    """One fact of all runs, a cell for each in their order."""

    key: str
    label: str
    cells: list[Cell]
    is_duration: bool = False

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same here; a missing value is another one."""
        return any(cell != self.cells[0] for cell in self.cells[1:])


def facts_of(runs: Sequence[Run], now: datetime) -> Iterator[Row]:
    """What every run has, as far as any of these has it."""
    values: dict[str, tuple[str, Callable[[Run], Value]]] = {
        "status": ("Status", lambda run: run.status),
        "reason": ("Reason", lambda run: run.status_reason),
        "experiment": ("Experiment", lambda run: run.experiment.name),
        "created": ("Submitted", lambda run: run.created_at),
        "created_by": ("Submitted by", lambda run: run.created_by.username if run.created_by else None),
        "duration": ("Duration", lambda run: run.seconds(now)),
        "target": ("Compute target", lambda run: run.target),
        "type": ("Type", lambda run: run.run_type),
        "parent": ("Parent run", lambda run: run.parent.display_name if run.parent else None),
        "script": ("Script", lambda run: run.script),
        "arguments": ("Arguments", lambda run: " ".join(_quoted(str(each)) for each in run.arguments)),
    }
    for key, (label, read) in values.items():
        cells = [Cell(read(run) or None) for run in runs]
        if any(cell.value is not None for cell in cells):
            yield Row(key, label, cells, is_duration=key == "duration")


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument or not argument else argument

"""A row of a comparison: one fact of all runs, and what stands in the runs themselves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from runs.definition import read_definition
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
        "arguments": ("Arguments", lambda run: _line(run.arguments)),
    }
    for key, (label, read) in values.items():
        cells = [Cell(read(run) or None) for run in runs]
        if any(cell.value is not None for cell in cells):
            yield Row(key, label, cells, is_duration=key == "duration")


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument or not argument else argument


def environment_of(runs: Sequence[Run]) -> Iterator[Row]:
    """How submitted runs were executed: interpreter, command, resources, variables. Nothing of others."""
    found = [_environment(run) for run in runs]
    labels = {key: label for each in found for key, (label, _) in each.items()}
    for key, label in labels.items():
        yield Row(
            f"environment.{key}", label, [Cell(each[key][1]) if key in each else Cell() for each in found]
        )


def _environment(run: Run) -> dict[str, tuple[str, Value]]:
    if not run.definition:
        return {}
    made = read_definition(run.definition)
    command = made.command if isinstance(made.command, str) else _line(made.command or ())
    facts: dict[str, tuple[str, Value]] = {"interpreter": ("Interpreter", made.interpreter)}
    if command:
        facts["command"] = ("Command", command)
    for name, asked in asdict(made.resources).items():
        if asked is not None:
            value = float(asked) if isinstance(asked, int) else str(asked)
            facts[f"resources.{name}"] = (_RESOURCES.get(name, name), value)
    return facts | {f"variables.{name}": (name, made.environment[name]) for name in sorted(made.environment)}


_RESOURCES = {
    "cpus": "Processors",
    "gpus": "GPUs",
    "memory_mb": "Memory, MB",
    "time_s": "Time at most, seconds",
    "queue": "Queue",
}


def _line(words: Sequence[object]) -> str:
    return " ".join(_quoted(str(each)) for each in words)

"""What is executed for a submitted run, whoever executes it and wherever. Knows no database.

A run is submitted when it has such a definition; one that was begun by its own program has none. It is stored in two
places, both written once, when the run is made:

- columns of the run that people see and search: `script` (a path in the snapshot), `arguments` (a list of texts),
  `target` (the name of the compute target, `local` for the machine that submitted it) and `snapshot`;
- `Run.definition`, a JSON object with the keys of `Definition`, in the shape that `clean_definition` returns.

`studio run exec RUN_ID` reads it all at `GET runs/ID/definition/`. An engine needs only `resources` of it.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from runs.errors import Invalid
from runs.limits import check_mapping, clean_text

TEXT_LENGTH = 32_000
MOST_VARIABLES, MOST_WORDS = 1000, 10_000
LONGEST_S = 366 * 24 * 3600
# Nothing stays between running and canceled for longer than two minutes: see runs/actions/cancel_deadline.py.
LONGEST_GRACE_S = 60
# Handed to each script by whoever executes it; a token in a definition would be read by the whole workspace.
RESERVED = frozenset({"STUDIO_TOKEN", "STUDIO_URL", "STUDIO_RUN_ID"})
_VARIABLE = re.compile(r"[A-Za-z_]\w{0,255}", re.ASCII)


@dataclass(frozen=True)
class Resources:
    """What a run asks an engine for; null is what the target gives by itself."""

    cpus: int | None = None
    gpus: int | None = None
    memory_mb: int | None = None
    # How long the engine lets the job run, queueing not counted.
    time_s: int | None = None
    # The queue or partition.
    queue: str | None = None


@dataclass(frozen=True)
class Definition:
    """How the run's script is executed; the script and its arguments are columns of the run."""

    # A line for the shell, or words that are started as they are. Null: the script with its arguments.
    command: str | list[str] | None = None
    # "python" is the Python of whoever executes the run; else a path or name of a program there.
    interpreter: str = "python"
    environment: dict[str, str] = field(default_factory=dict)
    # The script is stopped, and the run Failed, after so long.
    max_run_duration_seconds: int | None = None
    # How long a script that is stopped has from SIGTERM to SIGKILL. Null: what its supervisor takes, 10 s.
    cancel_grace_seconds: float | None = None
    resources: Resources = field(default_factory=Resources)


def clean_definition(given: Any) -> dict[str, Any]:
    """The definition as it is stored: every key of `Definition`. Raises Invalid naming the field."""
    sent = _known_keys(given, "definition", Definition)
    made = Definition(
        command=_command(sent.get("command")),
        interpreter=_text(sent.get("interpreter") or "python", "definition.interpreter"),
        environment=_environment(sent.get("environment") or {}),
        max_run_duration_seconds=_whole(
            sent.get("max_run_duration_seconds"), "definition.max_run_duration_seconds", most=LONGEST_S
        ),
        cancel_grace_seconds=_seconds(sent.get("cancel_grace_seconds"), "definition.cancel_grace_seconds"),
        resources=_resources(sent.get("resources") or {}),
    )
    return asdict(made)


def read_definition(stored: Mapping[str, Any]) -> Definition:
    """The definition that was stored. Keys that a later version added to it are left alone."""
    known = {name: stored[name] for name in Definition.__dataclass_fields__ if name in stored}
    resources = known.pop("resources", None) or {}
    own = {name: resources[name] for name in Resources.__dataclass_fields__ if name in resources}
    return Definition(**known, resources=Resources(**own))


def _known_keys(given: Any, name: str, shape: type) -> Mapping[str, Any]:
    known = [*shape.__dataclass_fields__]  # type: ignore[attr-defined]  # a dataclass
    sent = check_mapping(given, name)
    unknown = next((key for key in sent if key not in known), None)
    if unknown is not None:
        raise Invalid(f"{name} has no {str(unknown)[:40]!r}; it has {', '.join(known)}.", field=name)
    return sent


def _command(given: Any) -> str | list[str] | None:
    if given is None or isinstance(given, str):
        return None if given is None else _text(given, "definition.command")
    if not isinstance(given, list) or not 0 < len(given) <= MOST_WORDS:
        raise Invalid(
            "definition.command is a line for the shell, or a list of words.", field="definition.command"
        )
    first, *rest = given
    words = [
        clean_text(word, "definition.command", length=TEXT_LENGTH, empty=True, exact=True) for word in rest
    ]
    return [_text(first, "definition.command"), *words]


def _environment(given: Any) -> dict[str, str]:
    pairs = check_mapping(given, "definition.environment")
    if len(pairs) > MOST_VARIABLES:
        raise Invalid(f"At most {MOST_VARIABLES:,} environment variables.", field="definition.environment")
    for name in pairs:
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise Invalid(
                f"{str(name)[:60]!r} is no name of an environment variable: letters, digits and '_', no digit first.",
                field="definition.environment",
            )
        if name in RESERVED:
            raise Invalid(
                f"{name} is set for each run by whoever executes it; leave it out.",
                field="definition.environment",
            )
    return {
        name: clean_text(value, f"definition.environment.{name}", length=TEXT_LENGTH, empty=True, exact=True)
        for name, value in pairs.items()
    }


def _resources(given: Any) -> Resources:
    sent = _known_keys(given, "definition.resources", Resources)
    numbers = {
        name: _whole(sent.get(name), f"definition.resources.{name}", least=0 if name == "gpus" else 1)
        for name in ("cpus", "gpus", "memory_mb", "time_s")
    }
    queue = sent.get("queue")
    if queue is not None:
        queue = clean_text(queue, "definition.resources.queue", length=256, lines=False)
    return Resources(**numbers, queue=queue)


def _text(given: Any, name: str) -> str:
    return clean_text(given, name, length=TEXT_LENGTH, exact=True)


def _whole(given: Any, name: str, *, least: int = 1, most: int = 2**31 - 1) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise Invalid(f"{name} is a whole number from {least:,} to {most:,}.", field=name)
    return given


def _seconds(given: Any, name: str) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= LONGEST_GRACE_S:
        said = "as a cancel that nobody confirms is enforced within two minutes"
        raise Invalid(f"{name} is a number of seconds from 0 to {LONGEST_GRACE_S}, {said}.", field=name)
    return given

"""A small workspace with every awkward value."""

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from runs.actions.search import search_text
from runs.lifecycle import Status, is_ended
from runs.limits import number_of
from runs.models import (
    Experiment,
    Kind,
    Metric,
    Name,
    Param,
    Property,
    Run,
    RunSearch,
    Star,
    Tag,
    User,
    Workspace,
)
from runs.models.metric import spelled
from tests import make

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG = "long " * 60  # 300 characters: past what the index holds
SERIES: list[list[float]] = [
    [0.5],
    [0.5, 0.25, 0.125],
    [math.nan],
    [1.0, math.nan],
    [math.inf],
    [-math.inf, 2.0],
    [-1.0, 0.0, 1.0],
    [1e300],
]
TAGS = [
    "vision",
    "Vision",
    "text",
    "100%",
    "a_b",
    "aXb",
    "éclair",
    "ÉCLAIR",
    "",
    None,
    LONG,
    LONG + "more",
    "it's",
]
PARAMS = ["0.1", "0.10", "0.01", "adam", "1e-3", "nan", "", "-5", LONG]


@dataclass(repr=False)
class Sample:
    """One run, as plain values. A missing key is a missing value."""

    run: Run
    tags: dict[str, str | None] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    starred: bool = False

    @property
    def text(self) -> str:
        return search_text(self.run, self.tags.items())


class Samples(list[Sample]):
    """Runs that print short."""

    def __repr__(self) -> str:
        return f"<{len(self)} runs>"


def fill(space: Workspace, viewer: User, *, runs: int = 60, seed: int = 1, prefix: str = "run") -> Samples:
    """Write the runs, newest last, by bulk; the same for the same seed."""
    dice = random.Random(seed)
    people = [viewer, User.objects.filter(username="ada").first() or make.user("ada"), None]
    experiments = [make.experiment(space, name, by=viewer) for name in ("digits", "Digits two", "héron")]
    samples = [
        Sample(_run(space, prefix, number, dice, experiments, people)) for number in range(1, runs + 1)
    ]
    Run.objects.bulk_create([sample.run for sample in samples])
    for sample in samples:
        older = [s.run for s in samples if s.run.pk < sample.run.pk and s.run.parent_id is None]
        if older and dice.random() < 0.3:
            sample.run.parent = dice.choice(older)
            sample.run.root_id = sample.run.parent.pk
        sample.starred = dice.random() < 0.2
        for key in ("team", "fold"):
            if dice.random() < 0.7:
                sample.tags[key] = dice.choice(TAGS)
        for key in ("lr", "opt"):
            if dice.random() < 0.7:
                sample.params[key] = dice.choice(PARAMS)
        if dice.random() < 0.5:
            sample.properties["commit"] = dice.choice(["a1", "b2"])
        for key in ("loss", "acc"):
            if dice.random() < 0.7:
                sample.metrics[key] = dice.choice(SERIES)
    Run.objects.bulk_update([sample.run for sample in samples], ["parent", "root"])
    _write_values(space, viewer, samples)
    return Samples(samples)


def _run(
    space: Workspace,
    prefix: str,
    number: int,
    dice: random.Random,
    experiments: list[Experiment],
    people: Any,
) -> Run:
    created = NOW - timedelta(hours=dice.choice([1, 1, 30, 200, number]))
    status = dice.choice([Status.RUNNING, Status.COMPLETED, Status.FAILED, Status.CANCELED, Status.QUEUED])
    started = created + timedelta(minutes=1) if status != Status.QUEUED else None
    ended = started + timedelta(minutes=dice.choice([1, 5, 90])) if started and is_ended(status) else None
    return Run(
        public_id=f"{prefix}_{number}",
        workspace=space,
        experiment=dice.choice(experiments),
        number=number,
        display_name=dice.choice(["Run 1", "bert large", "Ünder_way", "50% done"]),
        description=dice.choice(["", "", "baseline of the team", "Über alles"]),
        run_type=dice.choice(["", "sweep"]),
        target=dice.choice(["", "local", "gpu"]),
        status=status.value,
        created_by=dice.choice(people),
        created_at=created,
        started_at=started,
        ended_at=ended,
        duration_s=(ended - started).total_seconds() if started and ended else None,
        archived_at=NOW if dice.random() < 0.15 else None,
        deleted_at=NOW if dice.random() < 0.1 else None,
    )


def _write_values(space: Workspace, viewer: User, samples: list[Sample]) -> None:
    names = {}
    for kind, keys in {
        Kind.TAG: ("team", "fold"),
        Kind.PARAM: ("lr", "opt"),
        Kind.PROPERTY: ("commit",),
        Kind.METRIC: ("loss", "acc"),
    }.items():
        for key in keys:
            names[kind, key] = Name.objects.create(workspace=space, kind=kind, text=key)
    rows: dict[type, list[Any]] = {Tag: [], Property: [], Param: [], Metric: []}
    for sample in samples:
        own = {"run": sample.run, "experiment_id": sample.run.experiment_id}
        for key, tag in sample.tags.items():
            rows[Tag].append(Tag(name=names[Kind.TAG, key], **own).put(tag))
        for key, text in sample.properties.items():
            rows[Property].append(Property(name=names[Kind.PROPERTY, key], **own).put(text))
        for key, text in sample.params.items():
            rows[Param].append(Param(name=names[Kind.PARAM, key], number=number_of(text), **own).put(text))
        for key, values in sample.metrics.items():
            rows[Metric].append(Metric(name=names[Kind.METRIC, key], **own, **summary(values)))
    for model, made in rows.items():
        model._default_manager.bulk_create(made)  # type: ignore[attr-defined]
    RunSearch.objects.bulk_create(RunSearch(run=sample.run, text=sample.text) for sample in samples)
    Star.objects.bulk_create(Star(user=viewer, run=s.run, at=NOW) for s in samples if s.starred)


def summary(values: list[float]) -> dict[str, Any]:
    """The summary columns of a metric with these values."""
    finite = [value for value in values if math.isfinite(value)]
    last = values[-1]
    return {
        "count": len(values),
        "finite_count": len(finite),
        "total": math.fsum(finite),
        "last": last if math.isfinite(last) else None,
        "last_text": None if math.isfinite(last) else spelled(last),
        "first": values[0] if math.isfinite(values[0]) else None,
        "min": min(finite, default=None),
        "max": max(finite, default=None),
    }

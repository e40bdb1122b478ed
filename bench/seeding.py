"""Fills a workspace with runs in bulk: 25 values each, with everything that lists, filters and counters look at.

Left out are points (a seeded metric has its summary only), files and events.
"""

import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import connection, transaction
from django.db.models import Max

from bench import bulk, invented
from bench.bulk import Same
from bench.invented import Shape
from runs import safe_html
from runs.actions import members
from runs.actions import workspace as people
from runs.actions.experiment import get_or_create_experiment
from runs.limits import number_of
from runs.models import (
    Experiment,
    ExperimentName,
    Kind,
    Metric,
    Name,
    Param,
    Run,
    RunCount,
    RunSearch,
    Tag,
    User,
    Workspace,
)

BATCH = 20_000
# Below this, making the indexes anew costs more than keeping them.
SET_INDEXES_ASIDE_FROM = 20_000
VALUE_TABLES = [Metric, Param, Tag]


def fill(
    workspace: Workspace,
    *,
    by: User,
    runs: int,
    experiments: int = invented.EXPERIMENTS,
    seed: int,
    until: datetime,
) -> None:
    """Add the runs, created in the year before `until`; the same seed in an equal database gives the same runs."""
    began = time.perf_counter()
    seeding = Seeding(workspace, by, runs, experiments, seed, until)
    if runs < SET_INDEXES_ASIDE_FROM:
        seeding.write()
    else:
        with bulk.without_indexes([Run, RunSearch, *VALUE_TABLES]):
            seeding.write()
            print(f"rows written after {time.perf_counter() - began:.0f} s", flush=True)
    seeding.count()
    bulk.finish([Run, *VALUE_TABLES])
    print(f"{runs:,} runs written in {time.perf_counter() - began:.0f} s", flush=True)


class Seeding:
    """One filling of one workspace."""

    def __init__(
        self, workspace: Workspace, by: User, runs: int, experiments: int, seed: int, until: datetime
    ) -> None:
        self.workspace, self.runs, self.until = workspace, runs, until
        self.first_id = 1 + (Run.objects.aggregate(Max("id"))["id__max"] or 0)
        # A second filling of the same database must not give the same ids.
        self.random = np.random.default_rng([seed, self.first_id])
        self.shape: Shape = invented.make_shape(
            runs, experiments=experiments, until=until, random=self.random
        )
        self.statuses = invented.make_statuses(self.shape, until=until, random=self.random)
        self.people = [by, *_colleagues(workspace, by)]
        self.experiments = _experiments(workspace, by, experiments)
        self.names = _names(workspace)
        last = np.array([experiment.last_run_number for experiment in self.experiments])
        self.numbers = last[self.shape.experiment] + invented.numbers_within(self.shape.experiment)
        self.experiment_ids = np.array([experiment.pk for experiment in self.experiments])
        texts = set(invented.make_descriptions(1000, random=np.random.default_rng(0)))
        self.html = {text: safe_html.render(text) for text in sorted(texts)}

    def write(self) -> None:
        """Write the runs with their values, 20,000 a transaction."""
        for start in range(0, self.runs, BATCH):
            with transaction.atomic():
                self._write_batch(slice(start, min(start + BATCH, self.runs)))
            if start % (10 * BATCH) == 0 and self.runs > BATCH:
                print(f"  {start:,} of {self.runs:,} runs", flush=True)

    def _write_batch(self, rows: slice) -> None:
        ids = (self.first_id + np.arange(rows.start, rows.stop)).tolist()
        tags = invented.make_tags(len(ids), random=self.random)
        texts = self._write_runs(rows, ids)
        self._write_values(rows, ids, tags)
        lines = zip(*texts, *tags, strict=True)
        bulk.insert(RunSearch, {"run_id": ids, "text": [_search_text(*line) for line in lines]})

    def _write_runs(self, rows: slice, ids: list[int]) -> tuple[list[str], ...]:
        """Returns what the search looks through: name, number, id, experiment, submitter and description."""
        n, random = len(ids), self.random
        names = invented.make_names(n, random=random)
        public_ids = invented.make_public_ids(n, random=random)
        descriptions = invented.make_descriptions(n, random=random)
        submitters = random.integers(0, len(self.people), n).tolist()
        experiments = self.shape.experiment[rows]
        numbers = self.numbers[rows].tolist()
        parents = self.shape.parent[rows].tolist()
        parent_ids = [None if parent < 0 else self.first_id + parent for parent in parents]
        children = np.bincount(self.shape.parent[self.shape.parent >= 0], minlength=self.runs)
        columns = {
            "id": ids,
            "public_id": public_ids,
            "workspace_id": Same(self.workspace.pk),
            "experiment_id": self.experiment_ids[experiments].tolist(),
            "number": numbers,
            "parent_id": parent_ids,
            "root_id": parent_ids,
            "child_count": children[rows].tolist(),
            "display_name": names,
            "description": descriptions,
            "description_html": [self.html[text] for text in descriptions],
            "target": [invented.TARGETS[place] for place in random.integers(0, 4, n).tolist()],
            "created_by_id": [self.people[place].pk for place in submitters],
            **self._course(rows),
            **_FIXED,
        }
        bulk.insert(Run, columns)
        called = [self.experiments[place].name for place in experiments.tolist()]
        submitter_names = [self.people[place].username for place in submitters]
        return (
            names,
            [f"run {number}" for number in numbers],
            public_ids,
            called,
            submitter_names,
            descriptions,
        )

    def _course(self, rows: slice) -> dict[str, bulk.Column]:
        """Status and times: a run starts within minutes and lasts from seconds to days."""
        random, status = self.random, self.statuses[rows]
        created = self.shape.created_s[rows]
        started = created + random.exponential(60, len(created))
        most = np.maximum(self.until.timestamp() - started, 0)
        duration = np.minimum(np.exp(random.normal(6.5, 1.6, len(created))), most).round(3)
        ended = status < 3
        waits = status == 4
        to_database = connection.ops.adapt_datetimefield_value
        begun = [to_database(at) for at in invented.moments(started.tolist())]
        over = [to_database(at) for at in invented.moments((started + duration).tolist())]
        failed = status == 1
        reason = "RuntimeError: out of memory"
        return {
            "status": [invented.STATUSES[place] for place in status.tolist()],
            "status_reason": [reason if bad else "" for bad in failed.tolist()],
            "error_code": ["UserError" if bad else "" for bad in failed.tolist()],
            "error_message": [reason if bad else "" for bad in failed.tolist()],
            "created_at": [to_database(at) for at in invented.moments(created.tolist())],
            "started_at": [
                None if waiting else at for at, waiting in zip(begun, waits.tolist(), strict=True)
            ],
            "ended_at": [at if done else None for at, done in zip(over, ended.tolist(), strict=True)],
            "duration_s": [
                s if done else None for s, done in zip(duration.tolist(), ended.tolist(), strict=True)
            ],
        }

    def _write_values(self, rows: slice, ids: list[int], tags: Sequence[list[str | None]]) -> None:
        """Ten metrics, ten params and five tags a run, in the order of runs, as they would have come."""
        n, experiments = len(ids), self.shape.experiment[rows]
        family = experiments % invented.FAMILIES
        experiment_ids = self.experiment_ids[experiments]
        metrics = np.stack(invented.make_metrics(experiments, random=self.random), axis=1).ravel().tolist()
        last_time = np.repeat(self.shape.created_s[rows] * 1000, 10).astype(np.int64).tolist()
        columns = {**_keys(ids, experiment_ids, self.names[Kind.METRIC][family]), "last_time": last_time}
        for column in ("last", "first", "min", "max", "total"):
            columns[column] = metrics
        bulk.insert(Metric, {**columns, **_FIXED_METRIC})
        params = _interleaved(invented.make_params(n, random=self.random))
        columns = _keys(ids, experiment_ids, self.names[Kind.PARAM][family])
        bulk.insert(
            Param,
            {**columns, "value": params, "number": [number_of(text) for text in params], "full": Same(None)},
        )
        columns = _keys(ids, experiment_ids, self.names[Kind.TAG][family])
        bulk.insert(Tag, {**columns, "value": _interleaved(tags), "full": Same(None)})

    def count(self) -> None:
        """Bring the counters of experiments up to date, and the keys that each of them has."""
        for place, experiment in enumerate(self.experiments):
            mine = self.shape.experiment == place
            if not mine.any():
                continue
            experiment.last_run_number = int(self.numbers[mine].max())
            experiment.last_run_at = invented.moments([float(self.shape.created_s[mine].max())])[0]
            experiment.save(update_fields=["last_run_number", "last_run_at"])
            self._count_statuses(experiment, self.statuses[mine])
            family = place % invented.FAMILIES
            keys = [int(pk) for names in self.names.values() for pk in names[family]]
            ExperimentName.objects.bulk_create(
                [ExperimentName(experiment=experiment, name_id=pk) for pk in keys], ignore_conflicts=True
            )

    def _count_statuses(self, experiment: Experiment, statuses: np.ndarray) -> None:
        for place, status in enumerate(invented.STATUSES):
            row, _ = RunCount.objects.get_or_create(experiment=experiment, status=status)
            row.runs += int((statuses == place).sum())
            row.save(update_fields=["runs"])


_FIXED = {
    "description_version": Same(0),
    "run_type": Same(""),
    "script": Same("train.py"),
    "arguments": Same("[]"),
    "definition": Same("{}"),
    "error_details": Same("{}"),
}
_FIXED_METRIC = {
    "kind": Same(Metric.SCALAR),
    "is_whole": Same(False),
    "last_step": Same(0),
    "finite_count": Same(1),
    "count": Same(1),
    "segment_count": Same(0),
}


def _keys(ids: list[int], experiment_ids: np.ndarray, names: np.ndarray) -> dict[str, bulk.Column]:
    """The columns that say whose value it is. `names`: the ids of each run's names, shape (runs, names)."""
    width = names.shape[1]
    return {
        "run_id": np.repeat(ids, width).tolist(),
        "experiment_id": np.repeat(experiment_ids, width).tolist(),
        "name_id": names.ravel().tolist(),
    }


def _interleaved(columns: Sequence[list]) -> list:
    """The first of each column, then the second of each, and so on."""
    return [value for row in zip(*columns, strict=True) for value in row]


def _search_text(
    name: str, number: str, public_id: str, experiment: str, user: str, description: str, *tags: str | None
) -> str:
    pairs = zip(invented.TAGS, tags, strict=True)
    said = [key if value is None else f"{key}={value}" for key, value in sorted(pairs)]
    return "\n".join([name, number, public_id, experiment, user, *said, description]).lower()


def _colleagues(workspace: Workspace, by: User) -> list[User]:
    found = []
    for name in ("grace", "alan", "edith", "kurt"):
        user = User.objects.filter(username=name).first() or people.create_user(name)
        members.set_member(workspace, user, "contributor", by=by)
        found.append(user)
    return found


def _experiments(workspace: Workspace, by: User, count: int) -> list[Experiment]:
    names = [f"{invented.FAMILY_NAMES[place % invented.FAMILIES]}-{place:02}" for place in range(count)]
    return [get_or_create_experiment(workspace, name, by=by)[0] for name in names]


def _names(workspace: Workspace) -> dict[Kind, np.ndarray]:
    """The ids of the names that a run of each family has, ascending: shape (families, names)."""
    wanted = {Kind.METRIC: [], Kind.PARAM: [], Kind.TAG: []}
    for family in invented.FAMILY_NAMES:
        metrics = [f"{family}/{text}" for text in invented.FAMILY_METRICS]
        params = [f"{family}.{text}" for text in invented.FAMILY_PARAMS]
        wanted[Kind.METRIC].append([*invented.COMMON_METRICS, *metrics])
        wanted[Kind.PARAM].append([*invented.COMMON_PARAMS, *params])
        wanted[Kind.TAG].append(invented.TAGS)
    return {
        kind: np.array([_intern(workspace, kind, texts) for texts in rows]) for kind, rows in wanted.items()
    }


def _intern(workspace: Workspace, kind: Kind, texts: list[str]) -> list[int]:
    rows = [Name(workspace=workspace, kind=kind, text=text) for text in texts]
    Name.objects.bulk_create(rows, ignore_conflicts=True)
    found = dict(
        Name.objects.filter(workspace=workspace, kind=kind, text__in=texts).values_list("text", "id")
    )
    return [found[text] for text in texts]

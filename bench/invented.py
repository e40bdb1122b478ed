"""What the runs of a seeded database hold: invented by a random generator, as real ones would be spread.

Arrays have one entry a run, oldest run first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

Array = np.ndarray
EXPERIMENTS = 50
FAMILIES = 5  # experiments of one family share half of their keys
YEAR_S = 365 * 86_400

COMMON_METRICS = ["loss", "accuracy", "val_loss", "val_accuracy", "epoch_s"]
FAMILY_METRICS = ["auc", "f1", "grad_norm", "memory_gb", "throughput"]
COMMON_PARAMS = ["learning_rate", "batch_size", "optimizer", "epochs", "seed"]
FAMILY_PARAMS = ["depth", "width", "dropout", "weight_decay", "schedule"]
TAGS = ["stage", "team", "dataset", "ticket", "note"]
FAMILY_NAMES = ["vision", "text", "tabular", "speech", "ranking"]

STATUSES = ["Completed", "Failed", "Canceled", "Running", "Queued"]
TARGETS = ["local", "gpu-small", "gpu-large", "cluster"]
OPTIMIZERS = ["adam", "sgd", "adamw", "lamb"]
ADJECTIVES = [
    "amber",
    "brisk",
    "calm",
    "deep",
    "eager",
    "frosty",
    "gentle",
    "hidden",
    "jolly",
    "keen",
    "lucid",
]
NOUNS = ["badger", "comet", "delta", "ember", "falcon", "glacier", "harbor", "island", "kestrel", "lagoon"]
SENTENCES = [
    "Baseline with the settings of last week.",
    "Tries a **longer warm-up**, because the loss jumped in the first epochs.",
    "Same as before on the cleaned data; the duplicates are gone.",
    "Smaller batches: does the validation loss still move after epoch 40?",
    "Checks whether the gain holds with another seed.",
    "The scheduler restarts twice; see `schedule`.",
    "Ablation: without augmentation.",
    "Candidate for the release, evaluated on the held-out set.",
]


@dataclass(frozen=True)
class Shape:
    """Where each run stands: its experiment (0 is the largest), its parent's place or -1, when it was created."""

    experiment: Array
    parent: Array
    created_s: Array  # seconds since 1970


def make_shape(
    runs: int, *, experiments: int = EXPERIMENTS, until: datetime, random: np.random.Generator
) -> Shape:
    """Experiments by a Pareto law (the largest holds a quarter), more runs lately than a year ago, some sweeps."""
    weights = 1 / np.arange(1, experiments + 1) ** 1.08
    experiment = random.choice(experiments, size=runs, p=weights / weights.sum())
    age_s = YEAR_S * (1 - np.sort(random.random(runs)) ** 0.7)
    created_s = until.timestamp() - age_s
    parent = np.full(runs, -1)
    # One run in 200 is a sweep: the ten after it are its children.
    for place in np.flatnonzero(random.random(runs) < 1 / 200):
        if parent[place] < 0:
            children = slice(place + 1, place + 11)
            parent[children], experiment[children] = place, experiment[place]
    return Shape(experiment, parent, created_s)


def numbers_within(groups: Array) -> Array:
    """1, 2, 3, … within each group, in the order of the array."""
    order = np.argsort(groups, kind="stable")
    found = np.empty(len(groups), dtype=np.int64)
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(groups)])
    found[order] = np.arange(len(groups)) - np.repeat(starts, lengths) + 1
    return found


def make_statuses(shape: Shape, *, until: datetime, random: np.random.Generator) -> Array:
    """86 % completed, 9 % failed, 5 % cancelled; of the last day's a tenth still runs or waits."""
    n = len(shape.created_s)
    found = random.choice(3, size=n, p=[0.86, 0.09, 0.05])
    recent = shape.created_s > until.timestamp() - 86_400
    active = recent & (random.random(n) < 0.1)
    found[active] = random.choice([3, 4], size=int(active.sum()), p=[0.8, 0.2])
    return found


def make_metrics(experiment: Array, *, random: np.random.Generator) -> list[Array]:
    """Ten values of each run. How good a run is depends on its experiment, and the values hang together."""
    n = len(experiment)
    ease = (experiment * 7 % EXPERIMENTS) / EXPERIMENTS
    quality = np.clip(random.beta(4, 2, n) * 0.7 + ease * 0.3, 0.01, 0.999)
    loss = -np.log(quality) * np.exp(random.normal(0, 0.2, n))
    return [
        loss,
        quality,
        loss * np.exp(random.normal(0.1, 0.1, n)),
        np.clip(quality - np.abs(random.normal(0, 0.03, n)), 0, 1),
        np.exp(random.normal(2, 1, n)),
        np.clip(quality + random.normal(0, 0.05, n), 0, 1),
        np.clip(quality + random.normal(-0.05, 0.05, n), 0, 1),
        np.exp(random.normal(0, 1, n)),
        random.gamma(4, 4, n),
        np.exp(random.normal(6, 1, n)),
    ]


def make_params(n: int, *, random: np.random.Generator) -> list[list[str]]:
    """Ten values of each run, as texts."""
    return [
        _picked([f"{x:g}" for x in np.logspace(-5, -1, 25).round(8)], n, random),
        _picked(["16", "32", "64", "128", "256", "512"], n, random),
        _picked(OPTIMIZERS, n, random),
        _picked(["10", "20", "50", "100", "200"], n, random),
        [str(x) for x in random.integers(0, 100_000, n).tolist()],
        _picked([str(x) for x in range(2, 50)], n, random),
        _picked(["64", "128", "256", "512", "768", "1024"], n, random),
        _picked([f"{x:.2f}" for x in np.arange(0, 0.6, 0.05)], n, random),
        [f"{x:.6f}" for x in np.exp(random.normal(-7, 1.5, n)).tolist()],
        _picked(["constant", "cosine", "linear", "step"], n, random),
    ]


def make_tags(n: int, *, random: np.random.Generator) -> list[list[str | None]]:
    """Five tags of each run: common and rare values, and one without a value.

    `stage` has 80 % dev; `team` ten values, the fifth holds 10 %; `dataset` 40 values; `ticket` belongs to about 50
    runs each.
    """
    stages = random.choice(["dev", "candidate", "production"], size=n, p=[0.8, 0.19, 0.01]).tolist()
    team = random.choice(10, size=n, p=[0.2, 0.15, 0.12, 0.11, 0.1, 0.09, 0.08, 0.07, 0.05, 0.03])
    return [
        stages,
        [f"team-{x}" for x in team.tolist()],
        _picked([f"set-{x:02}" for x in range(40)], n, random),
        [f"ML-{x}" for x in random.integers(0, max(20, n // 50), n).tolist()],
        [None] * n,
    ]


def make_names(n: int, *, random: np.random.Generator) -> list[str]:
    """Names such as "keen comet 8123"."""
    first, second = _picked(ADJECTIVES, n, random), _picked(NOUNS, n, random)
    numbers = random.integers(0, 10_000, n).tolist()
    return [f"{a} {b} {number}" for a, b, number in zip(first, second, numbers, strict=True)]


def make_descriptions(n: int, *, random: np.random.Generator) -> list[str]:
    """One or two sentences for a third of the runs, nothing for the others."""
    texts = [""] * 32 + SENTENCES + [f"{a}\n\n{b}" for a in SENTENCES[:4] for b in SENTENCES[4:6]]
    return _picked(texts, n, random)


def make_public_ids(n: int, *, random: np.random.Generator) -> list[str]:
    """Ids as `uuid4` gives them."""
    digits = random.bytes(16 * n).hex()
    parts = [digits[start : start + 32] for start in range(0, 32 * n, 32)]
    return [f"{p[:8]}-{p[8:12]}-4{p[13:16]}-a{p[17:20]}-{p[20:]}" for p in parts]


def moments(seconds: list[float]) -> list[datetime]:
    """Times as UTC."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return [start + timedelta(seconds=round(second, 3)) for second in seconds]


def _picked(values: list[str], n: int, random: np.random.Generator) -> list[str]:
    return [values[place] for place in random.integers(0, len(values), n).tolist()]

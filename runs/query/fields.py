"""What a condition, a column or a sort can speak of: attributes of the run, and its named values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where a value comes from; the text is how it begins in a filter."""

    ATTRIBUTE = "attributes"
    TAG = "tags"
    PROPERTY = "properties"
    PARAM = "params"
    METRIC = "metrics"
    DATASET = "datasets"


class Kind(StrEnum):
    """What sort of value it is, which decides how it is written and compared."""

    TEXT = "text"
    STATUS = "a status"
    NUMBER = "a number"
    TIME = "a time"
    DURATION = "a duration"
    FLAG = "true or false"
    PARAM = "text or a number"


@dataclass(frozen=True)
class Field:
    """One thing a run has: an attribute, or the value of a key; of a metric, one `part` of its series."""

    source: Source
    key: str
    part: str = "last"

    @property
    def kind(self) -> Kind:
        """What sort of value this is."""
        if self.source == Source.ATTRIBUTE:
            return _KINDS[self.key]
        return {Source.METRIC: Kind.NUMBER, Source.PARAM: Kind.PARAM}.get(self.source, Kind.TEXT)

    def __str__(self) -> str:
        if self.source == Source.ATTRIBUTE:
            return self.key
        part = "" if self.part == "last" else f".{self.part}"
        return f"{self.source}.{_quoted_key(self.key, self.source)}{part}"


ATTRIBUTES = {
    "id": Kind.TEXT,
    "name": Kind.TEXT,
    "number": Kind.NUMBER,
    "status": Kind.STATUS,
    "experiment": Kind.TEXT,
    "target": Kind.TEXT,
    "created_by": Kind.TEXT,
    "created": Kind.TIME,
    "started": Kind.TIME,
    "ended": Kind.TIME,
    "duration": Kind.DURATION,
    "description": Kind.TEXT,
    "type": Kind.TEXT,
    "parent": Kind.TEXT,
    "ancestor": Kind.TEXT,
    "starred": Kind.FLAG,
    "archived": Kind.FLAG,
    "heartbeat": Kind.TIME,
    "artifact_uri": Kind.TEXT,
}
# Other names of attributes: those of MLflow, and words people try first.
ATTRIBUTE_ALIASES = {
    "run_id": "id",
    "run id": "id",
    "run_name": "name",
    "run name": "name",
    "display_name": "name",
    "user_id": "created_by",
    "user": "created_by",
    "submitted_by": "created_by",
    "start_time": "started",
    "end_time": "ended",
    "created_at": "created",
    "started_at": "started",
    "ended_at": "ended",
    "submitted": "created",
    "run_type": "type",
    "duration_s": "duration",
    "heartbeat_at": "heartbeat",
}
SOURCE_ALIASES = {
    **dict.fromkeys(("attributes", "attribute", "attr", "run"), Source.ATTRIBUTE),
    **dict.fromkeys(("tags", "tag"), Source.TAG),
    **dict.fromkeys(("properties", "property"), Source.PROPERTY),
    **dict.fromkeys(("params", "param", "parameters", "parameter"), Source.PARAM),
    **dict.fromkeys(("metrics", "metric"), Source.METRIC),
    **dict.fromkeys(("datasets", "dataset"), Source.DATASET),
}
# What MLflow keeps as tags and a run here has as attributes: `tags.mlflow.runName` is its name. In quotes it is a tag.
MLFLOW_TAGS = {
    "mlflow.runName": "name",
    "mlflow.parentRunId": "parent",
    "mlflow.user": "created_by",
    "mlflow.note.content": "description",
}
# Of those, what scripts set to whatever they like, and which stays a tag beside what the run has.
SET_BY_SCRIPTS = frozenset({"mlflow.parentRunId", "mlflow.user"})
# What experiments and models have, and runs have not, or in other words.
_KINDS = ATTRIBUTES | {
    "changed": Kind.TIME,
    "state": Kind.TEXT,
    "source_run": Kind.TEXT,
    "experiment_number": Kind.TEXT,
}


@dataclass(frozen=True)
class Words:
    """What a filter may speak of: attributes by every name in lower case, other sources, tags that are attributes."""

    attributes: Mapping[str, str]
    sources: Mapping[str, Source]
    tags: Mapping[str, str]

    def attribute(self, name: str) -> Field | None:
        """The attribute of that name, any case; None when there is none."""
        key = self.attributes.get(name.lower())
        return Field(Source.ATTRIBUTE, key) if key else None


OF_RUNS = Words({name: name for name in ATTRIBUTES} | ATTRIBUTE_ALIASES, SOURCE_ALIASES, MLFLOW_TAGS)
# As MLflow names what an experiment has.
OF_EXPERIMENTS = Words(
    {"name": "name", "experiment_id": "id", "creation_time": "created", "last_update_time": "changed"},
    {name: SOURCE_ALIASES[name] for name in ("attributes", "attribute", "attr", "tags", "tag")},
    {"mlflow.note.content": "description"},
)
# As MLflow names what a logged model has.
OF_MODELS = Words(
    {
        "name": "name",
        "model_id": "id",
        "model_type": "type",
        "status": "state",
        "source_run_id": "source_run",
        "experiment_id": "experiment_number",
        **dict.fromkeys(("creation_timestamp", "creation_time", "creation_timestamp_ms"), "created"),
        **dict.fromkeys(
            ("last_updated_timestamp", "last_updated_time", "last_updated_timestamp_ms"), "changed"
        ),
    },
    {
        name: source
        for name, source in SOURCE_ALIASES.items()
        if source in (Source.ATTRIBUTE, Source.TAG, Source.PARAM, Source.METRIC) and name != "run"
    },
    {},
)
# Which number of a metric's series is meant; without a part it is the last.
PARTS = ("last", "min", "max", "first", "mean", "count")

_BARE_KEY = re.compile(r"\w+([.\-+/:@]+\w+)*")


def attribute(name: str) -> Field | None:
    """The attribute of that name, any case, MLflow's names included; None when there is none."""
    return OF_RUNS.attribute(name)


def _quoted_key(key: str, source: Source) -> str:
    ends_in_part = source == Source.METRIC and key.rpartition(".")[2] in PARTS and "." in key
    means_another = source == Source.TAG and key in MLFLOW_TAGS
    if _BARE_KEY.fullmatch(key) and not ends_in_part and not means_another:
        return key
    for quote in '"`':
        if quote not in key:
            return f"{quote}{key}{quote}"
    return '"' + key.replace('"', '""') + '"'

"""What MLflow's clients are told of a filter or an order that is wrong: in MLflow's words, then in the studio's.

People and tests match on the first; the second says where in the text it is, and what was meant, perhaps.
"""

from collections.abc import Iterable

from runs.errors import Invalid
from runs.mlflow_api.errors import Wrong
from runs.query.fields import OF_MODELS, OF_RUNS, Kind, Source, Words
from runs.query.grammar import DATASET_KEYS
from runs.query.lexer import About, Misread
from runs.query.literals import operators_of
from runs.query.nodes import ORDERED

_SHOWN = 200
_NO_CLAUSE = "Invalid clause(s) in filter string"
# MLflow's names of what a filter speaks of, in the order in which it lists them.
_ENTITIES = {
    Source.METRIC: "metric",
    Source.PARAM: "parameter",
    Source.TAG: "tag",
    Source.ATTRIBUTE: "attribute",
    Source.DATASET: "dataset",
}
# And of what is a number to it.
_THEIRS = {
    "started": "start_time",
    "ended": "end_time",
    "created": "creation_time",
    "changed": "last_update_time",
}


def filter_refusal(refusal: Invalid, words: Words = OF_RUNS) -> Wrong:
    """The refusal of a filter."""
    theirs = _of_models(refusal) if words is OF_MODELS else _misread(refusal)
    return Wrong(f"{_named(refusal, words) or theirs}. {refusal.message}")


def order_refusal(refusal: Invalid, words: Words = OF_RUNS) -> Wrong:
    """The refusal of an order."""
    named = _named(refusal, words)
    return Wrong(f"{named}. {refusal.message}" if named else refusal.message)


def _named(refusal: Invalid, words: Words) -> str:
    """That something is called by no name that there is; empty for another mistake."""
    if not isinstance(refusal, Misread):
        return ""
    text = refusal.text[:_SHOWN]
    match refusal.about:
        case About.SOURCE:
            if words is OF_MODELS:  # MLflow reads these filters by another parser
                return f"Invalid entity type: '{text.partition('.')[0]}'"
            entities = [name for source, name in _ENTITIES.items() if source in words.sources.values()]
            return f"Invalid entity type '{text.partition('.')[0]}'. Valid values are {entities}"
        case About.ATTRIBUTE:
            return f"Invalid attribute key '{text}' specified. Valid keys are {_set(words.attributes)}"
        case About.DATASET_KEY:
            return f"Invalid dataset key '{text}' specified. Valid keys are {_set(DATASET_KEYS)}"
    return ""


def _misread(refusal: Invalid) -> str:
    """What is wrong in a comparison, or that there is none."""
    of = refusal.of if isinstance(refusal, Misread) else None
    if not isinstance(refusal, Misread) or of is None:
        return _NO_CLAUSE
    text = refusal.text[:_SHOWN]
    if refusal.about is About.OPERATOR:
        # The order of a parameter is that of its numbers, which was not what it is compared with.
        fits = [op for op in operators_of(of) if of.source is not Source.PARAM or op not in ORDERED]
        known = _set(str(op).upper() for op in fits)
        return f"Invalid comparator '{text.upper()}' not one of {known}"
    if of.source is Source.METRIC:
        return f"Expected numeric value type for metric. Found {text}"
    if of.kind not in (Kind.NUMBER, Kind.TIME):
        return _NO_CLAUSE
    return f"Expected numeric value type for numeric attribute: {_THEIRS.get(of.key, of.key)}. Found {text}"


def _of_models(refusal: Invalid) -> str:
    """The same as MLflow tells it of a search of logged models."""
    if isinstance(refusal, Misread) and refusal.of is not None and refusal.about is About.OPERATOR:
        return f"Invalid comparison operator for {refusal.of}: '{refusal.text.upper()}'"
    return "Invalid filter string"


def _set(names: Iterable[str]) -> str:
    """As Python writes a set."""
    return f"{{{', '.join(map(repr, names))}}}"

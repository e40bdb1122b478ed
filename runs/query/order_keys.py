"""The keys of an order, as MLflow's clients write them."""

from runs.errors import Invalid
from runs.query.fields import OF_RUNS, Field, Words
from runs.query.grammar import parse_field
from runs.query.lexer import About, Misread

_SHOWN = 200


def parse_order_key(text: str, words: Words = OF_RUNS) -> tuple[Field, bool]:
    """A key of an order as MLflow writes it, `metrics.acc DESC` and the like, and whether it falls. Raises Invalid."""
    name, _, word = text.strip().rpartition(" ")
    name = name.strip()
    if not name or word.upper() not in ("ASC", "DESC"):
        return _field(text.strip(), words, text, behind=name), False
    return _field(name, words, text), word.upper() == "DESC"


def unsortable(text: str) -> Invalid:
    """Nothing is sorted by that."""
    return Invalid(f"Invalid ordering key in order_by clause '{text[:_SHOWN]}'.", field="order_by")


def _field(name: str, words: Words, text: str, *, behind: str = "") -> Field:
    """The field of that name; `behind` is what it would be without the last word, which is no direction."""
    try:
        return parse_field(name, mlflow=True, words=words)
    except Misread as misread:
        if misread.about in (About.SOURCE, About.ATTRIBUTE):
            raise
    if behind and _is_field(behind, words):
        raise unsortable(text)
    raise Invalid(
        f"Invalid order_by clause '{text[:_SHOWN]}'. Could not be parsed: write one key, and ASC or DESC behind it.",
        field="order_by",
    )


def _is_field(name: str, words: Words) -> bool:
    try:
        parse_field(name, mlflow=True, words=words)
    except Invalid:
        return False
    return True

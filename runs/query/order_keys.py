"""The keys of an order, as MLflow's clients write them."""

from runs.errors import Invalid
from runs.query.fields import OF_RUNS, Field, Words
from runs.query.grammar import parse_field
from runs.query.lexer import About, Misread


def parse_order_key(text: str, words: Words = OF_RUNS) -> tuple[Field, bool]:
    """A key of an order as MLflow writes it, `metrics.acc DESC` and the like, and whether it falls. Raises Invalid."""
    name, _, word = text.strip().rpartition(" ")
    if not name or word.upper() not in ("ASC", "DESC"):
        name, word = text.strip(), "ASC"
    try:
        return parse_field(name.strip(), mlflow=True, words=words), word.upper() == "DESC"
    except Misread as misread:
        if misread.about in (About.SOURCE, About.ATTRIBUTE):
            raise
        raise unsortable(text) from None


def unsortable(text: str) -> Invalid:
    """Nothing is sorted by that."""
    return Invalid(f"Invalid ordering key in order_by clause '{text[:200]}'.", field="order_by")

"""Turns a written value into what it means for its field, or says what was expected there. Pure."""

import re

from runs.lifecycle import ACTIVE, Status
from runs.query.fields import Field, Kind, Source
from runs.query.lexer import QUOTED, WORD, About, Token, mistake
from runs.query.moments import parse_moment, parse_span
from runs.query.nodes import ORDERED, PATTERNS, NotFinite, Op, Scalar

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,9})?", re.IGNORECASE)
_NOT_FINITE = {
    "nan": NotFinite.NAN,
    **dict.fromkeys(("infinity", "+infinity", "inf", "+inf"), NotFinite.INFINITY),
    **dict.fromkeys(("-infinity", "-inf"), NotFinite.MINUS_INFINITY),
}
FLAGS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
PATTERN_LENGTH = 1000  # SQLite refuses patterns past 50,000 bytes, and no one reads them

# MLflow's five words, as the statuses they cover here.
MLFLOW_STATUSES: dict[str, frozenset[Status]] = {
    "SCHEDULED": frozenset(
        {Status.NOT_STARTED, Status.QUEUED, Status.PREPARING, Status.PROVISIONING, Status.STARTING}
    ),
    "RUNNING": frozenset(
        {
            Status.RUNNING,
            Status.PAUSED,
            Status.FINALIZING,
            Status.CANCEL_REQUESTED,
            Status.NOT_RESPONDING,
        }
    ),
    "FINISHED": frozenset({Status.COMPLETED}),
    "FAILED": frozenset({Status.FAILED}),
    "KILLED": frozenset({Status.CANCELED}),
}
_STATUSES = {status.lower(): frozenset({status}) for status in Status} | {
    "active": ACTIVE,
    "cancelled": frozenset({Status.CANCELED}),
}

_EXAMPLES = {
    Kind.NUMBER: "a number, such as 0.3",
    Kind.TIME: "a time, such as 2026-11-01, '2026-11-01 10:30', -7d or today",
    Kind.DURATION: "a duration, such as 90s, 15m or 1h30m",
    Kind.FLAG: "true or false",
}
_EQUAL = frozenset({Op.EQ, Op.NE})
_NULL = frozenset({Op.IS_NULL, Op.IS_NOT_NULL})
_LISTS = frozenset({Op.IN, Op.NOT_IN})
_ALLOWED: dict[Kind, frozenset[Op]] = {
    Kind.TEXT: _EQUAL | _LISTS | PATTERNS | _NULL,
    Kind.STATUS: _EQUAL | _LISTS | PATTERNS | _NULL,
    Kind.NUMBER: _EQUAL | _LISTS | ORDERED | _NULL,
    Kind.PARAM: frozenset(Op),
    Kind.TIME: _EQUAL | ORDERED | _NULL,
    Kind.DURATION: _EQUAL | ORDERED | _NULL,
    Kind.FLAG: _EQUAL | _NULL,
}


STATUSES = ", ".join(status.value for status in Status)


def statuses_of(word: str) -> frozenset[Status] | None:
    """The statuses a word stands for, any case; MLflow's own words in capitals as MLflow means them."""
    return MLFLOW_STATUSES.get(word) or _STATUSES.get(word.lower()) or MLFLOW_STATUSES.get(word.upper())


def check_operator(field: Field, op: Op, position: int) -> None:
    """Refuse an operator that the field has no use for."""
    if op in _ALLOWED[field.kind]:
        return
    known = ", ".join(known.upper() for known in operators_of(field))
    message = f"{field} is {field.kind}, so '{op}' {{place}} does not fit; it takes {known}."
    raise mistake(message, position, about=About.OPERATOR, text=op, of=field)


def operators_of(field: Field) -> list[Op]:
    """What the field may be compared by."""
    return [op for op in Op if op in _ALLOWED[field.kind]]


def literal(field: Field, op: Op, token: Token, *, mlflow: bool = False) -> Scalar:
    """The value of the token for this field and operator; raises Invalid with what was expected.

    With `mlflow` a status that there is not is one that no run has.
    """
    if token.kind not in (WORD, QUOTED):
        raise mistake(f"After {field} {op} a value is missing {{place}}{_example(field.kind)}.", token.start)
    if op in PATTERNS and len(token.text) > PATTERN_LENGTH:
        raise mistake(f"The pattern {{place}} is longer than {PATTERN_LENGTH:,} characters.", token.start)
    if op in PATTERNS or (mlflow and field.kind == Kind.STATUS):
        return token.text
    value = _read(field, op, token)
    if value is None:
        raise mistake(
            f"I did not understand {token.text!r} {{place}}: "
            f"{field} is compared with {_EXAMPLES[field.kind]}.",
            token.start,
            about=About.VALUE,
            text=token.written,
            of=field,
        )
    return value


def number(text: str) -> float | NotFinite | None:
    """The number the text spells, NaN and infinities included; None when it spells none."""
    special = _NOT_FINITE.get(text.lower())
    if special is not None:
        return special
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return NotFinite.INFINITY if value > 0 else NotFinite.MINUS_INFINITY
    return value


def _read(field: Field, op: Op, token: Token) -> Scalar | None:
    match field.kind:
        case Kind.NUMBER:
            return _bare_number(field, token)
        case Kind.TIME:
            return _or_none(parse_moment, token.text)
        case Kind.DURATION:
            return _or_none(parse_span, token.text)
        case Kind.FLAG:
            return FLAGS.get(token.text.lower())
        case Kind.STATUS:
            return _status(token)
        case Kind.PARAM:
            return _param(field, op, token)
    return token.text


def _bare_number(field: Field, token: Token) -> Scalar | None:
    if token.kind == QUOTED and number(token.text) is not None:
        message = f"{field} is a number: write {token.text} {{place}} without quotes."
        raise mistake(message, token.start, about=About.VALUE, text=token.written, of=field)
    value = number(token.text) if token.kind == WORD else None
    if isinstance(value, NotFinite) and field.source == Source.ATTRIBUTE:
        return None
    return value


def _param(field: Field, op: Op, token: Token) -> Scalar | None:
    value = number(token.text) if token.kind == WORD else None
    if isinstance(value, float):
        return value
    if op in ORDERED:
        raise mistake(
            f"I did not understand {token.text!r} {{place}}: {field} {op} takes a number, such as 0.01.",
            token.start,
            about=About.OPERATOR,
            text=op,
            of=field,
        )
    return token.text


def _status(token: Token) -> str:
    if statuses_of(token.text) is None:
        raise mistake(
            f"There is no status {token.text!r} ({{place}}). The statuses are {STATUSES}.", token.start
        )
    return token.text


def _or_none(read: object, text: str) -> Scalar | None:
    try:
        value: Scalar = read(text)  # type: ignore[operator]
    except ValueError:
        return None
    return value


def _example(kind: Kind) -> str:
    return f": {_EXAMPLES[kind]}" if kind in _EXAMPLES else ""

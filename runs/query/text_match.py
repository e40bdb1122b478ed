"""LIKE, ILIKE and CONTAINS that mean the same on SQLite and PostgreSQL, letters beyond ASCII included.

`%` stands for any text, `_` for one character, nothing else is special. SQLite's own LIKE knows no case only for
ASCII, so there the pattern becomes a GLOB, with both cases of a letter as a class.
"""

import re
from typing import Any

from django.db.models import BooleanField, Expression, F, Func, Value

from runs.query.nodes import Op

_GLOB = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


class _Match(Func):
    """A text expression and a pattern, as a condition."""

    output_field = BooleanField()

    def __init__(self, text: Expression | F, op: Op, pattern: str) -> None:
        super().__init__(text, Value(pattern))
        self.op = op
        self.pattern = pattern

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """`text GLOB pattern`; LIKE where it means the same, because it is faster."""
        like = self.op is Op.ILIKE and self.pattern.isascii()
        pattern = self.pattern if like else glob(self.op, self.pattern)
        return self._sql(compiler, connection, "LIKE" if like else "GLOB", pattern, "")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """LIKE or ILIKE without an escape character."""
        pattern, escape = self.pattern, " ESCAPE ''"
        if self.op is Op.CONTAINS:
            escaped = re.sub(r"([\\%_])", r"\\\1", pattern)
            pattern, escape = f"%{escaped}%", ""
        return self._sql(compiler, connection, "LIKE" if self.op is Op.LIKE else "ILIKE", pattern, escape)

    def _sql(self, compiler: Any, connection: Any, word: str, pattern: str, escape: str) -> Any:
        copy = self.copy()
        copy.set_source_expressions([self.get_source_expressions()[0], Value(pattern)])
        return Func.as_sql(
            copy, compiler, connection, template=f"(%(expressions)s{escape})", arg_joiner=f" {word} "
        )


def matches(text: Expression | F, op: Op, pattern: str) -> Expression:
    """The condition that the text matches; null where the text is null."""
    return _Match(text, op, pattern)


def glob(op: Op, pattern: str) -> str:
    """The SQLite GLOB of the same meaning."""
    if op is Op.LIKE:
        return "".join(_GLOB.get(c, c) for c in pattern)
    wild = _GLOB if op is Op.ILIKE else {c: _GLOB[c] for c in "*?["}
    inner = "".join(wild[c] if c in wild else _both_cases(c) for c in pattern)
    return inner if op is Op.ILIKE else f"*{inner}*"


def matches_in_python(op: Op, pattern: str, text: str) -> bool:
    """The same test for text that is at hand."""
    if op is Op.CONTAINS:
        return pattern.lower() in text.lower()
    wild = {"%": ".*", "_": "."}
    regex = "".join(wild[c] if c in wild else re.escape(c) for c in pattern)
    return re.fullmatch(regex, text, re.DOTALL | (re.IGNORECASE if op is Op.ILIKE else 0)) is not None


def _both_cases(character: str) -> str:
    cases = sorted({c for c in (character, character.lower(), character.upper()) if len(c) == 1})
    return f"[{''.join(cases)}]" if len(cases) > 1 else character

"""The tree of a filter: comparisons joined by and, or, not; and its text again. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum

from runs.query.fields import Field
from runs.query.moments import Moment, Span


class Op(StrEnum):
    """How a value is compared."""

    EQ, NE = "=", "!="
    LT, LE, GT, GE = "<", "<=", ">", ">="
    IN, NOT_IN = "in", "not in"
    LIKE, ILIKE, CONTAINS = "like", "ilike", "contains"
    IS_NULL, IS_NOT_NULL = "is null", "is not null"


ORDERED = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})
PATTERNS = frozenset({Op.LIKE, Op.ILIKE, Op.CONTAINS})


class NotFinite(StrEnum):
    """Numbers that are none, as metrics keep and filters write them."""

    NAN = "NaN"
    INFINITY = "Infinity"
    MINUS_INFINITY = "-Infinity"


Scalar = str | bool | float | NotFinite | Moment | Span
Value = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True)
class Compare:
    """One comparison. `value` is a tuple for IN and NOT IN, None for IS NULL and IS NOT NULL."""

    field: Field
    op: Op
    value: Value = None
    position: int = dataclass_field(default=0, compare=False)

    @property
    def values(self) -> tuple[Scalar, ...]:
        """What it is compared with, always as a tuple."""
        if isinstance(self.value, tuple):
            return self.value
        return () if self.value is None else (self.value,)


@dataclass(frozen=True)
class And:
    """All of these hold; make it with `all_of`."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True)
class Or:
    """One of these holds; make it with `any_of`."""

    items: "tuple[Node, ...]"


@dataclass(frozen=True)
class Not:
    """This does not hold."""

    item: "Node"


Node = Compare | And | Or | Not


def all_of(nodes: Iterable[Node | None]) -> Node | None:
    """Everything joined by and, flat; None, which is every run, when nothing is given."""
    items: list[Node] = []
    for node in nodes:
        if node is not None:
            items.extend(node.items if isinstance(node, And) else (node,))
    return And(tuple(items)) if len(items) > 1 else items[0] if items else None


def any_of(nodes: Iterable[Node]) -> Node:
    """Everything joined by or, flat. At least one node is needed."""
    items: list[Node] = []
    for node in nodes:
        items.extend(node.items if isinstance(node, Or) else (node,))
    return Or(tuple(items)) if len(items) > 1 else items[0]


def comparisons(node: Node | None) -> Iterator[Compare]:
    """Every comparison in the tree, from left to right."""
    if isinstance(node, Compare):
        yield node
    elif isinstance(node, Not):
        yield from comparisons(node.item)
    elif node is not None:
        for item in node.items:
            yield from comparisons(item)


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """The parts that must all hold."""
    if node is None:
        return ()
    return node.items if isinstance(node, And) else (node,)


def to_text(node: Node | None) -> str:
    """The filter as text, in its one canonical form; `grammar.parse` gives the same tree again."""
    if node is None:
        return ""
    if isinstance(node, Compare):
        return _comparison_text(node)
    if isinstance(node, Not):
        inner = to_text(node.item)
        return f"not {inner}" if isinstance(node.item, Compare | Not) else f"not ({inner})"
    if isinstance(node, Or):
        return " or ".join(to_text(item) for item in node.items)
    return " and ".join(
        f"({to_text(item)})" if isinstance(item, Or) else to_text(item) for item in node.items
    )


def _comparison_text(node: Compare) -> str:
    if node.value is None:
        return f"{node.field} {node.op}"
    if isinstance(node.value, tuple):
        return f"{node.field} {node.op} ({', '.join(value_text(value) for value in node.value)})"
    return f"{node.field} {node.op} {value_text(node.value)}"


def value_text(value: Scalar) -> str:
    """A value as it is written in a filter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Moment):
        return quote(value.text) if " " in value.text else value.text
    if isinstance(value, NotFinite | Span):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return quote(value)


def quote(text: str) -> str:
    """Text in quotes: single ones where that needs no doubling."""
    if "'" in text and '"' not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"

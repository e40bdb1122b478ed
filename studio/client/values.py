"""Values of metrics, on the way out and on the way back.

NumPy and PyTorch scalars are known by their `item()`.
"""

import math
from collections.abc import Generator, Iterable
from typing import Any

from studio.client.errors import UserErrorException

NOT_A_LIST = "run.log does not support list type. Use run.log_list instead"
SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LARGEST_WHOLE = 2**63

Scalar = float | int | str


def scalar(value: Any) -> Scalar:
    """Return the number or text that stands for this value.

    None becomes "none" and anything unknown its `repr()`, as in the cloud. Raises UserErrorException for
    lists.
    """
    kind = type(value)
    if kind is float or kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if -LARGEST_WHOLE <= value < LARGEST_WHOLE else _large(value)
    if kind is bool:
        return int(value)
    if value is None:
        return "none"
    if isinstance(value, list | tuple | range | Generator):
        raise UserErrorException(NOT_A_LIST)
    return _unusual(value)


def _unusual(value: Any) -> Scalar:
    """Subclasses of numbers, and whatever holds exactly one: NumPy, PyTorch, Decimal."""
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "item"):
        try:
            return scalar(value.item())
        except (ValueError, RuntimeError, TypeError):  # an array of several elements
            raise UserErrorException(NOT_A_LIST) from None
    for convert, method in ((int, "__index__"), (float, "__float__")):
        if hasattr(value, method):
            return scalar(convert(value))
    return repr(value)


def _large(value: int) -> Scalar:
    try:
        return float(value)
    except OverflowError:
        return repr(value)


def scalars(values: Iterable[Any]) -> list[Scalar]:
    """Return the values of any iterable, in order; an array of more dimensions is read row by row."""
    if hasattr(values, "ravel") and hasattr(values, "tolist"):
        values = values.ravel().tolist()
    try:
        found = iter(values)
    except TypeError:
        raise UserErrorException(f"run.log_list needs a list of values, not {values!r}.") from None
    return [repr(value) if isinstance(value, list | tuple) else scalar(value) for value in found]


def whole_step(step: Any) -> int:
    """Return the step as an int. Raises UserErrorException when it is not a number."""
    try:
        return int(step)
    except (TypeError, ValueError, OverflowError):
        raise UserErrorException(f"A step is a whole number, not {step!r}.") from None


def cell(value: Any) -> Scalar | bool | None:
    """Return the value as a row of a table holds it: as `scalar`, but None and booleans stay what they are."""
    return value if value is None or type(value) is bool else scalar(value)


def to_wire(value: Any) -> Any:
    """Spell the numbers that JSON cannot hold, those of a row as well."""
    if isinstance(value, dict):
        return {name: to_wire(one) for name, one in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def from_wire(value: Any) -> Any:
    """Undo `to_wire`."""
    if isinstance(value, dict):
        return {name: from_wire(one) for name, one in value.items()}
    return SPELLED.get(value, value) if isinstance(value, str) else value

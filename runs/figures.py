"""Numbers and times as people say them. Pure."""

import math


def shortened(value: float) -> str:
    """The number with four significant digits, in the shortest usual writing."""
    if not math.isfinite(value):
        return exactly(value)
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if -5 < size < 7:
        if float(value).is_integer() and size < 7:
            return str(int(value))
        return f"{value:.{max(0, 3 - size)}f}".rstrip("0").rstrip(".") if size < 3 else f"{value:.0f}"
    digits, _, power = f"{value:.3e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def exactly(value: float) -> str:
    """Every digit that the number has."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def duration(seconds: float | None) -> str:
    """1h 04m, 12m 40s, 41s, 0.8s; nothing for None."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest:02}s" if minutes else f"{rest}s"

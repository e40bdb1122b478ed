"""What is said beside a chart: how much of how much is shown, what is left out, and why there is nothing."""

import math

from runs.query.chart_data import ChartData, Value
from runs.query.charts import ChartKind, label


def said(data: ChartData) -> list[str]:
    """What is shown of how much, and what is left out, in sentences as short as can be."""
    words = [_runs_said(data)]
    if data.chart.kind == ChartKind.LINE:
        lines = data.lines
        shown, count = sum(len(line.x) for line in lines.lines), sum(line.count for line in lines.lines)
        gaps = sum(line.gaps for line in lines.lines)
        words.append(f"{shown:,} of {count:,} points" if shown < count else _counted(count, "point"))
        words += [f"{gaps:,} not a finite number"] if gaps else []
        words += [f"{_counted(lines.unread, 'line')} not read: too many points"] if lines.unread else []
        words += [f"{_counted(lines.texts, 'metric')} of text not drawn"] if lines.texts else []
    elif data.chart.kind == ChartKind.PARALLEL:
        torn = sum(not all(_is_shown(value) for value in values) for values in data.values)
        words += [f"{torn:,} without all of these values"] if torn else []
    else:
        missing = data.left_out or sum(not all(map(_is_number, values)) for values in data.values)
        words += [f"{missing:,} without a number here"] if missing else []
    below = _below(data)
    words += [f"{below:,} not above 0, off the logarithmic axis"] if below else []
    return words


def empty_words(data: ChartData) -> str:
    """Why there is nothing to draw; empty when there is something."""
    if data.chart.kind == ChartKind.STATUS:
        return "" if data.times else "No run matches."
    if not data.rows:
        return "No selected run is here any more." if data.is_selection else "No run matches."
    if _has_points(data):
        return ""
    if _below(data):
        return "All values are 0 or below it, which a logarithmic axis cannot show."
    names = " and ".join(label(each) for each in data.chart.fields)
    if data.chart.kind == ChartKind.LINE:
        names = " or ".join(label(each) for each in data.chart.fields)
        return f"No run here has {names} as numbers."
    if data.chart.by is not None and data.chart.kind in (ChartKind.BAR, ChartKind.BOX):
        return f"No run here has both {names}, as a number, and {label(data.chart.by)}."
    return f"No run here has {names} as {'numbers' if len(data.chart.fields) > 1 else 'a number'}."


def _has_points(data: ChartData) -> bool:
    """Whether anything has a place on the axes."""
    if data.chart.kind == ChartKind.LINE:
        return any(line.seen for line in data.lines.lines)
    if data.chart.kind == ChartKind.PARALLEL:
        return any(_is_shown(value) for values in data.values for value in values)
    rows = _numbers_of(data)
    return any(not _is_below(row, data.chart.log) for row in rows)


def _below(data: ChartData) -> int:
    """How many numbers a logarithmic axis has no place for."""
    if data.chart.kind == ChartKind.LINE:
        return sum(line.below for line in data.lines.lines)
    return sum(_is_below(row, data.chart.log) for row in _numbers_of(data)) if data.chart.log else 0


def _numbers_of(data: ChartData) -> list[list[float]]:
    """What is drawn of each run or group: one number, or two."""
    if data.chart.kind == ChartKind.BOX:
        return [[value] for group in data.groups for value in group.values]
    if data.chart.kind == ChartKind.BAR and data.chart.by is not None:
        return [[group.mean] for group in data.groups]
    return [[v for v in row if isinstance(v, float)] for row in data.values if all(map(_is_number, row))]


def _is_below(row: list[float], log: str) -> bool:
    return ("x" in log and row[0] <= 0) or ("y" in log and row[-1] <= 0)


def _is_shown(value: Value) -> bool:
    return isinstance(value, str) or _is_number(value)


def _runs_said(data: ChartData) -> str:
    if data.chart.kind == ChartKind.STATUS:
        more = bool(data.total and data.total.is_more)
        return f"the newest {data.counted:,} runs" if more else _counted(data.counted, "run")
    if data.is_selection:
        return f"{len(data.rows):,} selected {'run' if len(data.rows) == 1 else 'runs'}"
    if data.total is None:
        return f"the first {len(data.rows):,} runs"
    if data.total.number > len(data.rows) or data.total.is_more:
        return f"{len(data.rows):,} of {data.total} runs"
    return _counted(len(data.rows), "run")


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _is_number(value: Value) -> bool:
    return isinstance(value, float) and math.isfinite(value)

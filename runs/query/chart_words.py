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
    missing = data.left_out or sum(any(not _is_number(v) for v in values) for values in data.values)
    if missing and data.chart.kind not in (ChartKind.LINE, ChartKind.PARALLEL):
        words.append(f"{missing:,} without a number here")
    return words


def empty_words(data: ChartData) -> str:
    """Why there is nothing to draw; empty when there is something."""
    if data.chart.kind == ChartKind.STATUS:
        return "" if data.times else "No run matches."
    if not data.rows:
        return "No selected run is here any more." if data.is_selection else "No run matches."
    names = " or ".join(label(each) for each in data.chart.fields)
    if data.chart.kind == ChartKind.LINE:
        return "" if data.lines.lines else f"No run here has {names} as numbers."
    if data.groups or _has_points(data):
        return ""
    names = " and ".join(label(each) for each in data.chart.fields)
    if data.chart.by is not None and data.chart.kind in (ChartKind.BAR, ChartKind.BOX):
        return f"No run here has both {names}, as a number, and {label(data.chart.by)}."
    return f"No run here has {names} as {'numbers' if len(data.chart.fields) > 1 else 'a number'}."


def _has_points(data: ChartData) -> bool:
    if data.chart.kind == ChartKind.PARALLEL:
        return any(value is not None for values in data.values for value in values)
    is_grouped = data.chart.by is not None and data.chart.kind in (ChartKind.BAR, ChartKind.BOX)
    return not is_grouped and any(all(_is_number(v) for v in values) for values in data.values)


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

"""One chart as one short text of an address, such as `line:metrics.loss,metrics.val_loss;smooth=0.6;log=y`.

Text -> chart -> text round-trips. What is not said is the usual: so the texts stay short and readable.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum

from runs.errors import Invalid
from runs.limits import number_of
from runs.query.fields import Field, Source
from runs.query.grammar import parse_field

MOST_CHARTS = 24
MOST_FIELDS = 12
LENGTH = 4000
STRONGEST_SMOOTHING = 0.99


class ChartKind(StrEnum):
    """What is drawn; the text is how it begins in an address."""

    LINE = "line"
    BAR = "bar"
    SCATTER = "scatter"
    PARALLEL = "parallel"
    BOX = "box"
    STATUS = "status"


# How many fields each kind takes, least and most, and what they are.
FIELDS = {
    ChartKind.LINE: (1, MOST_FIELDS, "metrics"),
    ChartKind.BAR: (1, 1, "one metric, parameter or other number"),
    ChartKind.SCATTER: (2, 2, "two numbers: across and up"),
    ChartKind.PARALLEL: (2, MOST_FIELDS, "at least two parameters, metrics or other numbers"),
    ChartKind.BOX: (1, 1, "one metric, parameter or other number"),
    ChartKind.STATUS: (0, 0, "no fields"),
}
# What may lie across, the usual first.
ACROSS = {ChartKind.LINE: ("step", "time", "relative"), ChartKind.STATUS: ("day", "hour")}
HEIGHTS = ("small", "medium", "tall")
LOGS = {"": "", "x": "x", "y": "y", "xy": "xy", "yx": "xy"}
# Attributes that put runs into groups: few values, many runs each.
GROUPING = ("experiment", "status", "created_by", "target", "type")
MEASURED = ("duration", "number", "created", "started", "ended")
_WORDS = {"created": "submitted", "created_by": "submitted by", "target": "compute target"}


@dataclass(frozen=True)
class Chart:
    """One chart. `by` groups: colours of lines and points, bars, boxes; None is by run."""

    kind: ChartKind
    fields: tuple[Field, ...] = ()
    across: str = ""
    by: Field | None = None
    smooth: float = 0.0
    log: str = ""
    is_wide: bool = False
    height: str = "medium"

    @property
    def title(self) -> str:
        """What the chart is of, in words."""
        names = [label(field) for field in self.fields]
        if self.kind == ChartKind.SCATTER:
            return f"{names[1]} against {names[0]}"
        if self.kind == ChartKind.STATUS:
            return f"Runs by status, per {self.across}"
        shown = ", ".join(names)
        return f"{shown} by {label(self.by)}" if self.by and self.kind != ChartKind.PARALLEL else shown

    @property
    def has_legend(self) -> bool:
        """Whether colours stand for something that is not named along an axis."""
        return self.kind not in (ChartKind.BAR, ChartKind.BOX)


def label(field: Field) -> str:
    """The field as a chart names it."""
    if field.source == Source.ATTRIBUTE:
        return _WORDS.get(field.key, field.key)
    return field.key if field.part == "last" else f"{field.key} ({field.part})"


def parse_chart(text: str) -> Chart:
    """The chart of the text. Raises Invalid with field "chart", which says what is wrong."""
    if len(text) > LENGTH:
        raise _wrong(f"It has {len(text):,} characters; at most {LENGTH:,} are allowed.")
    head, *options = _split(text, ";")
    word, _, listed = head.partition(":")
    kind = _kind(word.strip().lower())
    fields = tuple(dict.fromkeys(_field(part) for part in _split(listed, ",")))
    chart = Chart(kind, fields, across=ACROSS.get(kind, ("",))[0])
    for option in options:
        chart = _with(chart, option)
    return _checked(chart)


def chart_text(chart: Chart) -> str:
    """The chart as an address names it."""
    parts = [f"{chart.kind}:{','.join(map(str, chart.fields))}" if chart.fields else str(chart.kind)]
    if chart.across != ACROSS.get(chart.kind, ("",))[0]:
        parts.append(f"x={chart.across}")
    if chart.by is not None:
        parts.append(f"by={chart.by}")
    if chart.smooth:
        parts.append(f"smooth={chart.smooth:g}")
    if chart.log:
        parts.append(f"log={chart.log}")
    if chart.is_wide:
        parts.append("size=full")
    if chart.height != "medium":
        parts.append(f"height={chart.height}")
    return ";".join(parts)


def parse_charts(texts: Sequence[str]) -> list[Chart | Invalid]:
    """Each chart in its order, or what is wrong with it; empty texts are left out."""
    found: list[Chart | Invalid] = []
    for text in [text for text in texts if text.strip()][: MOST_CHARTS + 1]:
        if len(found) == MOST_CHARTS:
            found.append(_wrong(f"A page shows at most {MOST_CHARTS} charts; the others are left out."))
            break
        try:
            found.append(parse_chart(text))
        except Invalid as refusal:
            found.append(refusal)
    return found


def is_measure(field: Field) -> bool:
    """Whether the field is a number of a run, or a time: what can be drawn along an axis."""
    if field.source == Source.ATTRIBUTE:
        return field.key in MEASURED
    return field.source in (Source.METRIC, Source.PARAM, Source.TAG, Source.PROPERTY)


def is_grouping(field: Field) -> bool:
    """Whether runs can be put into groups by it."""
    if field.source == Source.ATTRIBUTE:
        return field.key in GROUPING
    return field.source in (Source.TAG, Source.PARAM, Source.PROPERTY)


def _with(chart: Chart, option: str) -> Chart:
    name, sign, value = (part.strip() for part in option.partition("="))
    read = _OPTIONS.get(name.lower())
    if read is None or not sign:
        close = get_close_matches(name.lower(), _OPTIONS, 1)
        hint = f" Did you mean {close[0]}?" if close else f" There are {', '.join(_OPTIONS)}."
        raise _wrong(f"It has no setting {option[:60]!r}.{hint}")
    return read(chart, value)


def _across(chart: Chart, value: str) -> Chart:
    known = ACROSS.get(chart.kind, ())
    if value not in known:
        said = f"write {' or '.join(known)}" if known else f"a {chart.kind} chart has no such setting"
        raise _wrong(f"x={value[:40]} is not understood: {said}.")
    return replace(chart, across=value)


def _by(chart: Chart, value: str) -> Chart:
    return replace(chart, by=_field(value))


def _smooth(chart: Chart, value: str) -> Chart:
    number = number_of(value)
    if number is None or not 0 <= number <= STRONGEST_SMOOTHING:
        raise _wrong(f"smooth={value[:40]} is not understood: write a number from 0 to 0.99.")
    return replace(chart, smooth=round(number, 3))


def _log(chart: Chart, value: str) -> Chart:
    if value.lower() not in LOGS:
        raise _wrong(f"log={value[:40]} is not understood: write x, y or xy.")
    return replace(chart, log=LOGS[value.lower()])


def _size(chart: Chart, value: str) -> Chart:
    if value not in ("half", "full"):
        raise _wrong(f"size={value[:40]} is not understood: write half or full.")
    return replace(chart, is_wide=value == "full")


def _height(chart: Chart, value: str) -> Chart:
    if value not in HEIGHTS:
        raise _wrong(f"height={value[:40]} is not understood: write {', '.join(HEIGHTS)}.")
    return replace(chart, height=value)


_OPTIONS = {"x": _across, "by": _by, "smooth": _smooth, "log": _log, "size": _size, "height": _height}


def _checked(chart: Chart) -> Chart:
    least, most, what = FIELDS[chart.kind]
    if not least <= len(chart.fields) <= most:
        raise _wrong(f"A {chart.kind} chart takes {what}; these are {len(chart.fields)}.")
    for field in chart.fields:
        is_line = chart.kind == ChartKind.LINE
        if is_line and (field.source != Source.METRIC or field.part != "last"):
            raise _wrong(f"A line is drawn of a metric, such as metrics.loss, not of {field}.")
        if not is_line and not is_measure(field):
            raise _wrong(f"{field} is no number to draw.")
    _check_by(chart)
    if chart.smooth and chart.kind != ChartKind.LINE:
        raise _wrong(f"A {chart.kind} chart cannot be smoothed.")
    if chart.log and (chart.kind in (ChartKind.STATUS, ChartKind.PARALLEL) or not _has_log_x(chart)):
        raise _wrong(f"A {chart.kind} chart has no such logarithmic axis.")
    return chart


def _check_by(chart: Chart) -> None:
    by = chart.by
    if by is None:
        if chart.kind == ChartKind.BOX:
            raise _wrong("A box chart needs groups, such as by=tags.team or by=status.")
        return
    if chart.kind == ChartKind.STATUS:
        raise _wrong("A status chart is always by status.")
    may_measure = chart.kind in (ChartKind.PARALLEL, ChartKind.SCATTER) and is_measure(by)
    if not is_grouping(by) and not may_measure:
        raise _wrong(f"Runs are not put into groups by {by}.")


def _has_log_x(chart: Chart) -> bool:
    """Whether the kind has what its `log` speaks of: only lines and points have numbers across."""
    return "x" not in chart.log or (
        chart.kind == ChartKind.SCATTER or (chart.kind == ChartKind.LINE and chart.across != "time")
    )


def _kind(word: str) -> ChartKind:
    if word in set(ChartKind):
        return ChartKind(word)
    close = get_close_matches(word, [str(kind) for kind in ChartKind], 1)
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(ChartKind)}."
    raise _wrong(f"There is no kind of chart {word[:40]!r}. {hint}")


def _field(text: str) -> Field:
    try:
        field = parse_field(text.strip())
    except Invalid as refusal:
        raise _wrong(f"There is no field {text[:80]!r}. {refusal.message}") from None
    if field.source == Source.DATASET:
        raise _wrong(f"{field} cannot be drawn.")
    return field


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks, those inside quotes left alone; empty ones are left out."""
    parts, quote = [""], ""
    for character in text:
        if character == mark and not quote:
            parts.append("")
            continue
        parts[-1] += character
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"`'":
            quote = character
    return [part.strip() for part in parts if part.strip()] or ([""] if mark == ";" else [])


def _wrong(sentence: str) -> Invalid:
    return Invalid(f"This chart cannot be drawn. {sentence}", field="chart")

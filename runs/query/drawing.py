"""What a chart of one run shows, on the wire and as a table of numbers: the same for every kind."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runs.models import Run
from runs.query.curve import Curve, Curves, Look
from runs.query.documents import Numbers
from runs.query.monitoring import Silence, sample_label

Cell = str | float | int | None
WORDS = {"step": "step", "time": "time (UTC)", "relative": "seconds since the start"}


@dataclass(frozen=True)
class Drawing:
    """One chart: its kind, what a script draws it of, and the same as a table.

    `empty` says in a sentence why there is nothing to draw, `said` what is shown of how much.
    """

    kind: str
    shape: dict[str, Any] = field(default_factory=dict)
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    said: Sequence[str] = ()
    empty: str = ""

    def wire(self, key: str, title: str) -> dict[str, Any]:
        """Everything that is needed to draw it; `key` stays the same as long as a zoom is to be kept."""
        return {
            "kind": self.kind,
            "chart": key,
            "title": title,
            "said": list(self.said),
            "empty": self.empty,
            **self.shape,
        }


def numbers(values: Numbers) -> list[float | None]:
    """The values as JSON can hold them; what is no finite number is null."""
    return [value if math.isfinite(value) else None for value in values.tolist()]


def counted(number: int, word: str, several: str = "") -> str:
    """The number and its noun: "1 point", "2,000 points"."""
    return f"{number:,} {word if number == 1 else several or f'{word}s'}"


def curves_drawing(
    run: Run,
    found: Curves,
    look: Look,
    *,
    log: str = "",
    held: int = 0,
    silences: Sequence[Silence] = (),
) -> Drawing:
    """The curves as the kind `line`. `held`: so many points are drawn already, and only later ones are in here."""
    names = [curve.name for curve in found.curves]
    shape = {
        "fields": [{"key": f"metrics.{name}", "label": name, "is_time": False} for name in names],
        "by": None,
        "across": look.across,
        "over": look.over.name.text if look.over is not None else "",
        "log": log,
        "smooth": look.smooth,
        "runs": [{"id": run.public_id, "name": run.display_name, "number": run.number, "group": None}],
        "lines": [_line(curve, look) for curve in found.curves],
        "points": held + sum(len(curve.x) for curve in found.curves),
        "count": sum(curve.count for curve in found.curves),
        "bounds": found.bounds,
        "silences": list(_silences(found, look, silences)),
        "pause": None if look.gap_ms is None else look.gap_ms / (1000 if look.across == "relative" else 1),
    }
    return Drawing("line", shape, said=said_of(found, held), empty=_empty(found, look))


def _silences(found: Curves, look: Look, silences: Sequence[Silence]) -> Iterator[list[float]]:
    """From where to where nothing was heard of the run, along the axis; up to now where it lasts."""
    origin = next((curve.origin for curve in found.curves if curve.origin is not None), None)
    if look.across not in ("time", "relative") or (look.across == "relative" and origin is None):
        return
    for silence in silences:
        ends = [at.timestamp() * 1000 for at in (silence.start, silence.end or datetime.now(UTC))]
        yield ends if origin is None else [(end - origin) / 1000 for end in ends]


def _line(curve: Curve, look: Look) -> dict[str, Any]:
    is_whole = look.across in ("step", "time")
    shape: dict[str, Any] = {
        "run": 0,
        "metric": curve.name,
        "label": sample_label(curve.name),
        "x": [int(x) for x in curve.x.tolist()] if is_whole else curve.x.tolist(),
        "y": numbers(curve.y),
        "count": curve.count,
        "total": curve.total,
        "gaps": curve.gaps,
        "origin": curve.origin,
        "since": curve.since,
    }
    for name in ("low", "high", "smooth"):
        if (values := getattr(curve, name)) is not None:
            shape[name] = numbers(values)
    return shape


def said_of(found: Curves, held: int = 0) -> list[str]:
    """What is shown of how much, in as few words as can be."""
    shown = held + sum(len(curve.x) for curve in found.curves)
    count = sum(curve.count for curve in found.curves)
    gaps = sum(curve.gaps for curve in found.curves)
    alone = sum(curve.alone for curve in found.curves)
    words = [counted(count, "point")]
    if shown < count:
        words = [f"{shown:,} of {count:,} points, the band from least to most"]
    words += [f"{gaps:,} not a finite number"] if gaps else []
    words += [f"{counted(alone, 'point')} without a value across"] if alone else []
    words += [f"{found.outside:,} outside are cut off"] if found.outside else []
    words += [f"{counted(found.unread, 'metric')} not read: too many points"] if found.unread else []
    return words


def _empty(found: Curves, look: Look) -> str:
    if not found.curves:
        return "There is nothing to draw."
    count = sum(curve.count for curve in found.curves)
    if any(curve.since for curve in found.curves) or any(curve.gaps < curve.count for curve in found.curves):
        return ""
    if look.across == "metric" and any(curve.alone for curve in found.curves):
        name = look.over.name.text if look.over is not None else "the other metric"
        return f"No point shares its step with a number of {name}."
    return f"None of {counted(count, 'point')} is a finite number." if count else "No point lies here."


def curve_rows(found: Curves, look: Look) -> tuple[list[str], Iterator[list[Cell]]]:
    """The points as a table, for a file."""
    smooth = ["smoothed"] if look.smooth else []
    over = look.over.name.text if look.over is not None else ""
    return ["metric", WORDS.get(look.across, over), "value", *smooth], _rows(found, look)


def _rows(found: Curves, look: Look) -> Iterator[list[Cell]]:
    for curve in found.curves:
        smooth = curve.smooth.tolist() if curve.smooth is not None else None
        for place, (x, y) in enumerate(zip(curve.x.tolist(), curve.y.tolist(), strict=True)):
            across: Cell = int(x) if look.across == "step" else moment(x) if look.across == "time" else x
            more: list[Cell] = [] if smooth is None else [_finite(smooth[place])]
            yield [curve.name, across, _finite(y), *more]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def moment(milliseconds: float) -> str:
    """The time in UTC, or the number where no calendar reaches."""
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return str(int(milliseconds))
    return f"{at:%Y-%m-%d %H:%M:%S}.{int(milliseconds) % 1000:03}"

"""The parameters of an address to a chart of one run's metrics: what its page and its data have in common."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from runs.errors import Invalid
from runs.limits import number_of
from runs.models import Metric, Run
from runs.query.curve import POINTS, Curves, Look
from runs.query.curves import read_curves, read_newer
from runs.query.document_drawing import CURVES, document_drawing
from runs.query.documents import read_document
from runs.query.drawing import Drawing, curve_rows, curves_drawing
from runs.query.metric_rows import read_rows, rows_drawing
from runs.query.monitoring import GAP_MS, is_sample, silences_of
from runs.query.run_metrics import Shown, chosen_metrics, shown_as

AXES = {"step": "By step", "time": "By time", "relative": "By relative time", "metric": "By a metric"}
STRONGEST_SMOOTHING = 0.99
# Curves that share one chart.
MOST_TOGETHER = 24
MOST_POINTS = 1_000_000


@dataclass(frozen=True)
class Settings:
    """How the charts of a run look; each is a parameter of the address."""

    x: str = "step"
    over: str = ""
    smooth: float = 0.0
    log: str = ""
    is_cut: bool = False
    is_together: bool = False
    curve: str = "roc"
    by: str = "counts"
    is_table: bool = False

    @property
    def pairs(self) -> dict[str, str]:
        """The parameters that differ from the usual, for the address of a chart's data."""
        found = {
            "x": self.x if self.x != "step" else "",
            "over": self.over if self.x == "metric" else "",
            "smooth": f"{self.smooth:g}" if self.smooth else "",
            "logx": "1" if "x" in self.log else "",
            "logy": "1" if "y" in self.log else "",
            "cut": "1" if self.is_cut else "",
            "curve": self.curve if self.curve != "roc" else "",
            "by": self.by if self.by != "counts" else "",
        }
        return {name: value for name, value in found.items() if value}


def read_settings(asked: QueryDict) -> Settings:
    """The settings of an address. Raises Invalid, naming the parameter."""
    return Settings(
        x=_one_of(asked, "x", AXES, "step"),
        over=asked.get("over", "").replace("\x00", ""),
        smooth=_smooth(asked.get("smooth", "")),
        log=("x" if asked.get("logx") else "") + ("y" if asked.get("logy") else ""),
        is_cut=bool(asked.get("cut")),
        is_together=bool(asked.get("one")),
        curve=_one_of(asked, "curve", CURVES, "roc"),
        by=_one_of(asked, "by", {"counts": "", "rows": ""}, "counts"),
        is_table=asked.get("as") == "table",
    )


def _one_of(asked: QueryDict, name: str, known: Mapping[str, str], usual: str) -> str:
    value = asked.get(name) or usual
    if value not in known:
        raise Invalid(f"{name} may be {', '.join(known)}, not {value[:40]!r}.", field=name)
    return value


def _smooth(text: str) -> float:
    number = number_of(text) if text else 0.0
    if number is None or not 0 <= number <= STRONGEST_SMOOTHING:
        raise Invalid(f"smooth must be a number from 0 to 0.99, not {text[:40]!r}.", field="smooth")
    return round(number, 3)


@dataclass(frozen=True)
class Request:
    """What one chart asks for."""

    metrics: list[Metric]
    shown: Shown
    settings: Settings
    look: Look
    seen: Sequence[int] = ()
    held: int = 0

    @property
    def key(self) -> str:
        """What stays the same while the chart does, so that a zoom is kept."""
        return " ".join([*(str(metric.pk) for metric in self.metrics), *self.settings.pairs.values()])

    @property
    def title(self) -> str:
        """The names of its metrics."""
        return ", ".join(metric.name.text for metric in self.metrics)

    @property
    def state(self) -> str:
        """Changes when what is drawn does: points are only ever added."""
        counts = [(metric.pk, metric.count, metric.last_time, metric.last_text) for metric in self.metrics]
        over = self.look.over and (self.look.over.pk, self.look.over.count)
        told = repr(
            (counts, over, self.settings, self.look.first, self.look.last, self.look.points, self.seen)
        )
        return hashlib.blake2s(told.encode(), digest_size=12).hexdigest()

    @property
    def has_nothing_newer(self) -> bool:
        """Whether the reader has every point already."""
        return bool(self.seen) and all(m.count == n for m, n in zip(self.metrics, self.seen, strict=True))


def read_request(run: Run, asked: QueryDict) -> Request | None:
    """What the address asks for; None where the run has none of the metrics. Raises Invalid, naming the parameter."""
    settings = read_settings(asked)
    over = [settings.over] if settings.x == "metric" else []
    names = asked.getlist("m")[: MOST_TOGETHER + 1]
    found = chosen_metrics(run, [*names, *over])
    other = next((metric for metric in found if metric.name.text in over), None)
    metrics = [metric for metric in found if metric.name.text in names][:MOST_TOGETHER]
    if not metrics:
        return None
    shown = shown_as(metrics[0])
    metrics = (
        [metric for metric in metrics if shown_as(metric) == shown] if shown == Shown.LINE else metrics[:1]
    )
    look = Look(
        across=settings.x,
        over=other,
        first=_number(asked, "from"),
        last=_number(asked, "to"),
        points=_points(asked.get("points", "")),
        smooth=settings.smooth,
        is_cut=settings.is_cut,
        gap_ms=GAP_MS if is_sample(metrics) else None,
    )
    if settings.x == "metric" and other is None:
        raise Invalid("Choose the metric that stands across.", field="over")
    seen = _seen(asked.get("after", ""), len(metrics)) if shown == Shown.LINE else []
    return Request(metrics, shown, settings, look, seen, int(_number(asked, "held") or 0))


def drawing_of(run: Run, request: Request) -> Drawing:
    """What the chart shows."""
    metric = request.metrics[0]
    if request.shown == Shown.LINE:
        found, held = _curves(run, request)
        silences = silences_of(run) if is_sample(request.metrics) else []
        return curves_drawing(
            run, found, request.look, log=request.settings.log, held=held, silences=silences
        )
    if request.shown == Shown.ROWS:
        return rows_drawing(read_rows(metric))
    if request.shown == Shown.DOCUMENT:
        return document_drawing(read_document(metric), curve=request.settings.curve, by=request.settings.by)
    return Drawing("none", empty="Texts are not drawn; the table has them.")


def _curves(run: Run, request: Request) -> tuple[Curves, int]:
    if request.seen:
        newer = read_newer(run, request.metrics, request.seen, request.look)
        if newer is not None:
            return newer, request.held
    return read_curves(run, request.metrics, request.look), 0


def table_of(run: Run, request: Request) -> Drawing:
    """The same with heads and rows, every point, for a file."""
    if request.shown != Shown.LINE:
        return drawing_of(run, request)
    look = replace(request.look, points=MOST_POINTS, is_cut=False)
    heads, rows = curve_rows(read_curves(run, request.metrics, look), look)
    return Drawing("line", heads=heads, rows=rows)  # type: ignore[arg-type]


def _seen(text: str, most: int) -> list[int]:
    """How many points of each metric the reader has. What cannot be read asks for everything."""
    parts = text.split(",")
    if len(parts) != most or not all(part.isdecimal() and len(part) < 10 for part in parts):
        return []
    return [int(part) for part in parts]


def _number(asked: QueryDict, name: str) -> float | None:
    text = asked.get(name, "")
    number = number_of(text) if text else None
    if text and number is None:
        raise Invalid(f"{name} must be a number, not {text[:40]!r}.", field=name)
    return number


def _points(text: str) -> int:
    if not text:
        return POINTS
    if not text.isdecimal() or not 4 <= int(text[:9]) <= MOST_POINTS:
        raise Invalid(
            f"points must be a number from 4 to {MOST_POINTS:,}, not {text[:40]!r}.", field="points"
        )
    return int(text)

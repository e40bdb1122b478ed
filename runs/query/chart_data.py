"""What a chart shows: its runs (those of the table, or the selected ones) and their values, in a few queries."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from runs.lifecycle import Status
from runs.limits import number_of
from runs.models import Run
from runs.query.cells import cells_of
from runs.query.charts import Chart, ChartKind
from runs.query.columns import NEWEST_FIRST, Column, Sort
from runs.query.conditions import Context, look_up
from runs.query.counts import Count, count_runs
from runs.query.fields import Field, Source
from runs.query.lines import Lines, Window, metrics_of, read_lines
from runs.query.planner import Plan
from runs.query.runs import RunRow, page_of
from runs.query.selection import MOST_SELECTED
from runs.query.time_limit import limited_time

MOST_RUNS = 200
# Runs by status are counted over more of them: nothing but their time and status is read.
MOST_COUNTED = 10_000
MOST_GROUPS = 40
Value = float | str | None


@dataclass(frozen=True)
class Chosen:
    """The runs of a chart in their order. `total` is how many match; None with a selection, or uncounted."""

    rows: list[RunRow]
    total: Count | None
    is_selection: bool = False


@dataclass(frozen=True)
class Group:
    """The runs with one value: of their numbers the mean and the spread (standard deviation), and all of them."""

    name: str
    mean: float
    spread: float
    values: list[float]


@dataclass
class ChartData:
    """A chart's content; which parts are filled depends on its kind.

    `values[n]` belongs to `rows[n]` and has one entry for each field of the chart; `groups` to `rows` too, None
    where the run has no such value.
    """

    chart: Chart
    rows: list[RunRow]
    total: Count | None
    is_selection: bool
    lines: Lines = field(default_factory=Lines)
    values: list[list[Value]] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    left_out: int = 0
    times: list[datetime] = field(default_factory=list)
    counts: dict[Status, list[int]] = field(default_factory=dict)
    counted: int = 0
    state: tuple[object, ...] = ()


def choose_runs(plan: Plan, chart: Chart, *, sort: Sequence[Sort], selected: Sequence[str] = ()) -> Chosen:
    """The first runs of the plan in its order with the chart's values, or the selected ones of the workspace."""
    columns = _columns(chart)
    if selected:
        return Chosen(_selected(plan.context, selected, columns), None, is_selection=True)
    page = page_of(plan, sort=sort, columns=columns, limit=MOST_RUNS)
    total = count_runs(plan) if page.next_cursor else Count(len(page.rows))
    return Chosen(page.rows, total)


def chart_data(
    plan: Plan,
    chart: Chart,
    *,
    sort: Sequence[Sort] = NEWEST_FIRST,
    selected: Sequence[str] = (),
    window: Window | None = None,
) -> ChartData:
    """What the chart shows. The number of queries depends on the kind of chart, never on the data.

    Raises Invalid when the runs take over two seconds to find.
    """
    with limited_time():
        if chart.kind == ChartKind.STATUS:
            return _by_status(plan, chart, selected)
        chosen = choose_runs(plan, chart, sort=sort, selected=selected)
    made = ChartData(chart, chosen.rows, chosen.total, chosen.is_selection)
    if chart.by is not None:
        made.names = [text_of(row, chart.by) for row in made.rows]
    if chart.kind == ChartKind.LINE:
        usual = Window(across=chart.across, smooth=chart.smooth, log=chart.log)
        _read_lines(plan.context, made, window or usual)
        return made
    made.values = [[value_of(row, each) for each in chart.fields] for row in made.rows]
    if chart.kind == ChartKind.BOX or (chart.kind == ChartKind.BAR and chart.by is not None):
        _group(made)
    return made


def value_of(row: RunRow, wanted: Field) -> Value:
    """The field's number, the text where it spells none, or None; times as milliseconds since 1970.

    What spells no finite number ("NaN", "inf") is one, too, which is drawn nowhere: a run that diverged shall not
    turn an axis of numbers into one of words.
    """
    if wanted.source == Source.ATTRIBUTE:
        return _attribute(row.run, wanted.key)
    value = row.cells.get(str(wanted))
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        return str(value)


def text_of(row: RunRow, wanted: Field) -> str | None:
    """The field's value as the name of a group; None where the run has none, "" for a tag that is only a key."""
    if wanted.source != Source.ATTRIBUTE:
        if str(wanted) not in row.cells:
            return None
        value = row.cells[str(wanted)]
        return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)
    run = row.run
    texts = {
        "experiment": run.experiment.name,
        "status": run.status,
        "target": run.target,
        "type": run.run_type,
        "created_by": run.created_by.username if run.created_by else "",
    }
    if wanted.key in texts:
        return texts[wanted.key] or None
    number = _attribute(run, wanted.key)
    return None if number is None else f"{number:.15g}"  # a time in milliseconds has 13 digits


def _attribute(run: Run, key: str) -> float | None:
    if key == "duration":
        return run.seconds(datetime.now(UTC))
    if key == "number":
        return float(run.number)
    at = {"created": run.created_at, "started": run.started_at, "ended": run.ended_at}.get(key)
    return None if at is None else at.timestamp() * 1000


def _columns(chart: Chart) -> list[Column]:
    """The columns whose cells the chart needs. Lines are read from their points instead."""
    fields = [] if chart.kind == ChartKind.LINE else list(chart.fields)
    if chart.by is not None:
        fields.append(chart.by)
    return [Column(str(each), each.key, each) for each in fields if each.source != Source.ATTRIBUTE]


def _selected(context: Context, ids: Sequence[str], columns: list[Column]) -> list[RunRow]:
    """The runs of these ids in this workspace, in the order of the ids; archived ones and children too."""
    wanted = list(dict.fromkeys(text for text in ids if "\x00" not in text))[:MOST_SELECTED]
    rows = Run.objects.filter(workspace=context.workspace, public_id__in=wanted, deleted_at=None)
    runs = {run.public_id: run for run in rows.select_related("experiment", "created_by").defer(*_UNREAD)}
    found = [runs[text] for text in wanted if text in runs]
    look_up(context, [column.field for column in columns if column.field is not None])
    # The selected ones need not be of the list's experiment, so nothing is narrowed to it.
    cells, *_ = cells_of(context, [run.pk for run in found], columns)
    return [RunRow(run, cells.get(run.pk, {})) for run in found]


_UNREAD = ("description", "description_html", "error_message", "error_details", "arguments", "script")


def _read_lines(context: Context, made: ChartData, window: Window) -> None:
    look_up(context, made.chart.fields)
    keys = {each.key: context.name_id(each) for each in made.chart.fields}
    names = {key: number for key, number in keys.items() if number is not None}
    metrics = metrics_of([row.run.pk for row in made.rows], names)
    made.lines = read_lines(metrics, {number: key for key, number in names.items()}, window)


def _group(made: ChartData) -> None:
    found: dict[str, list[float]] = defaultdict(list)
    for name, (value,) in zip(made.names, made.values, strict=True):
        if isinstance(value, float) and np.isfinite(value) and name is not None:
            found[name].append(value)
        else:
            made.left_out += 1
    groups = [_summed_up(name, numbers) for name, numbers in found.items()]
    groups.sort(key=lambda group: _natural(group.name))
    made.left_out += sum(len(group.values) for group in groups[MOST_GROUPS:])
    made.groups = groups[:MOST_GROUPS]


def _summed_up(name: str, numbers: list[float]) -> Group:
    # Of numbers near the largest there are, a sum or a square is infinite: then there is none to show.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.mean(numbers))
        spread = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else 0.0
    return Group(name, mean, spread, numbers)


def _natural(name: str) -> tuple[int, float, str]:
    """Numbers in their order before words."""
    number = number_of(name)
    return (1, 0.0, name.lower()) if number is None else (0, number, name)


def _by_status(plan: Plan, chart: Chart, selected: Sequence[str]) -> ChartData:
    """How many runs of each status were submitted in each day or hour, in UTC."""
    if selected:
        runs = Run.objects.filter(
            workspace=plan.context.workspace, public_id__in=selected[:MOST_SELECTED], deleted_at=None
        )
    else:
        runs = plan.runs()
    rows = list(runs.order_by("-created_at", "-id").values_list("created_at", "status")[: MOST_COUNTED + 1])
    is_more, rows = len(rows) > MOST_COUNTED, rows[:MOST_COUNTED]
    made = ChartData(chart, [], Count(len(rows), is_more), bool(selected), counted=len(rows))
    width = timedelta(hours=1) if chart.across == "hour" else timedelta(days=1)
    buckets = Counter((_start(at, width), Status(status)) for at, status in rows)
    made.times = sorted({start for start, _ in buckets})
    for status in (status for status in Status if any(one == status for _, one in buckets)):
        made.counts[status] = [buckets.get((start, status), 0) for start in made.times]
    return made


def _start(at: datetime, width: timedelta) -> datetime:
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return at if width < timedelta(days=1) else at.replace(hour=0)

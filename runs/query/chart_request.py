"""The parameters of an address to a chart's content: what the page and REST have in common."""

from django.http import QueryDict

from runs.errors import Invalid
from runs.limits import number_of
from runs.models import Experiment, Run, User, Workspace
from runs.query.chart_data import ChartData, chart_data
from runs.query.charts import parse_chart
from runs.query.columns import parse_sort
from runs.query.filters import RunFilters
from runs.query.lines import Window
from runs.query.runs import plan_runs

MOST_POINTS = 100_000


def read_chart(
    workspace: Workspace,
    asked: QueryDict,
    *,
    viewer: User | None,
    experiment: Experiment | None = None,
    parent: Run | None = None,
) -> ChartData:
    """The content of the one `chart` of the address, for its filter and order, or its `selected` runs.

    `from`, `to` and `points` narrow and refine lines. Raises Invalid, naming the parameter.
    """
    chart = parse_chart(asked.get("chart", ""))
    sort = parse_sort(asked.get("sort", ""))
    selected = [text for text in asked.getlist("selected") if text]
    if parent is not None:
        asked = asked.copy()
        asked["parent"] = parent.public_id
    # With a selection the filter has no say, so a mistake in it shall not hide the chart.
    conditions = RunFilters({} if selected else asked).conditions()
    plan = plan_runs(workspace, conditions, viewer=viewer, experiment=experiment, sort=sort)
    window = Window(
        across=chart.across,
        first=_number(asked, "from"),
        last=_number(asked, "to"),
        points=_points(asked.get("points", "")),
        smooth=chart.smooth,
        log=chart.log,
    )
    return chart_data(plan, chart, sort=sort, selected=selected, window=window)


def _number(asked: QueryDict, name: str) -> float | None:
    text = asked.get(name, "")
    if not text:
        return None
    number = number_of(text)
    if number is None:
        raise Invalid(f"{name} must be a number, not {text[:40]!r}.", field=name)
    return number


def _points(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 4 <= int(text[:9]) <= MOST_POINTS:
        raise Invalid(
            f"points must be a number from 4 to {MOST_POINTS:,}, not {text[:40]!r}.", field="points"
        )
    return int(text)

"""Adding and changing a chart: a form whose answer is the page's address with the chart in it."""

from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

from runs.access import get_experiment, get_workspace
from runs.errors import Invalid, NotFound
from runs.models import Experiment, Name, Workspace
from runs.models.name import Kind
from runs.query.charts import (
    ACROSS,
    FIELDS,
    GROUPING,
    HEIGHTS,
    Chart,
    ChartKind,
    chart_text,
    label,
    parse_chart,
)
from runs.query.fields import Field, Source
from runs.query.lexer import first_unstorable
from runs.web.address import Address
from runs.web.chart_panel import OWN_FIND
from runs.web.frame import caller_of

PLACES = ("runs", "experiment", "run_children", "compare")
MOST_NAMES = 300
MOST_WORDS = 5
WORDS = {
    ChartKind.LINE: "Line",
    ChartKind.BAR: "Bar",
    ChartKind.SCATTER: "Scatter",
    ChartKind.PARALLEL: "Parallel",
    ChartKind.BOX: "Box",
    ChartKind.STATUS: "Status",
}
ABOUT = {
    ChartKind.LINE: "Metrics as they went, a line for each run.",
    ChartKind.BAR: "One number of each run, or its mean and spread for each group.",
    ChartKind.SCATTER: "One number against another, a point for each run.",
    ChartKind.PARALLEL: "Parameters and metrics side by side, a line across them for each run.",
    ChartKind.BOX: "How one number is spread within each group.",
    ChartKind.STATUS: "How many runs were submitted when, and how they ended.",
}
ATTRIBUTES = ("duration", "number", "created", "started", "ended")


@dataclass(frozen=True)
class Names:
    """What a chart can be made of here: fields as texts and words, by what they are."""

    metrics: list[Field]
    params: list[Field]
    tags: list[Field]
    is_cut: bool = False

    @property
    def numbers(self) -> list[Field]:
        """Everything that may be a number."""
        return [*self.metrics, *self.params, *(Field(Source.ATTRIBUTE, key) for key in ATTRIBUTES)]

    @property
    def groups(self) -> list[Field]:
        """Everything that puts runs into groups."""
        return [*self.tags, *(Field(Source.ATTRIBUTE, key) for key in GROUPING), *self.params]


@require_safe
def chart(request: HttpRequest, workspace: str) -> HttpResponse:
    """The form; sent with `c_done`, the page it belongs to with the chart in its address."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    at = request.GET.get("at", "")
    name = _experiment_at(at, workspace)
    experiment = get_experiment(caller, found, name) if name else None
    address = Address(at, _page_query(request))
    texts = [text for text in request.GET.getlist("chart") if text]
    place = _place(request, len(texts))
    refusal, status = None, 200
    if request.GET.get("c_done"):
        try:
            made = parse_chart(_typed(request))
        except Invalid as mistake:
            refusal, status = mistake, 400
        else:
            texts[place : place + 1] = [chart_text(made)]
            address.query.setlist("chart", texts)
            url = address.having()
            if request.htmx:  # type: ignore[attr-defined]
                return HttpResponse(status=204, headers={"HX-Redirect": url})
            return redirect(url)
    names = _names(found, experiment, _sought(request))
    facts = _facts(request, texts[place] if place < len(texts) else "", names)
    facts |= {
        "workspace": found,
        "at": at,
        "back": address.having(),
        "hidden": [("at", at), ("c_place", str(place)), *_hidden(address)],
        "is_new": place == len(texts),
        "refusal": refusal,
    }
    template = "charts/_form.html" if request.htmx else "charts/form.html"  # type: ignore[attr-defined]
    return render(request, template, facts, status=status)


def _facts(request: HttpRequest, text: str, names: Names) -> dict[str, Any]:
    """What the form shows: what was typed, else what the chart is, else a first suggestion."""
    present = _present(text)
    is_typed = "c_kind" in request.GET
    kind = _kind(request.GET.get("c_kind", "")) if is_typed else present.kind if present else ChartKind.LINE
    if is_typed:
        fields = [each for each in request.GET.getlist("c_field") if each]
    elif present is not None:
        fields = [str(each) for each in present.fields]
    else:
        fields = [str(each) for each in names.metrics[:1]]
    if not request.GET.get("c_done"):
        # Enough to draw something, whichever kind is turned to.
        others = (str(each) for each in names.numbers if str(each) not in fields)
        fields += islice(others, max(0, FIELDS[kind][0] - len(fields)))
    chart = present if present is not None and present.kind == kind else None
    asked = request.GET.get if is_typed else lambda name, usual="": usual
    suggested = names.metrics if kind == ChartKind.LINE else names.numbers
    shown = {str(each) for each in suggested}
    return {
        "kind": kind,
        "about": ABOUT[kind],
        "kinds": [(str(each), word, _kind_url(request, each, fields)) for each, word in WORDS.items()],
        "is_several": FIELDS[kind][1] > 2,
        "choices": [(str(each), label(each), str(each) in fields, str(each.source)) for each in suggested],
        "others": ", ".join(each for each in fields if each not in shown),
        "first": fields[0] if fields else "",
        "second": fields[1] if len(fields) > 1 else "",
        "numbers": [(str(each), label(each)) for each in names.numbers],
        "groups": [(str(each), label(each)) for each in names.groups],
        "by": asked("c_by", str(chart.by) if chart and chart.by else ""),
        "across": asked("c_across", chart.across if chart else ACROSS.get(kind, ("",))[0]),
        "across_choices": ACROSS.get(kind, ()),
        "smooth": asked("c_smooth", f"{chart.smooth:g}" if chart else "0"),
        "is_log_x": bool(asked("c_logx", "1" if chart and "x" in chart.log else "")),
        "is_log_y": bool(asked("c_logy", "1" if chart and "y" in chart.log else "")),
        "is_wide": asked("c_size", "full" if chart and chart.is_wide else "half") == "full",
        "height": asked("c_height", chart.height if chart else "medium"),
        "heights": HEIGHTS,
        "is_cut": names.is_cut,
    }


def _sought(request: HttpRequest) -> str:
    """What the names shall hold: the words of the search, or what is being typed into a field (`c_suggest`)."""
    asked = request.GET
    if not asked.get("c_suggest"):
        return asked.get("find", "")
    typed = asked.get("c_field") or asked.get("c_by", "")
    return typed.partition(".")[2] or typed


def _present(text: str) -> Chart | None:
    try:
        return parse_chart(text) if text else None
    except Invalid:
        return None


def _typed(request: HttpRequest) -> str:
    """The text of the chart as the form describes it; settings the kind does not have are left out."""
    asked = request.GET
    kind = _kind(asked.get("c_kind", ""))
    fields = [each for each in [*asked.getlist("c_field"), asked.get("c_more", "")] if each.strip()]
    parts = [f"{kind}:{','.join(fields)}"]
    if across := asked.get("c_across", ""):
        parts.append(f"x={across}")
    if by := asked.get("c_by", "").strip():
        parts.append(f"by={by}")
    if kind == ChartKind.LINE and (smooth := asked.get("c_smooth", "").strip()):
        parts.append(f"smooth={smooth}")
    log = ("x" if asked.get("c_logx") else "") + ("y" if asked.get("c_logy") else "")
    parts += [f"log={log}"] if log else []
    parts += [f"size={asked.get('c_size') or 'half'}", f"height={asked.get('c_height') or 'medium'}"]
    return ";".join(parts)


def _kind(word: str) -> ChartKind:
    return ChartKind(word) if word in set(ChartKind) else ChartKind.LINE


def _kind_url(request: HttpRequest, kind: ChartKind, fields: list[str]) -> str:
    """The form for another kind, with the fields that were chosen."""
    query = request.GET.copy()
    for name in [
        name for name in query if name.startswith("c_") and name not in ("c_place", "c_by", OWN_FIND)
    ]:
        del query[name]
    query["c_kind"] = str(kind)
    query.setlist("c_field", fields[: FIELDS[kind][1]])
    return f"{request.path}?{query.urlencode()}"


def _page_query(request: HttpRequest) -> Any:
    """The parameters of the page that the chart is for."""
    query = request.GET.copy()
    own = query.getlist(OWN_FIND)
    for name in [name for name in query if name.startswith("c_") or name in ("at", "find")]:
        del query[name]
    if own:
        query.setlist("find", own)
    return query


def _hidden(address: Address) -> list[tuple[str, str]]:
    return [(OWN_FIND if name == "find" else name, value) for name, value in address.pairs()]


def _place(request: HttpRequest, count: int) -> int:
    text = request.GET.get("c_place", "")
    return min(int(text), count) if text.isdecimal() and len(text) < 4 else count


def _experiment_at(path: str, workspace: str) -> str:
    """The experiment whose page this is, if any. Raises NotFound for a path that holds no charts."""
    try:
        match = resolve(unquote(path))
    except Resolver404:
        match = None
    if match is None or match.url_name not in PLACES or match.kwargs.get("workspace") != workspace:
        raise NotFound("There are no charts at this address.")
    return str(match.kwargs.get("name", ""))


def _names(workspace: Workspace, experiment: Experiment | None, sought: str) -> Names:
    """The keys of the workspace, or of the experiment alone, that hold the words: one query a kind."""
    names = Name.objects.offered().filter(workspace=workspace)
    if experiment is not None:
        names = names.filter(experimentname__experiment=experiment)
    for word in sought.split()[:MOST_WORDS] if first_unstorable(sought) is None else ():
        names = names.filter(text__icontains=word.strip("\"'`"))
    listed = names.order_by("text").values_list("text", flat=True)
    metrics, params, tags = (
        [Field(source, text) for text in listed.filter(kind=kind)[: MOST_NAMES + 1]]
        for source, kind in (
            (Source.METRIC, Kind.METRIC),
            (Source.PARAM, Kind.PARAM),
            (Source.TAG, Kind.TAG),
        )
    )
    is_cut = bool(sought) or max(len(metrics), len(params), len(tags)) > MOST_NAMES
    return Names(metrics[:MOST_NAMES], params[:MOST_NAMES], tags[:MOST_NAMES], is_cut)

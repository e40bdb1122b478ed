"""All runs of a workspace, and the choice of columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

from runs.access import allows, get_workspace
from runs.errors import NotFound
from runs.models import Name, Workspace
from runs.models.name import Kind
from runs.query.columns import BUILT_IN, Column, parse_columns
from runs.query.fields import Field, Source
from runs.query.home import has_runs
from runs.web.address import Address, one_columns
from runs.web.frame import caller_of
from runs.web.run_list import run_list
from runs.web.scope import Scope
from runs.web.view_bar import bar_of, first_url

MOST_NAMES = 200
LISTS = ("runs", "experiment", "run_children")
GROUPED = ("experiment", "status", "created_by", "target", "type")
KINDS = {
    Kind.TAG: (Source.TAG, "Tags"),
    Kind.PARAM: (Source.PARAM, "Parameters"),
    Kind.METRIC: (Source.METRIC, "Metrics"),
    Kind.PROPERTY: (Source.PROPERTY, "Properties"),
}


@require_safe
def runs(request: HttpRequest, workspace: str) -> HttpResponse:
    """The list of all runs."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    if (elsewhere := one_columns(request)) is not None:
        return redirect(elsewhere)
    if not request.GET and (begun := first_url(caller, found, request.path)) is not None:
        return redirect(begun)
    made = run_list(request, Scope(found))
    facts: dict[str, Any] = {"workspace": found, "list": made, "public_url": settings.PUBLIC_URL}
    facts["bar"] = bar_of(caller, found, made.address)
    if not made.row_count and not made.is_narrowed and made.refusal is None:
        facts["is_new"] = not has_runs(found)
        facts["may_write"] = allows(caller_of(request), found, "write")
    return render(request, "runs/runs.html", facts, status=400 if made.refusal else 200)


@dataclass(frozen=True)
class Choice:
    """A column that may be shown, and whether it is."""

    column: Column
    is_shown: bool


@require_safe
def columns(request: HttpRequest, workspace: str) -> HttpResponse:
    """The columns that a list may show, as a form that leads back to it; as a dialog for htmx."""
    found = get_workspace(caller_of(request), workspace)
    at = list_of(request.GET.get("at", ""), workspace)
    address = Address.of(request)
    shown = parse_columns(address.get("columns"))
    facts = {
        "workspace": found,
        "at": at,
        "groups": list(_groups(found, shown)),
        "hidden": list(address.pairs("columns", "at")),
        "most": MOST_NAMES,
    }
    name = "runs/_columns.html" if request.htmx else "runs/columns.html"  # type: ignore[attr-defined]
    return render(request, name, facts)


@require_safe
def group_by(request: HttpRequest, workspace: str) -> HttpResponse:
    """What the list may be grouped by, as links that lead back to it; as a dialog for htmx."""
    found = get_workspace(caller_of(request), workspace)
    at = list_of(request.GET.get("at", ""), workspace)
    query = request.GET.copy()
    for name in ("at", "in", "cursor"):
        query.pop(name, None)
    address = Address(at, query)
    facts = {
        "workspace": found,
        "at": at,
        "groups": list(_keys(found, address)),
        "none_url": address.having(group=None),
        "hidden": list(address.pairs("group")),
        "most": MOST_NAMES,
    }
    name = "runs/_group_by.html" if request.htmx else "runs/group_by.html"  # type: ignore[attr-defined]
    return render(request, name, facts)


def _keys(workspace: Workspace, address: Address) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """By kind, what runs have: its word, the list grouped by it, and whether it is so now."""
    now = address.get("group")
    chosen = [("Run", [BUILT_IN[key] for key in GROUPED])]
    names = Name.objects.filter(workspace=workspace).order_by("text").values_list("text", flat=True)
    for kind, (source, label) in KINDS.items():
        if kind != Kind.METRIC:
            chosen.append((label, [_column(source, text) for text in names.filter(kind=kind)[:MOST_NAMES]]))
    for label, columns in chosen:
        yield label, [(each.label, address.having(group=each.key), each.key == now) for each in columns]


def _groups(workspace: Workspace, shown: tuple[Column, ...]) -> Iterator[tuple[str, list[Choice]]]:
    """Shown columns first, in their order; then what else there is, by kind."""
    yield "Shown", [Choice(column, True) for column in shown]
    known = {column.key for column in shown}
    yield "Run", [Choice(column, False) for column in BUILT_IN.values() if column.key not in known]
    names = Name.objects.filter(workspace=workspace).order_by("text").values_list("text", flat=True)
    for kind, (source, label) in KINDS.items():
        made = [_column(source, text) for text in names.filter(kind=kind)[:MOST_NAMES]]
        yield label, [Choice(column, False) for column in made if column.key not in known]


def _column(source: Source, text: str) -> Column:
    field = Field(source, text)
    return Column(str(field), text, field)


def list_of(path: str, workspace: str) -> str:
    """The path, if it is that of a list of this workspace: nothing else may be led to."""
    try:
        match = resolve(unquote(path))
    except Resolver404:
        match = None
    if match is None or match.url_name not in LISTS or match.kwargs.get("workspace") != workspace:
        raise NotFound("There is no list of runs at this address.")
    return path
